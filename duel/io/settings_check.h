/* What a text setting must look like. Private to settings.c and its test. */
#ifndef DUEL_IO_SETTINGS_CHECK_H
#define DUEL_IO_SETTINGS_CHECK_H

/* NULL when `value` will do for the setting `name` (an alias counts as what it stands for), else
 * what is wrong or would be right: the end of a sentence, without the value. `value` is not
 * empty. */
const char *settings_check(const char *name, const char *value);

#endif
