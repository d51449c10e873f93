
/*
 * What the status location can answer, and which of it is asked for: by
 * "?format=", by the end of the path, or by "Accept".
 */


#include "ngx_http_vrrp_status.h"
#include "ngx_vrrp_values.h"


#define NGX_HTTP_VRRP_ANSWERS                                                 \
    (sizeof(ngx_http_vrrp_answers) / sizeof(ngx_http_vrrp_answers[0]))


static const ngx_http_vrrp_answer_t *ngx_http_vrrp_answer_named(u_char *name,
    size_t len);
static ngx_uint_t ngx_http_vrrp_is_below(ngx_http_request_t *r);
static const ngx_http_vrrp_answer_t *ngx_http_vrrp_by_path(
    ngx_http_request_t *r);
static vrrp_core_format_e ngx_http_vrrp_by_accept(ngx_http_request_t *r);
static ngx_uint_t ngx_http_vrrp_tell_status(ngx_http_request_t *r,
    const ngx_http_vrrp_answer_t *answer, ngx_http_vrrp_text_t *text);
static ngx_uint_t ngx_http_vrrp_tell_page(ngx_http_request_t *r,
    const ngx_http_vrrp_answer_t *answer, ngx_http_vrrp_text_t *text);
static ngx_uint_t ngx_http_vrrp_tell_health(ngx_http_request_t *r,
    const ngx_http_vrrp_answer_t *answer, ngx_http_vrrp_text_t *text);


/* the formats in their order, and what is none */

static const ngx_http_vrrp_answer_t  ngx_http_vrrp_answers[] = {

    { ngx_string("json"),
      ngx_string("application/json"),
      VRRP_CORE_JSON,
      ngx_http_vrrp_tell_status,
      "{\"error\":\"the vrrp process has not reported its status yet\"}\n" },

    { ngx_string("html"),
      ngx_string("text/html; charset=utf-8"),
      VRRP_CORE_HTML,
      ngx_http_vrrp_tell_page,
      "<!DOCTYPE html><html lang=\"en\"><title>VRRP</title>"
      "<meta http-equiv=\"refresh\" content=\"1\">"
      "<p>The vrrp process has not reported its status yet.\n" },

    { ngx_string("prometheus"),
      ngx_string("text/plain; version=0.0.4; charset=utf-8"),
      VRRP_CORE_PROMETHEUS,
      ngx_http_vrrp_tell_status,
      "# the vrrp process has not reported its status yet\n" },

    { ngx_string("openmetrics"),
      ngx_string("application/openmetrics-text; version=1.0.0; "
                 "charset=utf-8"),
      VRRP_CORE_OPENMETRICS,
      ngx_http_vrrp_tell_status,
      "# EOF\n" },

    { ngx_string("health"),
      ngx_string("text/plain; charset=utf-8"),
      VRRP_CORE_JSON,
      ngx_http_vrrp_tell_health,
      "unhealthy\nthe vrrp process has not reported its status yet\n" }
};


ngx_uint_t
ngx_http_vrrp_choose(ngx_http_request_t *r,
    const ngx_http_vrrp_answer_t **answer)
{
    ngx_str_t  format;

    if (ngx_http_arg(r, (u_char *) "format", 6, &format) == NGX_OK) {
        *answer = ngx_http_vrrp_answer_named(format.data, format.len);

        return *answer ? NGX_HTTP_OK : NGX_HTTP_BAD_REQUEST;
    }

    *answer = ngx_http_vrrp_by_path(r);

    if (*answer) {
        return NGX_HTTP_OK;
    }

    if (ngx_http_vrrp_is_below(r)) {
        return NGX_HTTP_NOT_FOUND;
    }

    *answer = &ngx_http_vrrp_answers[ngx_http_vrrp_by_accept(r)];

    return NGX_HTTP_OK;
}


void
ngx_http_vrrp_list_formats(ngx_http_vrrp_text_t *text)
{
    ngx_uint_t                     i;
    const ngx_http_vrrp_answer_t  *answer;

    ngx_http_vrrp_text_puts(text, "unknown format, must be one of");

    for (i = 0; i < NGX_HTTP_VRRP_ANSWERS; i++) {
        answer = &ngx_http_vrrp_answers[i];

        ngx_http_vrrp_text_puts(text, i ? ", " : " ");
        ngx_http_vrrp_text_append(text, (char *) answer->name.data,
                                  answer->name.len);
    }

    ngx_http_vrrp_text_puts(text, "\n");
}


static const ngx_http_vrrp_answer_t *
ngx_http_vrrp_answer_named(u_char *name, size_t len)
{
    ngx_uint_t                     i;
    const ngx_http_vrrp_answer_t  *answer;

    for (i = 0; i < NGX_HTTP_VRRP_ANSWERS; i++) {
        answer = &ngx_http_vrrp_answers[i];

        if (answer->name.len == len
            && ngx_strncmp(answer->name.data, name, len) == 0)
        {
            return answer;
        }
    }

    return NULL;
}


