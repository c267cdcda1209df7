/* VALKEY_URL taken apart: texts only, so that settings can be judged before anything is made. */
#ifndef DUEL_IO_VALKEY_URL_H
#define DUEL_IO_VALKEY_URL_H

#include <stdbool.h>
#include <stdint.h>

#define VALKEY_PART_SIZE 256

struct valkey_address {
    char host[VALKEY_PART_SIZE]; /* or "", then: */
    char path[108];              /* a Unix socket */
    uint16_t port;
    uint32_t database;
    char user[VALKEY_PART_SIZE];     /* or "" */
    char password[VALKEY_PART_SIZE]; /* or "": no AUTH */
    bool tls;
};

/* redis:// or valkey://[user:password@]host[:port][/db], or unix://[user:password@]/path[?db=N];
 * rediss:// or valkeys:// is the first with TLS;
 * user and password may be percent-encoded (RFC 3986 section 2.1). False, and `ret` untouched,
 * for anything else. */
bool valkey_url_parse(const char *url, struct valkey_address *ret_address);

#endif
