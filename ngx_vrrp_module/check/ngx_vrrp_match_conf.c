
/*
 * The "vrrp_match" block: the tests of an answer, in the syntax of nginx Plus.
 */


#include "ngx_vrrp_match_conf.h"
#include "ngx_vrrp_values.h"


typedef struct {
    ngx_vrrp_match_t    *match;
    ngx_array_t          statuses;       /* of vrrp_core_status_conf_t */
    ngx_array_t          tests;          /* of vrrp_core_test_conf_t */
} ngx_vrrp_match_ctx_t;


static char *ngx_vrrp_match_line(ngx_conf_t *cf, ngx_command_t *dummy,
    void *conf);
static char *ngx_vrrp_match_status(ngx_conf_t *cf, ngx_vrrp_match_ctx_t *ctx);
static char *ngx_vrrp_match_header(ngx_conf_t *cf, ngx_vrrp_match_ctx_t *ctx);
static char *ngx_vrrp_match_body(ngx_conf_t *cf, ngx_vrrp_match_ctx_t *ctx);
static char *ngx_vrrp_match_send(ngx_conf_t *cf, ngx_vrrp_match_ctx_t *ctx);
static char *ngx_vrrp_match_expect(ngx_conf_t *cf, ngx_vrrp_match_ctx_t *ctx);
static char *ngx_vrrp_match_finish(ngx_conf_t *cf, ngx_vrrp_match_ctx_t *ctx);

static vrrp_core_test_conf_t *ngx_vrrp_match_add(ngx_conf_t *cf,
    ngx_vrrp_match_ctx_t *ctx, vrrp_core_test_e test, ngx_str_t *value);


#define NGX_VRRP_STATUS_EXPECTED                                              \
    "must be a status from 100 to 599 or a range such as \"200-399\", with "  \
    "\"!\" before it to exclude it"


static struct {
    const char          *name;
    char              *(*handler)(ngx_conf_t *cf, ngx_vrrp_match_ctx_t *ctx);
} ngx_vrrp_match_lines[] = {
    { "status", ngx_vrrp_match_status },
    { "header", ngx_vrrp_match_header },
    { "body", ngx_vrrp_match_body },
    { "send", ngx_vrrp_match_send },
    { "expect", ngx_vrrp_match_expect },
    { NULL, NULL }
};


