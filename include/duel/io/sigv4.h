/* AWS Signature Version 4, in the Authorization header, for requests without body and query: all
 * that fetching an object from an S3 store takes.
 *
 * Pure functions of their arguments: the time and the keys are brought along, nothing is sent.
 * Source: "Authenticating Requests: Using the Authorization Header", Amazon S3 API Reference. */
#ifndef DUEL_IO_SIGV4_H
#define DUEL_IO_SIGV4_H

#include <duel/base/text.h>

#define SIGV4_DATE_SIZE 16 /* 20130524T000000Z */
#define SIGV4_AUTHORIZATION_SIZE_MAX 1024
/* SHA-256 of a body of no bytes, as x-amz-content-sha256 has it. */
#define SIGV4_NO_BODY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct sigv4_keys {
    const char *access;
    const char *secret;
    const char *region;
    const char *service;
};

/* One that is signed; the name in lower case, the value without spaces around it. */
struct sigv4_header {
    const char *name;
    const char *value;
};

/* `unix_s` as x-amz-date has it, terminated. */
void sigv4_date(uint64_t unix_s, char ret_date[SIGV4_DATE_SIZE + 1]);

/* Appends `path` with every byte but A-Z a-z 0-9 - . _ ~ and / percent-encoded once, which is what
 * S3 signs and must be sent. Dots and doubled slashes stay as they are. */
void sigv4_append_path(struct text_buffer *buffer, struct text path);

/* The value of Authorization for a GET of `path` (encoded), terminated. `headers` are in the order
 * of their names and hold at least host. False: it does not fit, or OpenSSL failed. */
bool sigv4_authorize(const struct sigv4_keys *keys, const char *date, struct text path,
                     const struct sigv4_header *headers, uint32_t headers_count,
                     char ret_authorization[SIGV4_AUTHORIZATION_SIZE_MAX]);

#endif
