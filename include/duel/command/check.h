/* What `duel-server check` tries, and the table that it fills. Private to duel/command.
 *
 * Each check_… tries one dependency with the real settings, as the server would, and adds a row for
 * everything that it learned. Nothing is changed anywhere but one key in Valkey, which is removed
 * again, and no row holds a secret. */
#ifndef DUEL_COMMAND_CHECK_H
#define DUEL_COMMAND_CHECK_H

#include <duel/io/settings.h>

#define CHECK_TEXT_SIZE 320
#define CHECK_BODY_SIZE_MAX 65536

enum check_state { CHECK_OK, CHECK_WARN, CHECK_FAIL };

struct checks;

/* `area` and `what` must outlive `checks`. `cure` is one sentence, not looked at for CHECK_OK.
 * The rest is what was found, as printf() has it. */
void checks_add(struct checks *checks, enum check_state state, const char *area, const char *what,
                const char *cure, const char *found, ...) __attribute__((format(printf, 6, 7)));

void check_settings(struct checks *checks, const struct settings *settings);
void check_issuer(struct checks *checks, const struct settings *settings);
void check_valkey(struct checks *checks, const struct settings *settings);
/* The path of a frame that may be drawn goes to `ret_path`; "" when there is none. */
void check_postgresql(struct checks *checks, const struct settings *settings,
                      char ret_path[CHECK_TEXT_SIZE]);
void check_frames(struct checks *checks, const struct settings *settings, const char *path);
/* `url`: where clients reach the server, base path included, no slash at the end. */
void check_public(struct checks *checks, const struct settings *settings, const char *url);

/* ---- HTTP, for the above ---- */

struct check_answer {
    long status;         /* 0: none came; then: */
    bool untrusted;      /* because of the certificate */
    char problem[160];
    int64_t date_s;      /* of the Date header, Unix time; -1: none */
    bool cloudflare;     /* it has the header that Cloudflare adds */
    uint32_t size;
    char body[CHECK_BODY_SIZE_MAX + 1]; /* cut there; terminated */
};

/* GET, without redirects. `header` may be NULL. False: no answer came. */
bool check_get(const char *url, const char *header, struct check_answer *ret_answer);

struct check_upgrade {
    int status;         /* of the upgrade; 0: none came */
    bool subprotocol;   /* ours was chosen */
    int close_code;     /* after a token that cannot be good; 0: none came */
    char problem[160];  /* when status is 0 */
};

/* Asks `url` for a WebSocket, from a page of `origin` (NULL: no page), and sends it a bad token. */
void check_upgrade(const char *url, const char *origin, struct check_upgrade *ret_upgrade);

#endif
