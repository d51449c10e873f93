
/*
 * Why a connection of the checker failed. nginx's functions report it only in
 * the error log, where it does not belong: a peer that is down would fill it
 * with each check.  So connections have a log that keeps the last message and
 * writes nothing; a part of it becomes the reason of the failure, and the core
 * logs that once, when a verdict changes.
 */


#include "ngx_vrrp_reason.h"


static void ngx_vrrp_reason_writer(ngx_log_t *log, ngx_uint_t level,
    u_char *buf, size_t len);
static ngx_int_t ngx_vrrp_reason_ssl(ngx_str_t *reason);
static ngx_int_t ngx_vrrp_reason_errno(ngx_str_t *reason);


/* terminated by a zero */

static u_char  ngx_vrrp_reason_text[256];
static size_t  ngx_vrrp_reason_len;


void
ngx_vrrp_reason_init(ngx_log_t *log)
{
    ngx_memzero(log, sizeof(ngx_log_t));

    log->log_level = NGX_LOG_INFO;
    log->writer = ngx_vrrp_reason_writer;
}


void
ngx_vrrp_reason_clear(void)
{
    ngx_vrrp_reason_len = 0;
    ngx_vrrp_reason_text[0] = '\0';
}


void
ngx_vrrp_reason_message(ngx_str_t *reason)
{
    if (ngx_vrrp_reason_len == 0) {
        ngx_str_set(reason, "unknown reason");
        return;
    }

    reason->data = ngx_vrrp_reason_text;
    reason->len = ngx_vrrp_reason_len;
}


void
ngx_vrrp_reason_gist(ngx_str_t *reason)
{
    ngx_vrrp_reason_message(reason);

    if (ngx_vrrp_reason_ssl(reason) != NGX_OK) {
        (void) ngx_vrrp_reason_errno(reason);
    }

    /* "Connection refused" in the middle of a sentence */

    if (reason->data[0] >= 'A' && reason->data[0] <= 'Z'
        && reason->len > 1
        && (reason->data[1] < 'A' || reason->data[1] > 'Z'))
    {
        reason->data[0] = ngx_tolower(reason->data[0]);
    }
}


/* "2026/01/30 12:00:00 [error] 12#12: connect() failed (111: ...)" */

static void
ngx_vrrp_reason_writer(ngx_log_t *log, ngx_uint_t level, u_char *buf,
    size_t len)
{
    u_char  *p, *last;

    last = buf + len - NGX_LINEFEED_SIZE;

    p = ngx_strlchr(buf, last, '#');
    p = p ? ngx_strlchr(p, last, ':') : NULL;
    p = p ? ngx_min(p + 2, last) : buf;

    len = ngx_min((size_t) (last - p), sizeof(ngx_vrrp_reason_text) - 1);

    ngx_memcpy(ngx_vrrp_reason_text, p, len);

    ngx_vrrp_reason_text[len] = '\0';
    ngx_vrrp_reason_len = len;
}


/* "... (SSL: error:0A00010B:SSL routines::wrong version number ...)" */

static ngx_int_t
ngx_vrrp_reason_ssl(ngx_str_t *reason)
{
    u_char      *p, *last;
    ngx_uint_t   i;

    last = reason->data + reason->len;

    p = ngx_strnstr(reason->data, "(SSL: error:", reason->len);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    p += sizeof("(SSL: error:") - 1;

    for (i = 0; i < 3; i++) {
        p = ngx_strlchr(p, last, ':');
        if (p == NULL) {
            return NGX_DECLINED;
        }

        p++;
    }

    reason->data = p;

    while (p < last && *p != ':' && *p != ')') {
        p++;
    }

    reason->len = p - reason->data;

    return NGX_OK;
}


/* "... (111: Connection refused)" */

static ngx_int_t
ngx_vrrp_reason_errno(ngx_str_t *reason)
{
    u_char  *p, *last;

    last = reason->data + reason->len - 1;

    if (*last != ')') {
        return NGX_DECLINED;
    }

    p = last;

    while (p > reason->data && *p != '(') {
        p--;
    }

    p++;

    if (p == last || *p < '0' || *p > '9') {
        return NGX_DECLINED;
    }

    p = ngx_strlchr(p, last, ':');

    if (p == NULL || last - p < 3) {
        return NGX_DECLINED;
    }

    reason->data = p + 2;
    reason->len = last - reason->data;

    return NGX_OK;
}
