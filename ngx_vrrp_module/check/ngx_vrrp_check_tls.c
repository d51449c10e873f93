
/*
 * TLS of a check: its parameters, and the context that its connections share.
 */


#include "ngx_vrrp_check_conf.h"


#if (NGX_SSL)

static char *ngx_vrrp_check_ssl_rules(ngx_conf_t *cf,
    ngx_vrrp_check_t *check);
static char *ngx_vrrp_check_ssl_create(ngx_conf_t *cf,
    ngx_vrrp_check_t *check);
static ngx_int_t ngx_vrrp_check_ssl_load(ngx_conf_t *cf,
    ngx_vrrp_check_t *check);
static ngx_int_t ngx_vrrp_check_ssl_store(ngx_conf_t *cf,
    ngx_vrrp_check_t *check);
static u_char *ngx_vrrp_check_ssl_log(ngx_log_t *log, u_char *buf,
    size_t len);


/* OpenSSL's default: there is no parameter for it */

#define NGX_VRRP_VERIFY_DEPTH  100

#endif


char *
ngx_vrrp_check_tls(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    if (!(check->kind->directive.groups & NGX_VRRP_TLS)) {
        return NGX_CONF_OK;
    }

#if (NGX_SSL)

    if (ngx_vrrp_check_ssl_rules(cf, check) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    check->tls = 1;

    return ngx_vrrp_check_ssl_create(cf, check);

#else

    return ngx_vrrp_failed(cf, "\"%s\" is not supported: this nginx was built "
                           "without \"--with-http_ssl_module\"",
                           check->kind->directive.name);

#endif
}


#if (NGX_SSL)

static char *
ngx_vrrp_check_ssl_rules(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    if (check->certificate_key.len && check->certificate.len == 0) {
        return ngx_vrrp_failed(cf, "\"key=%V\" needs \"cert=\" as well",
                               &check->certificate_key);
    }

    if (check->ca.len && !check->verify) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"ca=%V\" has no effect without \"verify=on\"",
                           &check->ca);
    }

    /* a file may hold both */

    if (check->certificate.len && check->certificate_key.len == 0) {
        check->certificate_key = check->certificate;
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_check_ssl_create(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    ngx_int_t            rc;
    ngx_log_t            log;
    ngx_ssl_t           *ssl;
    ngx_pool_cleanup_t  *cln;

    ssl = ngx_pcalloc(cf->pool, sizeof(ngx_ssl_t));
    if (ssl == NULL) {
        return NGX_CONF_ERROR;
    }

    /* adds file and line to messages of OpenSSL */

    log = *cf->log;
    log.handler = ngx_vrrp_check_ssl_log;
    log.data = &check->place;

    ssl->log = &log;

    if (ngx_ssl_create(ssl, NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3, NULL) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        ngx_ssl_cleanup_ctx(ssl);
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = ssl;

    check->ssl = ssl;

    rc = ngx_vrrp_check_ssl_load(cf, check);

    ssl->log = cf->log;

    return (rc == NGX_OK) ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_int_t
ngx_vrrp_check_ssl_load(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    if (check->certificate.len
        && ngx_ssl_certificate(cf, check->ssl, &check->certificate,
                               &check->certificate_key, NULL)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (!check->verify) {
        return NGX_OK;
    }

    return ngx_vrrp_check_ssl_store(cf, check);
}


static ngx_int_t
ngx_vrrp_check_ssl_store(ngx_conf_t *cf, ngx_vrrp_check_t *check)
{
    /* without a file it sets the depth only */

    if (ngx_ssl_trusted_certificate(cf, check->ssl, &check->ca,
                                    NGX_VRRP_VERIFY_DEPTH)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (check->ca.len) {
        return NGX_OK;
    }

    if (SSL_CTX_set_default_verify_paths(check->ssl->ctx) == 0) {
        ngx_ssl_error(NGX_LOG_EMERG, check->ssl->log, 0,
                      "SSL_CTX_set_default_verify_paths() failed");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static u_char *
ngx_vrrp_check_ssl_log(ngx_log_t *log, u_char *buf, size_t len)
{
    ngx_vrrp_conf_line_t  *place;

    place = log->data;

    return ngx_snprintf(buf, len, " in %V:%ui", &place->file, place->line);
}

#endif
