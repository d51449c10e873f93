
/*
 * A response of unknown length: collected first, sent then; headers.
 */


#include "ngx_http_vrrp_status.h"


static ngx_buf_t *ngx_http_vrrp_text_buf(ngx_http_vrrp_text_t *text);


void
ngx_http_vrrp_text_init(ngx_http_vrrp_text_t *text, ngx_pool_t *pool)
{
    ngx_memzero(text, sizeof(ngx_http_vrrp_text_t));

    text->pool = pool;
    text->last = &text->first;
}


void
ngx_http_vrrp_text_append(void *data, const char *p, size_t len)
{
    ngx_http_vrrp_text_t  *text = data;

    size_t      n;
    ngx_buf_t  *b;

    while (len && !text->failed) {

        b = ngx_http_vrrp_text_buf(text);
        if (b == NULL) {
            text->failed = 1;
            return;
        }

        n = ngx_min(len, (size_t) (b->end - b->last));

        b->last = ngx_cpymem(b->last, p, n);
        text->size += n;

        p += n;
        len -= n;
    }
}


void
ngx_http_vrrp_text_puts(ngx_http_vrrp_text_t *text, const char *p)
{
    ngx_http_vrrp_text_append(text, p, ngx_strlen(p));
}


/* one that has room left */

static ngx_buf_t *
ngx_http_vrrp_text_buf(ngx_http_vrrp_text_t *text)
{
    ngx_chain_t  *cl;

    if (text->buf && text->buf->last < text->buf->end) {
        return text->buf;
    }

    cl = ngx_alloc_chain_link(text->pool);
    if (cl == NULL) {
        return NULL;
    }

    cl->buf = ngx_create_temp_buf(text->pool, ngx_pagesize);
    if (cl->buf == NULL) {
        return NULL;
    }

    cl->next = NULL;

    *text->last = cl;
    text->last = &cl->next;
    text->buf = cl->buf;

    return cl->buf;
}


ngx_int_t
ngx_http_vrrp_text_send(ngx_http_request_t *r, ngx_uint_t status,
    const ngx_str_t *type, ngx_http_vrrp_text_t *text)
{
    u_char     *end;
    ngx_int_t   rc;

    if (text->failed || text->buf == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = status;
    r->headers_out.content_length_n = text->size;

    /* the length is that of the type alone, without its parameters */

    end = ngx_strlchr(type->data, type->data + type->len, ';');

    r->headers_out.content_type = *type;
    r->headers_out.content_type_len = end ? (size_t) (end - type->data)
                                          : type->len;
    r->headers_out.content_type_lowcase = NULL;

    if (ngx_http_vrrp_add_header(r, "Cache-Control", "no-store") != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    text->buf->last_buf = (r == r->main) ? 1 : 0;
    text->buf->last_in_chain = 1;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, text->first);
}


/* key and value are not copied */

ngx_int_t
ngx_http_vrrp_add_header(ngx_http_request_t *r, const char *key,
    const char *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key.len = ngx_strlen(key);
    h->key.data = (u_char *) key;
    h->value.len = ngx_strlen(value);
    h->value.data = (u_char *) value;

    return NGX_OK;
}


/* the first one of this name, or the one after "previous" */

ngx_table_elt_t *
ngx_http_vrrp_header(ngx_http_request_t *r, const ngx_str_t *name,
    const ngx_table_elt_t *previous)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].key.len != name->len
                || ngx_strncmp(h[i].lowcase_key, name->data, name->len) != 0)
            {
                continue;
            }

            if (previous == NULL) {
                return &h[i];
            }

            if (previous == &h[i]) {
                previous = NULL;
            }
        }
    }

    return NULL;
}
