
/*
 * The end dates of all certificates of servers, for peer links: they usually
 * are the same on all nodes.  nginx has loaded them, no file is read here.
 */


#include "ngx_http_vrrp_status.h"
#include "ngx_vrrp_values.h"

#if (NGX_HTTP_SSL)
#include <openssl/x509v3.h>
#endif


#if (NGX_HTTP_SSL)
static ngx_int_t ngx_http_vrrp_certificates_of(ngx_conf_t *cf, SSL_CTX *ctx);
static ngx_int_t ngx_http_vrrp_certificate(ngx_conf_t *cf, X509 *cert);
static ngx_int_t ngx_http_vrrp_certificate_name(ngx_conf_t *cf, X509 *cert,
    vrrp_core_str_t *name);
static ngx_int_t ngx_http_vrrp_certificate_text(ngx_conf_t *cf,
    const ASN1_STRING *text, vrrp_core_str_t *name);
#endif


/* all contexts have been loaded by now; those with variables are empty */

ngx_int_t
ngx_http_vrrp_certificates(ngx_conf_t *cf)
{
#if (NGX_HTTP_SSL)

    ngx_uint_t                   i;
    ngx_http_ssl_srv_conf_t     *sscf;
    ngx_http_core_srv_conf_t   **cscfp;
    ngx_http_core_main_conf_t   *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    cscfp = cmcf->servers.elts;

    for (i = 0; i < cmcf->servers.nelts; i++) {

        sscf = cscfp[i]->ctx->srv_conf[ngx_http_ssl_module.ctx_index];

        if (sscf->ssl.ctx
            && ngx_http_vrrp_certificates_of(cf, sscf->ssl.ctx) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

#endif

    return NGX_OK;
}


#if (NGX_HTTP_SSL)

/* a server may have one for each type of key */

static ngx_int_t
ngx_http_vrrp_certificates_of(ngx_conf_t *cf, SSL_CTX *ctx)
{
    X509  *cert;

#ifdef SSL_CERT_SET_FIRST

    long   which;

    for (which = SSL_CERT_SET_FIRST;
         SSL_CTX_set_current_cert(ctx, which) == 1;
         which = SSL_CERT_SET_NEXT)
    {
        cert = SSL_CTX_get0_certificate(ctx);

        if (cert && ngx_http_vrrp_certificate(cf, cert) != NGX_OK) {
            return NGX_ERROR;
        }
    }

#else

    cert = SSL_CTX_get0_certificate(ctx);

    if (cert && ngx_http_vrrp_certificate(cf, cert) != NGX_OK) {
        return NGX_ERROR;
    }

#endif

    return NGX_OK;
}


static ngx_int_t
ngx_http_vrrp_certificate(ngx_conf_t *cf, X509 *cert)
{
    struct tm                      tm;
    ngx_int_t                      rc;
    ngx_vrrp_conf_t               *vcf;
    vrrp_core_str_t                name;
    vrrp_core_certificate_conf_t  *certificate;

    if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1) {
        return NGX_OK;
    }

    rc = ngx_http_vrrp_certificate_name(cf, cert, &name);

    if (rc != NGX_OK) {
        return (rc == NGX_DECLINED) ? NGX_OK : NGX_ERROR;
    }

    vcf = ngx_vrrp_get_conf(cf->cycle);

    certificate = ngx_array_push(&vcf->certificates);
    if (certificate == NULL) {
        return NGX_ERROR;
    }

    certificate->name = name;
    certificate->ends = timegm(&tm);

    vcf->core.certificates = vcf->certificates.elts;
    vcf->core.ncertificates = vcf->certificates.nelts;

    return NGX_OK;
}


/* the first name of the extension, or the common name of the subject */

static ngx_int_t
ngx_http_vrrp_certificate_name(ngx_conf_t *cf, X509 *cert,
    vrrp_core_str_t *name)
{
    int               i;
    ngx_int_t         rc;
    X509_NAME        *subject;
    GENERAL_NAME     *alt;
    GENERAL_NAMES    *alts;

    rc = NGX_DECLINED;
    alts = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

    for (i = 0; rc == NGX_DECLINED && i < sk_GENERAL_NAME_num(alts); i++) {

        alt = sk_GENERAL_NAME_value(alts, i);

        if (alt->type == GEN_DNS) {
            rc = ngx_http_vrrp_certificate_text(cf, alt->d.dNSName, name);
        }
    }

    GENERAL_NAMES_free(alts);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    subject = X509_get_subject_name(cert);
    i = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

    if (i < 0) {
        return NGX_DECLINED;
    }

    return ngx_http_vrrp_certificate_text(cf,
              X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i)), name);
}


static ngx_int_t
ngx_http_vrrp_certificate_text(ngx_conf_t *cf, const ASN1_STRING *text,
    vrrp_core_str_t *name)
{
    ngx_str_t  copy, octets;

    octets.data = (u_char *) ASN1_STRING_get0_data(text);
    octets.len = ASN1_STRING_length(text);

    if (octets.len == 0) {
        return NGX_DECLINED;
    }

    copy.len = octets.len;
    copy.data = ngx_pstrdup(cf->pool, &octets);

    if (copy.data == NULL) {
        return NGX_ERROR;
    }

    ngx_vrrp_core_str(name, &copy);

    return NGX_OK;
}

#endif
