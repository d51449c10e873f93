
/*
 * Commands of operators: "vrrp_control" in a location.  A worker leaves the
 * command in shared memory, wakes the vrrp process, and looks for the answer
 * every few milliseconds; it serves others meanwhile.
 */


#include "ngx_http_vrrp_status.h"
#include "ngx_vrrp_values.h"


/* milliseconds between two looks at whether there is an answer */

#define NGX_HTTP_VRRP_CONTROL_LOOK  5


typedef struct {
    vrrp_core_ticket_t    ticket;
    ngx_uint_t            pending;
    ngx_event_t           look;
} ngx_http_vrrp_control_ctx_t;


static const char *ngx_http_vrrp_control_refuse(ngx_http_request_t *r);
static ngx_uint_t ngx_http_vrrp_control_known(ngx_http_request_t *r);
static const char *ngx_http_vrrp_control_terms(ngx_http_request_t *r,
    vrrp_core_command_t *command);
static ngx_int_t ngx_http_vrrp_control_ask(ngx_http_request_t *r,
    vrrp_core_command_t *command);
static void ngx_http_vrrp_control_look(ngx_event_t *ev);
static void ngx_http_vrrp_control_cleanup(void *data);
static ngx_int_t ngx_http_vrrp_control_error(ngx_http_request_t *r,
    ngx_uint_t status, const char *error);
static ngx_uint_t ngx_http_vrrp_control_status(vrrp_core_result_e result);


static const ngx_str_t  ngx_http_vrrp_control_type =
    ngx_string("application/json");


ngx_int_t
ngx_http_vrrp_control_handler(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    ngx_str_t             name;
    const char           *refused, *invalid;
    vrrp_core_str_t       path;
    vrrp_core_command_t   command;

    /* a client of another location must not give orders through it */

    if (r != r->main) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "\"vrrp_control\" does not accept subrequests of "
                      "\"mirror\", \"auth_request\" and other directives");
        return NGX_HTTP_FORBIDDEN;
    }

    if (r->method != NGX_HTTP_POST) {
        return (ngx_http_vrrp_add_header(r, "Allow", "POST") == NGX_OK)
               ? NGX_HTTP_NOT_ALLOWED : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    refused = ngx_http_vrrp_control_refuse(r);

    if (refused) {
        return ngx_http_vrrp_control_error(r, NGX_HTTP_FORBIDDEN, refused);
    }

    ngx_memzero(&command, sizeof(vrrp_core_command_t));

    /* /vrrp/control/release, or a location "= /release" */

    ngx_vrrp_core_str(&path, &r->uri);

    if (vrrp_core_action(&path, &command.command) != VRRP_CORE_OK) {
        return ngx_http_vrrp_control_error(r, NGX_HTTP_NOT_FOUND,
                                           "unknown action, must be release, "
                                           "resume or failback");
    }

    if (!ngx_http_vrrp_control_known(r)) {
        return ngx_http_vrrp_control_error(r, NGX_HTTP_BAD_REQUEST,
                                           "unknown parameter, must be "
                                           "instance, for or rescue");
    }

    ngx_vrrp_core_str(&command.who, &r->connection->addr_text);

    if (ngx_http_arg(r, (u_char *) "instance", 8, &name) == NGX_OK) {

        if (!ngx_vrrp_valid_name(&name)) {
            return ngx_http_vrrp_control_error(r, NGX_HTTP_NOT_FOUND,
                                               "no such instance");
        }

        ngx_vrrp_core_str(&command.instance, &name);
    }

    invalid = ngx_http_vrrp_control_terms(r, &command);

    if (invalid) {
        return ngx_http_vrrp_control_error(r, NGX_HTTP_BAD_REQUEST, invalid);
    }

    return ngx_http_vrrp_control_ask(r, &command);
}


/*
 * Whether we know the name of each parameter: without "rescue=off", which was
 * misspelled, a broken node would take over again.
 */

static ngx_uint_t
ngx_http_vrrp_control_known(ngx_http_request_t *r)
{
    u_char      *p, *end, *last;
    ngx_str_t    name;
    ngx_uint_t   i;

    static const ngx_str_t  known[] = {
        ngx_string("instance"),
        ngx_string("for"),
        ngx_string("rescue")
    };

    last = r->args.data + r->args.len;

    for (p = r->args.data; p < last; p = end + 1) {

        end = ngx_strlchr(p, last, '&');

        if (end == NULL) {
            end = last;
        }

        if (end == p) {
            continue;
        }

        name.data = p;
        p = ngx_strlchr(p, end, '=');
        name.len = (p ? p : end) - name.data;

        for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {

            /* without regard to case, as ngx_http_arg() */

            if (name.len == known[i].len
                && ngx_strncasecmp(name.data, known[i].data, name.len) == 0)
            {
                break;
            }
        }

        if (i == sizeof(known) / sizeof(known[0]) || p == NULL) {
            return 0;
        }
    }

    return 1;
}


/*
 * An operator who gives an end does not watch the node until then: if the other
 * node fails meanwhile, this one serves, unless the request says otherwise.
 */

static const char *
ngx_http_vrrp_control_terms(ngx_http_request_t *r,
    vrrp_core_command_t *command)
{
    ngx_int_t   seconds;
    ngx_str_t   value;
    ngx_uint_t  length, rescue;

    length = (ngx_http_arg(r, (u_char *) "for", 3, &value) == NGX_OK);

    if (length) {
        seconds = ngx_parse_time(&value, 1);

        if (seconds < 1 || seconds > VRRP_CORE_LONGEST_RELEASE) {
            return "invalid for=, must be 1s to 365d, for example 30m";
        }

        command->length_ns = (int64_t) seconds * 1000000000;
        command->rescue = 1;
    }

    rescue = (ngx_http_arg(r, (u_char *) "rescue", 6, &value) == NGX_OK);

    if (rescue) {

        if (value.len == 2 && ngx_strncmp(value.data, "on", 2) == 0) {
            command->rescue = 1;

        } else if (value.len == 3 && ngx_strncmp(value.data, "off", 3) == 0) {
            command->rescue = 0;

        } else {
            return "invalid rescue=, must be on or off";
        }
    }

    if ((length || rescue) && command->command != VRRP_CORE_RELEASE) {
        return "for= and rescue= are parameters of release";
    }

    return NULL;
}


