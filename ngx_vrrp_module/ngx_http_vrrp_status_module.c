
/*
 * The status of the node as JSON: "vrrp_status" in a location.
 */


#include "ngx_vrrp_module.h"

#include <ngx_http.h>


/* collects the text that the core appends */

typedef struct {
    ngx_pool_t       *pool;
    ngx_chain_t      *first;
    ngx_chain_t     **last;
    ngx_buf_t        *buf;
    off_t             size;
    ngx_uint_t        failed;
} ngx_http_vrrp_text_t;


static ngx_int_t ngx_http_vrrp_status_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_vrrp_status_text(ngx_http_request_t *r,
    ngx_http_vrrp_text_t *text);
static void ngx_http_vrrp_text_init(ngx_http_vrrp_text_t *text,
    ngx_pool_t *pool);
static void ngx_http_vrrp_text_append(void *data, const char *p, size_t len);
static ngx_buf_t *ngx_http_vrrp_text_buf(ngx_http_vrrp_text_t *text);
static ngx_int_t ngx_http_vrrp_send(ngx_http_request_t *r, ngx_uint_t status,
    ngx_http_vrrp_text_t *text);
static ngx_int_t ngx_http_vrrp_no_store(ngx_http_request_t *r);

static char *ngx_http_vrrp_status(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


static ngx_command_t  ngx_http_vrrp_status_commands[] = {

    { ngx_string("vrrp_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_vrrp_status,
      0,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_vrrp_status_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_vrrp_status_module = {
    NGX_MODULE_V1,
    &ngx_http_vrrp_status_module_ctx,      /* module context */
    ngx_http_vrrp_status_commands,         /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_vrrp_status_handler(ngx_http_request_t *r)
{
    ngx_int_t             rc, status;
    ngx_http_vrrp_text_t  text;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    status = ngx_http_vrrp_status_text(r, &text);

    if (status == NGX_HTTP_INTERNAL_SERVER_ERROR) {
        return status;
    }

    return ngx_http_vrrp_send(r, status, &text);
}


/* returns the status of the response */

static ngx_int_t
ngx_http_vrrp_status_text(ngx_http_request_t *r, ngx_http_vrrp_text_t *text)
{
    int               rc;
    ngx_int_t         status;
    ngx_vrrp_conf_t  *vcf;

    static const char  not_yet[] =
        "{\"error\":\"the vrrp process has not reported its status yet\"}\n";

    vcf = ngx_vrrp_get_conf(ngx_cycle);

    ngx_http_vrrp_text_init(text, r->pool);

    rc = vrrp_core_status(vcf->area, VRRP_CORE_JSON, ngx_http_vrrp_text_append,
                          text);
    status = NGX_HTTP_OK;

    if (rc == VRRP_CORE_AGAIN) {
        ngx_http_vrrp_text_init(text, r->pool);
        ngx_http_vrrp_text_append(text, not_yet, sizeof(not_yet) - 1);
        status = NGX_HTTP_SERVICE_UNAVAILABLE;

    } else if (rc != VRRP_CORE_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (text->failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return status;
}


static void
ngx_http_vrrp_text_init(ngx_http_vrrp_text_t *text, ngx_pool_t *pool)
{
    ngx_memzero(text, sizeof(ngx_http_vrrp_text_t));

    text->pool = pool;
    text->last = &text->first;
}


static void
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


static ngx_int_t
ngx_http_vrrp_send(ngx_http_request_t *r, ngx_uint_t status,
    ngx_http_vrrp_text_t *text)
{
    ngx_int_t  rc;

    if (text->buf == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = status;
    r->headers_out.content_length_n = text->size;

    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    if (ngx_http_vrrp_no_store(r) != NGX_OK) {
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


static ngx_int_t
ngx_http_vrrp_no_store(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    ngx_str_set(&h->key, "Cache-Control");
    ngx_str_set(&h->value, "no-store");

    return NGX_OK;
}


/*
 * The "vrrp" block may come after the "http" block, so whether there is one
 * is found out by ngx_vrrp_conf_init().
 */

static char *
ngx_http_vrrp_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_conf_t           *vcf;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler == ngx_http_vrrp_status_handler) {
        return "is duplicate";
    }

    clcf->handler = ngx_http_vrrp_status_handler;

    vcf = ngx_vrrp_get_conf(cf->cycle);

    if (!vcf->status) {
        vcf->status = 1;
        ngx_vrrp_conf_place(cf, &vcf->status_place);
    }

    return NGX_CONF_OK;
}
