/* Whether DATABASE_URL can be understood. It knows texts, no connection; it never logs, because of
 * the password. */
#include <duel/io/pg.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#define PORT_DIGITS_MAX 5

/* A list with commas, one port a host; an empty one is the standard port. libpq takes anything
 * here and finds out when it connects. */
static bool are_ports(const char *list)
{
    for (;;) {
        size_t size = strcspn(list, ",");
        size_t digits = strspn(list, "0123456789");
        long port = size > 0 ? strtol(list, NULL, 10) : 1;
        if (digits != size || size > PORT_DIGITS_MAX || port < 1 || port > 65535) {
            return false;
        }
        if (list[size] == 0) {
            return true;
        }
        list += size + 1;
    }
}

bool pg_url_is_valid(const char *url)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    bool good = options != NULL;
    for (PQconninfoOption *option = options; good && option->keyword != NULL; option++) {
        if (strcmp(option->keyword, "port") == 0 && option->val != NULL) {
            good = are_ports(option->val);
        }
    }
    PQconninfoFree(options);
    return good;
}
