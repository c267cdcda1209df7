/* Access tokens for the players of a load test: minted with a private key, or given. */
#ifndef LOAD_TOKEN_H
#define LOAD_TOKEN_H

#include <stdint.h>

#define TOKEN_SIZE_MAX 3500

struct token_mint;

struct token_settings {
    /* PEM of a private key: EC P-384 (ES384), P-256 (ES256) or RSA (RS256); or NULL. */
    const char *key_path;
    const char *kid;
    const char *issuer;
    const char *audience;
    uint32_t lifetime_s;
    const char *tokens_path; /* instead: one token a line, for players 0, 1, … */
    const char *sub_prefix;  /* `sub` of player 7 is "<prefix>000007" */
};

/* NULL with a message on standard error. */
struct token_mint *token_mint_create(const struct token_settings *settings);
void token_mint_destroy(struct token_mint *mint);
/* How many players have a token: UINT32_MAX when they are minted. */
uint32_t token_count(const struct token_mint *mint);
/* Header {alg, typ: "at+jwt", kid}, claims iss aud sub iat exp client_id (RFC 9068). The caller
 * frees it. */
char *token_make(struct token_mint *mint, uint32_t player);

#endif