static ngx_int_t
ngx_http_vrrp_control_ask(ngx_http_request_t *r, vrrp_core_command_t *command)
{
    ngx_vrrp_conf_t              *vcf;
    ngx_connection_t             *c;
    ngx_pool_cleanup_t           *cln;
    ngx_http_vrrp_control_ctx_t  *ctx;

    c = r->connection;
    vcf = ngx_vrrp_get_conf(ngx_cycle);

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_vrrp_control_ctx_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(ngx_http_vrrp_control_ctx_t));

    if (ngx_handle_read_event(c->read, 0) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    switch (vrrp_core_command(vcf->memory, &vcf->core, command, &ctx->ticket)) {

    case VRRP_CORE_OK:
        break;

    case VRRP_CORE_AGAIN:
        return ngx_http_vrrp_control_error(r, NGX_HTTP_SERVICE_UNAVAILABLE,
                                           "too many commands at once, "
                                           "nothing was changed");

    default:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->pending = 1;
    ctx->look.handler = ngx_http_vrrp_control_look;
    ctx->look.data = c;
    ctx->look.log = c->log;

    cln->handler = ngx_http_vrrp_control_cleanup;

    ngx_http_set_ctx(r, ctx, ngx_http_vrrp_status_module);

    /* the client may go away; the command is executed anyway */

    if (!r->discard_body) {
        r->read_event_handler = ngx_http_test_reading;
    }

    r->write_event_handler = ngx_http_request_empty_handler;
    r->main->count++;

    ngx_add_timer(&ctx->look, NGX_HTTP_VRRP_CONTROL_LOOK);

    return NGX_DONE;
}


static void
ngx_http_vrrp_control_look(ngx_event_t *ev)
{
    ngx_int_t                     rc;
    ngx_vrrp_conf_t              *vcf;
    ngx_connection_t             *c;
    ngx_http_request_t           *r;
    vrrp_core_result_e            result;
    ngx_http_vrrp_text_t          text;
    ngx_http_vrrp_control_ctx_t  *ctx;

    c = ev->data;
    r = c->data;

    ngx_http_set_log_request(c->log, r);

    ctx = ngx_http_get_module_ctx(r, ngx_http_vrrp_status_module);
    vcf = ngx_vrrp_get_conf(ngx_cycle);

    ngx_http_vrrp_text_init(&text, r->pool);

    result = vrrp_core_command_result(vcf->memory, &ctx->ticket,
                                      ngx_http_vrrp_text_append, &text);

    if (result == VRRP_CORE_PENDING) {
        ngx_add_timer(ev, NGX_HTTP_VRRP_CONTROL_LOOK);
        return;
    }

    ctx->pending = 0;

    rc = ngx_http_vrrp_text_send(r, ngx_http_vrrp_control_status(result),
                                 &ngx_http_vrrp_control_type, &text);

    ngx_http_finalize_request(r, rc);
    ngx_http_run_posted_requests(c);
}


static void
ngx_http_vrrp_control_cleanup(void *data)
{
    ngx_http_vrrp_control_ctx_t  *ctx = data;

    ngx_vrrp_conf_t  *vcf;

    if (ctx->look.timer_set) {
        ngx_del_timer(&ctx->look);
    }

    if (ctx->pending) {
        vcf = ngx_vrrp_get_conf(ngx_cycle);
        vrrp_core_command_forget(vcf->memory, &ctx->ticket);
    }
}


static ngx_uint_t
ngx_http_vrrp_control_status(vrrp_core_result_e result)
{
    switch (result) {

    case VRRP_CORE_DONE:
        return NGX_HTTP_OK;

    case VRRP_CORE_REFUSED:
        return NGX_HTTP_CONFLICT;

    case VRRP_CORE_NOT_FOUND:
        return NGX_HTTP_NOT_FOUND;

    default:
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }
}


static ngx_int_t
ngx_http_vrrp_control_error(ngx_http_request_t *r, ngx_uint_t status,
    const char *error)
{
    ngx_http_vrrp_text_t  text;

    ngx_http_vrrp_text_init(&text, r->pool);

    ngx_http_vrrp_text_puts(&text, "{\"error\":\"");
    ngx_http_vrrp_text_puts(&text, error);
    ngx_http_vrrp_text_puts(&text, "\"}\n");

    return ngx_http_vrrp_text_send(r, status, &ngx_http_vrrp_control_type,
                                   &text);
}


/*
 * Any page can have the browser of an operator send a POST to here: a form or
 * a script with the header "Origin", a link with "ping" without it in some
 * browsers.  None of them can add the header that is demanded.  A script can
 * if a name is made to mean our address, which makes its page look like ours,
 * but not without "Origin".
 */

static const char *
ngx_http_vrrp_control_refuse(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    static const ngx_str_t  origin = ngx_string("origin");
    static const ngx_str_t  control = ngx_string("x-vrrp-control");

    h = ngx_http_vrrp_header(r, &control, NULL);

    if (h == NULL || h->value.len != 1 || h->value.data[0] != '1') {
        return "the request needs the header X-VRRP-Control: 1";
    }

    return ngx_http_vrrp_header(r, &origin, NULL)
           ? "requests of browsers are not allowed" : NULL;
}