char *
ngx_vrrp_match_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                  *rv;
    ngx_str_t             *value;
    ngx_conf_t             save;
    ngx_vrrp_conf_t       *vcf;
    ngx_vrrp_match_t      *match;
    ngx_vrrp_match_ctx_t   ctx;

    vcf = ngx_vrrp_get_conf(cf->cycle);
    value = cf->args->elts;

    if (!ngx_vrrp_valid_name(&value[1])) {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     NGX_VRRP_NAME_EXPECTED);
    }

    match = ngx_vrrp_match_find(vcf, &value[1]);

    if (match) {
        return ngx_vrrp_failed(cf, "duplicate vrrp_match \"%V\", the first one "
                               "is in %V:%ui",
                               &value[1], &match->place.file,
                               match->place.line);
    }

    match = ngx_array_push(&vcf->matches);

    if (match == NULL
        || ngx_array_init(&ctx.statuses, cf->pool, 4,
                          sizeof(vrrp_core_status_conf_t))
           != NGX_OK
        || ngx_array_init(&ctx.tests, cf->pool, 4,
                          sizeof(vrrp_core_test_conf_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(match, sizeof(ngx_vrrp_match_t));
    ngx_vrrp_core_str(&match->core.name, &value[1]);
    ngx_vrrp_conf_line(cf, &match->place);

    ctx.match = match;

    save = *cf;
    cf->handler = ngx_vrrp_match_line;
    cf->handler_conf = (void *) &ctx;

    rv = ngx_conf_parse(cf, NULL);

    if (rv == NGX_CONF_OK) {
        rv = ngx_vrrp_match_finish(cf, &ctx);

    } else {
        vcf->hinted = 1;  /* the lines of this block are not directives */
    }

    *cf = save;

    return rv;
}


ngx_vrrp_match_t *
ngx_vrrp_match_find(ngx_vrrp_conf_t *vcf, ngx_str_t *name)
{
    ngx_uint_t         i;
    ngx_vrrp_match_t  *matches;

    matches = vcf->matches.elts;

    for (i = 0; i < vcf->matches.nelts; i++) {

        if (matches[i].core.name.len == name->len
            && ngx_strncmp(matches[i].core.name.data, name->data, name->len)
               == 0)
        {
            return &matches[i];
        }
    }

    return NULL;
}


static char *
ngx_vrrp_match_line(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    ngx_vrrp_match_ctx_t  *ctx = conf;

    ngx_str_t   *value;
    ngx_uint_t   i;

    value = cf->args->elts;

    for (i = 0; ngx_vrrp_match_lines[i].name; i++) {

        if (ngx_strcmp(value[0].data, ngx_vrrp_match_lines[i].name) != 0) {
            continue;
        }

        if (cf->args->nelts == 1) {
            return ngx_vrrp_failed(cf, "invalid number of arguments in \"%V\"",
                                   &value[0]);
        }

        return ngx_vrrp_match_lines[i].handler(cf, ctx);
    }

    return ngx_vrrp_failed(cf, "unknown directive \"%V\": a \"vrrp_match\" has "
                           "\"status\", \"header\" and \"body\", or \"send\" "
                           "and \"expect\"", &value[0]);
}


/* "status 200-399 !301" and, as nginx Plus has it, "status ! 301 500-599" */

static char *
ngx_vrrp_match_status(ngx_conf_t *cf, ngx_vrrp_match_ctx_t *ctx)
{
    ngx_str_t                *value;
    ngx_uint_t                i, negated;
    vrrp_core_status_conf_t  *status;

    value = cf->args->elts;

    i = 1;
    negated = (ngx_strcmp(value[1].data, "!") == 0);

    if (negated) {
        i++;
    }

    if (i == cf->args->nelts) {
        return ngx_vrrp_conf_invalid(cf, &value[0], &value[1],
                                     NGX_VRRP_STATUS_EXPECTED);
    }

    for ( /* void */ ; i < cf->args->nelts; i++) {

        status = ngx_array_push(&ctx->statuses);
        if (status == NULL) {
            return NGX_CONF_ERROR;
        }

        if (ngx_vrrp_parse_status(&value[i], status) != NGX_OK) {
            return ngx_vrrp_conf_invalid(cf, &value[0], &value[i],
                                         NGX_VRRP_STATUS_EXPECTED);
        }

        if (negated) {
            status->negated = 1;
        }
    }

    ctx->match->http = 1;

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_match_header(ngx_conf_t *cf, ngx_vrrp_match_ctx_t *ctx)
{
    ngx_str_t              *value, *name;
    ngx_uint_t              n;
    vrrp_core_test_e        test;
    vrrp_core_test_conf_t  *tc;

    value = cf->args->elts;
    n = cf->args->nelts;

    name = &value[1];

    if (n == 2) {
        test = VRRP_CORE_TEST_EXISTS;

    } else if (n == 3 && ngx_strcmp(value[1].data, "!") == 0) {
        test = VRRP_CORE_TEST_ABSENT;
        name = &value[2];

    } else if (n != 4 || ngx_vrrp_match_operator(&value[2], &test) != NGX_OK) {
        return "\"header\" must be written \"header X\", \"header ! X\", or "
               "\"header X = value\" with =, !=, ~ or !~";
    }

    if (!ngx_vrrp_valid_header(name)) {
        return ngx_vrrp_conf_invalid(cf, &value[0], name,
                                     "must be the name of a header");
    }

    tc = ngx_vrrp_match_add(cf, ctx, test, (n == 4) ? &value[3] : NULL);
    if (tc == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_vrrp_core_str(&tc->header, name);

    ctx->match->http = 1;

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_match_body(ngx_conf_t *cf, ngx_vrrp_match_ctx_t *ctx)
{
    ngx_str_t         *value;
    vrrp_core_test_e   test;

    value = cf->args->elts;

    if (cf->args->nelts != 3
        || ngx_vrrp_match_operator(&value[1], &test) != NGX_OK
        || test < VRRP_CORE_TEST_REGEX)
    {
        return "\"body\" must be written \"body ~ regex\" or "
               "\"body !~ regex\"";
    }

    if (ngx_vrrp_match_add(cf, ctx, test, &value[2]) == NULL) {
        return NGX_CONF_ERROR;
    }

    ctx->match->http = 1;
    ctx->match->body = 1;

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_match_send(ngx_conf_t *cf, ngx_vrrp_match_ctx_t *ctx)
{
    char       *rv;
    ngx_str_t  *value, text;

    value = cf->args->elts;

    if (cf->args->nelts != 2) {
        return "\"send\" must be written \"send text\"";
    }

    if (ctx->match->core.send.len) {
        return "\"send\" is duplicate";
    }

    rv = ngx_vrrp_match_unhex(cf, &value[0], &value[1], &text);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    ngx_vrrp_core_str(&ctx->match->core.send, &text);
    ctx->match->text = 1;

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_match_expect(ngx_conf_t *cf, ngx_vrrp_match_ctx_t *ctx)
{
    char              *rv;
    ngx_str_t         *value, text;
    vrrp_core_test_e   test;

    value = cf->args->elts;

    if (cf->args->nelts == 2) {
        test = VRRP_CORE_TEST_EQUAL;

        rv = ngx_vrrp_match_unhex(cf, &value[0], &value[1], &text);
        if (rv != NGX_CONF_OK) {
            return rv;
        }

    } else if (cf->args->nelts == 3
               && ngx_vrrp_match_operator(&value[1], &test) == NGX_OK
               && test == VRRP_CORE_TEST_REGEX)
    {
        text = value[2];

    } else {
        return "\"expect\" must be written \"expect text\" or "
               "\"expect ~ regex\"";
    }

    if (ngx_vrrp_match_add(cf, ctx, test, &text) == NULL) {
        return NGX_CONF_ERROR;
    }

    ctx->match->text = 1;

    return NGX_CONF_OK;
}


/* value: NULL for a test that has none */

static vrrp_core_test_conf_t *
ngx_vrrp_match_add(ngx_conf_t *cf, ngx_vrrp_match_ctx_t *ctx,
    vrrp_core_test_e test, ngx_str_t *value)
{
    vrrp_core_test_conf_t  *tc;

    tc = ngx_array_push(&ctx->tests);
    if (tc == NULL) {
        return NULL;
    }

    ngx_memzero(tc, sizeof(vrrp_core_test_conf_t));

    tc->test = test;

    if (value) {
        ngx_vrrp_core_str(&tc->value, value);
    }

    if (test >= VRRP_CORE_TEST_REGEX) {
        tc->regex = ngx_vrrp_match_regex(cf, value);

        if (tc->regex == NULL) {
            return NULL;
        }
    }

    return tc;
}


/* tests for HTTP cannot be used for an answer to "send" */

static char *
ngx_vrrp_match_finish(ngx_conf_t *cf, ngx_vrrp_match_ctx_t *ctx)
{
    ngx_vrrp_match_t  *match;

    match = ctx->match;

    match->core.statuses = ctx->statuses.elts;
    match->core.nstatuses = ctx->statuses.nelts;
    match->core.tests = ctx->tests.elts;
    match->core.ntests = ctx->tests.nelts;

    if (match->http && match->text) {
        return ngx_vrrp_failed(cf, "vrrp_match \"%*s\": \"status\", \"header\" "
                               "and \"body\" are for HTTP, \"send\" and "
                               "\"expect\" for send-expect, use two blocks",
                               match->core.name.len, match->core.name.data);
    }

    if (!match->http && !match->text) {
        return ngx_vrrp_failed(cf, "vrrp_match \"%*s\" is empty",
                               match->core.name.len, match->core.name.data);
    }

    return NGX_CONF_OK;
}
