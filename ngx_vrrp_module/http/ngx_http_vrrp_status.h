
/*
 * Shared by the files of the status location.
 */


#ifndef _NGX_HTTP_VRRP_STATUS_H_INCLUDED_
#define _NGX_HTTP_VRRP_STATUS_H_INCLUDED_


#include "ngx_vrrp_module.h"

#include <ngx_http.h>


/* collects the text that the core appends */

typedef struct {
    ngx_pool_t          *pool;
    ngx_chain_t         *first;
    ngx_chain_t        **last;
    ngx_buf_t           *buf;
    off_t                size;
    ngx_uint_t           failed;
} ngx_http_vrrp_text_t;


typedef struct ngx_http_vrrp_answer_s  ngx_http_vrrp_answer_t;

/* returns the status of the response */

typedef ngx_uint_t (*ngx_http_vrrp_answer_pt)(ngx_http_request_t *r,
    const ngx_http_vrrp_answer_t *answer, ngx_http_vrrp_text_t *text);


struct ngx_http_vrrp_answer_s {
    ngx_str_t                 name;      /* format=name, and /name */
    ngx_str_t                 type;      /* Content-Type */
    vrrp_core_format_e        format;
    ngx_http_vrrp_answer_pt   handler;
    const char               *not_yet;   /* nothing has been reported */
};


/* ngx_http_vrrp_answers.c */

/* NGX_HTTP_BAD_REQUEST: no such format; NGX_HTTP_NOT_FOUND: no such path */

ngx_uint_t ngx_http_vrrp_choose(ngx_http_request_t *r,
    const ngx_http_vrrp_answer_t **answer);
void ngx_http_vrrp_list_formats(ngx_http_vrrp_text_t *text);

/* ngx_http_vrrp_text.c */

void ngx_http_vrrp_text_init(ngx_http_vrrp_text_t *text, ngx_pool_t *pool);
void ngx_http_vrrp_text_append(void *data, const char *p, size_t len);
void ngx_http_vrrp_text_puts(ngx_http_vrrp_text_t *text, const char *p);
ngx_int_t ngx_http_vrrp_text_send(ngx_http_request_t *r, ngx_uint_t status,
    const ngx_str_t *type, ngx_http_vrrp_text_t *text);
ngx_int_t ngx_http_vrrp_add_header(ngx_http_request_t *r, const char *key,
    const char *value);

ngx_table_elt_t *ngx_http_vrrp_header(ngx_http_request_t *r,
    const ngx_str_t *name, const ngx_table_elt_t *previous);

/* ngx_http_vrrp_certificates.c */

ngx_int_t ngx_http_vrrp_certificates(ngx_conf_t *cf);

/* ngx_http_vrrp_control.c */

ngx_int_t ngx_http_vrrp_control_handler(ngx_http_request_t *r);

/* ngx_http_vrrp_variables.c */

ngx_int_t ngx_http_vrrp_add_variables(ngx_conf_t *cf);


extern ngx_module_t  ngx_http_vrrp_status_module;


#endif /* _NGX_HTTP_VRRP_STATUS_H_INCLUDED_ */
