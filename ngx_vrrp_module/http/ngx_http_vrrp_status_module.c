
/*
 * The status of the node, "vrrp_status" in a location, and commands of
 * operators, "vrrp_control"; variables.
 */


#include "ngx_http_vrrp_status.h"


typedef struct {
    ngx_flag_t            control;
} ngx_http_vrrp_status_conf_t;


static ngx_int_t ngx_http_vrrp_status_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_vrrp_not_allowed(ngx_http_request_t *r);

static void *ngx_http_vrrp_status_create_conf(ngx_conf_t *cf);
static char *ngx_http_vrrp_status(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_vrrp_control(ngx_conf_t *cf, void *post, void *data);


static ngx_conf_post_t  ngx_http_vrrp_control_post = { ngx_http_vrrp_control };


static ngx_command_t  ngx_http_vrrp_status_commands[] = {

    { ngx_string("vrrp_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_vrrp_status,
      0,
      0,
      NULL },

    { ngx_string("vrrp_control"),
      NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_vrrp_status_conf_t, control),
      &ngx_http_vrrp_control_post },

    { ngx_string("vrrp_status"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_UPS_CONF|NGX_CONF_ANY,
      ngx_vrrp_conf_refuse,
      0,
      0,
      NULL },

    { ngx_string("vrrp_control"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_UPS_CONF|NGX_CONF_ANY,
      ngx_vrrp_conf_refuse,
      0,
      0,
      NULL },

    { ngx_string("vrrp"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_BLOCK
                        |NGX_CONF_ANY,
      ngx_vrrp_conf_refuse,
      0,
      0,
      NULL },

    { ngx_string("vrrp_instance"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_BLOCK
                        |NGX_CONF_ANY,
      ngx_vrrp_conf_refuse,
      0,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_vrrp_status_module_ctx = {
    ngx_http_vrrp_add_variables,           /* preconfiguration */
    ngx_http_vrrp_certificates,            /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_vrrp_status_create_conf,      /* create location configuration */
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
    ngx_int_t                      rc;
    ngx_uint_t                     status;
    ngx_http_vrrp_text_t           text;
    const ngx_http_vrrp_answer_t  *answer;

    static const ngx_str_t  plain = ngx_string("text/plain; charset=utf-8");

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return ngx_http_vrrp_not_allowed(r);
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_vrrp_text_init(&text, r->pool);

    status = ngx_http_vrrp_choose(r, &answer);

    if (status == NGX_HTTP_BAD_REQUEST) {
        ngx_http_vrrp_list_formats(&text);
        return ngx_http_vrrp_text_send(r, status, &plain, &text);
    }

    if (status != NGX_HTTP_OK) {
        return status;
    }

    status = answer->handler(r, answer, &text);

    if (text.buf == NULL) {
        return status;
    }

    return ngx_http_vrrp_text_send(r, status, &answer->type, &text);
}


static ngx_int_t
ngx_http_vrrp_not_allowed(ngx_http_request_t *r)
{
    if (ngx_http_vrrp_add_header(r, "Allow", "GET, HEAD") != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_HTTP_NOT_ALLOWED;
}


static void *
ngx_http_vrrp_status_create_conf(ngx_conf_t *cf)
{
    ngx_http_vrrp_status_conf_t  *conf;

    conf = ngx_palloc(cf->pool, sizeof(ngx_http_vrrp_status_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->control = NGX_CONF_UNSET;

    return conf;
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
        ngx_vrrp_conf_line(cf, &vcf->status_place);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_vrrp_control(ngx_conf_t *cf, void *post, void *data)
{
    ngx_flag_t  *enable = data;

    ngx_vrrp_conf_t           *vcf;
    ngx_http_core_loc_conf_t  *clcf;

    if (!*enable) {
        return NGX_CONF_OK;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_vrrp_control_handler;

    vcf = ngx_vrrp_get_conf(cf->cycle);

    if (!vcf->control) {
        vcf->control = 1;
        ngx_vrrp_conf_line(cf, &vcf->control_place);
    }

    return NGX_CONF_OK;
}
