/* TLS to Valkey, with OpenSSL and hiredis_ssl: see the header. hiredis's own way to make a context
 * checks the chain but not the name, so the session is made here and handed to it. */
#include <duel/io/valkey_tls.h>

#ifdef DUEL_VALKEY_TLS

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

struct valkey_tls {
    SSL_CTX *context;
    long verdict; /* of the last certificate: X509_V_… */
};

bool valkey_tls_is_available(void)
{
    return true;
}

/* Called for each certificate of a chain, also for a good one. */
static int on_certificate(int good, X509_STORE_CTX *store)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct valkey_tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    tls->verdict = good ? X509_V_OK : X509_STORE_CTX_get_error(store);
    return good;
}

struct valkey_tls *valkey_tls_create(const char *ca_file)
{
    struct valkey_tls *tls = calloc(1, sizeof *tls);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    bool anybody = strcmp(ca_file, VALKEY_TLS_ANYBODY) == 0;
    bool good = tls != NULL && context != NULL &&
                SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1;
    if (good && !anybody) {
        good = ca_file[0] == '\0' ? SSL_CTX_set_default_verify_paths(context) == 1
                                  : SSL_CTX_load_verify_file(context, ca_file) == 1;
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, on_certificate);
    }
    if (!good) {
        SSL_CTX_free(context);
        free(tls);
        return NULL;
    }
    SSL_CTX_set_app_data(context, tls);
    tls->context = context;
    return tls;
}

void valkey_tls_destroy(struct valkey_tls *tls)
{
    if (tls != NULL) {
        SSL_CTX_free(tls->context);
        free(tls);
    }
}

/* An address is looked for among the certificate's addresses, and is no name to ask for
 * (RFC 6066 section 3). */
static bool name_peer(SSL *ssl, const char *host)
{
    struct in6_addr ignored;
    bool is_address = inet_pton(AF_INET, host, &ignored) == 1 ||
                      inet_pton(AF_INET6, host, &ignored) == 1;
    if (is_address) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    }
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

bool valkey_tls_begin(struct valkey_tls *tls, struct redisContext *redis, const char *host)
{
    SSL *ssl = SSL_new(tls->context);
    tls->verdict = X509_V_OK;
    if (ssl == NULL || !name_peer(ssl, host) || redisInitiateSSL(redis, ssl) != REDIS_OK) {
        SSL_free(ssl); /* hiredis owns it only when it could begin */
        return false;
    }
    return true;
}

const char *valkey_tls_problem(const struct valkey_tls *tls)
{
    return tls != NULL && tls->verdict != X509_V_OK ? X509_verify_cert_error_string(tls->verdict)
                                                    : NULL;
}

#else

bool valkey_tls_is_available(void)
{
    return false;
}

struct valkey_tls *valkey_tls_create(const char *ca_file)
{
    (void)ca_file;
    return NULL;
}

void valkey_tls_destroy(struct valkey_tls *tls)
{
    (void)tls;
}

bool valkey_tls_begin(struct valkey_tls *tls, struct redisContext *redis, const char *host)
{
    (void)tls;
    (void)redis;
    (void)host;
    return false;
}

const char *valkey_tls_problem(const struct valkey_tls *tls)
{
    (void)tls;
    return NULL;
}

#endif