/*
 * The last part of the path is a name: /vrrp/json, but also a location
 * "= /health".  Metrics have another name there, and come in two formats.
 */

static const ngx_http_vrrp_answer_t *
ngx_http_vrrp_by_path(ngx_http_request_t *r)
{
    size_t   len;
    u_char  *p, *last;

    static const ngx_str_t  metrics = ngx_string("metrics");

    last = r->uri.data + r->uri.len;

    for (p = last; p > r->uri.data && p[-1] != '/'; p--) { /* void */ }

    len = last - p;

    if (len != metrics.len || ngx_strncmp(p, metrics.data, len) != 0) {
        return ngx_http_vrrp_answer_named(p, len);
    }

    if (ngx_http_vrrp_by_accept(r) == VRRP_CORE_OPENMETRICS) {
        return &ngx_http_vrrp_answers[VRRP_CORE_OPENMETRICS];
    }

    return &ngx_http_vrrp_answers[VRRP_CORE_PROMETHEUS];
}


/* a path that begins with that of the location, and is longer */

static ngx_uint_t
ngx_http_vrrp_is_below(ngx_http_request_t *r)
{
    size_t                     rest;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->exact_match || clcf->named || clcf->noname
#if (NGX_PCRE)
        || clcf->regex
#endif
        || r->uri.len <= clcf->name.len)
    {
        return 0;
    }

    rest = r->uri.len - clcf->name.len;

    return rest > 1 || r->uri.data[r->uri.len - 1] != '/';
}


static vrrp_core_format_e
ngx_http_vrrp_by_accept(ngx_http_request_t *r)
{
    ngx_table_elt_t         *h;
    vrrp_core_str_t          value;
    vrrp_core_preference_t   preference;

    static const ngx_str_t  accept = ngx_string("accept");

    ngx_memzero(&preference, sizeof(vrrp_core_preference_t));

    /* r->headers_in.accept is not in every nginx */

    for (h = ngx_http_vrrp_header(r, &accept, NULL);
         h;
         h = ngx_http_vrrp_header(r, &accept, h))
    {
        ngx_vrrp_core_str(&value, &h->value);
        vrrp_core_accept(&value, &preference);
    }

    return preference.format;
}


static ngx_uint_t
ngx_http_vrrp_tell_status(ngx_http_request_t *r,
    const ngx_http_vrrp_answer_t *answer, ngx_http_vrrp_text_t *text)
{
    int               rc;
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(ngx_cycle);

    rc = vrrp_core_status(vcf->memory, answer->format,
                          ngx_http_vrrp_text_append, text);

    switch (rc) {

    case VRRP_CORE_OK:
        return NGX_HTTP_OK;

    case VRRP_CORE_AGAIN:
        ngx_http_vrrp_text_puts(text, answer->not_yet);
        return NGX_HTTP_SERVICE_UNAVAILABLE;

    case VRRP_CORE_DECLINED:
        return NGX_HTTP_NOT_FOUND;

    default:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


/* its texts come from many sources: a browser runs only our own script */

static ngx_uint_t
ngx_http_vrrp_tell_page(ngx_http_request_t *r,
    const ngx_http_vrrp_answer_t *answer, ngx_http_vrrp_text_t *text)
{
    if (ngx_http_vrrp_add_header(r, "Content-Security-Policy",
                                 vrrp_core_page_policy())
            != NGX_OK
        || ngx_http_vrrp_add_header(r, "X-Content-Type-Options", "nosniff")
            != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_vrrp_tell_status(r, answer, text);
}


static ngx_uint_t
ngx_http_vrrp_tell_health(ngx_http_request_t *r,
    const ngx_http_vrrp_answer_t *answer, ngx_http_vrrp_text_t *text)
{
    ngx_str_t                     value;
    ngx_vrrp_conf_t              *vcf;
    vrrp_core_health_e            health;
    vrrp_core_health_question_t   question;

    ngx_memzero(&question, sizeof(vrrp_core_health_question_t));

    if (ngx_http_arg(r, (u_char *) "require", 7, &value) == NGX_OK) {

        if (value.len != 6 || ngx_strncmp(value.data, "master", 6) != 0) {
            ngx_http_vrrp_text_puts(text,
                                    "\"require\" must be \"master\"\n");
            return NGX_HTTP_BAD_REQUEST;
        }

        question.require_master = 1;
    }

    if (ngx_http_arg(r, (u_char *) "instance", 8, &value) == NGX_OK) {
        ngx_vrrp_core_str(&question.instance, &value);
    }

    vcf = ngx_vrrp_get_conf(ngx_cycle);

    health = vrrp_core_health(vcf->memory, &question,
                              ngx_http_vrrp_text_append, text);

    if (text->size == 0) {
        ngx_http_vrrp_text_puts(text, answer->not_yet);
    }

    switch (health) {

    case VRRP_CORE_HEALTHY:
        return NGX_HTTP_OK;

    case VRRP_CORE_NO_INSTANCE:
        return NGX_HTTP_NOT_FOUND;

    default:
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }
}
