
/*
 * Reads the words "name=value" of checks and trackers.  What needs a second
 * word to be judged is in ngx_vrrp_check_conf.c and ngx_vrrp_track_conf.c.
 */


#include "ngx_vrrp_words.h"


#define NGX_VRRP_PROBES                                                       \
    (NGX_VRRP_CHECKS|NGX_VRRP_TRACK_HTTP|NGX_VRRP_TRACK_HTTPS                 \
     |NGX_VRRP_TRACK_TCP|NGX_VRRP_TRACK_PING|NGX_VRRP_TRACK_SCRIPT)

#define NGX_VRRP_EVERYONE  (NGX_VRRP_CHECKS|NGX_VRRP_TRACKERS)


typedef struct ngx_vrrp_word_s  ngx_vrrp_word_t;

typedef ngx_int_t (*ngx_vrrp_word_pt)(ngx_vrrp_words_t *words,
    ngx_vrrp_word_t *word, ngx_str_t *value);

typedef ngx_uint_t (*ngx_vrrp_valid_pt)(ngx_str_t *value);

struct ngx_vrrp_word_s {
    ngx_str_t            name;           /* with its "=", if it has one */
    ngx_uint_t           owners;
    ngx_uint_t           offset;         /* in ngx_vrrp_words_t */

    /* a number, or a text, or whatever set() makes of it */
    ngx_vrrp_bounds_t    bounds;
    ngx_vrrp_valid_pt    valid;
    ngx_vrrp_word_pt     set;
};


typedef struct {
    ngx_uint_t           owner;
    const char          *name;
} ngx_vrrp_owner_t;


static char *ngx_vrrp_word_parse(ngx_conf_t *cf, ngx_vrrp_words_t *words,
    ngx_str_t *arg);
static ngx_vrrp_word_t *ngx_vrrp_word_find(ngx_str_t *arg);
static ngx_uint_t ngx_vrrp_word_is_set(ngx_vrrp_words_t *words,
    ngx_vrrp_word_t *word);
static ngx_int_t ngx_vrrp_word_set(ngx_vrrp_words_t *words,
    ngx_vrrp_word_t *word, ngx_str_t *value);
static char *ngx_vrrp_word_unknown(ngx_conf_t *cf, ngx_vrrp_words_t *words,
    ngx_str_t *arg);
static char *ngx_vrrp_word_misplaced(ngx_conf_t *cf, ngx_vrrp_words_t *words,
    ngx_vrrp_word_t *word, ngx_str_t *arg);

static ngx_int_t ngx_vrrp_set_weight(ngx_vrrp_words_t *words,
    ngx_vrrp_word_t *word, ngx_str_t *value);
static ngx_int_t ngx_vrrp_set_min_up(ngx_vrrp_words_t *words,
    ngx_vrrp_word_t *word, ngx_str_t *value);


#define ngx_vrrp_number(field, parse, low, high, expected)                    \
    offsetof(ngx_vrrp_words_t, field),                                        \
    { parse, low, high, 0, expected }, NULL, NULL

#define ngx_vrrp_text(field, valid, expected)                                 \
    offsetof(ngx_vrrp_words_t, field),                                        \
    { NULL, 0, 0, 0, expected }, valid, NULL


/* in the order in which messages list them */

static ngx_vrrp_word_t  ngx_vrrp_words[] = {

    { ngx_string("uri="),
      NGX_VRRP_CHECK_HTTP|NGX_VRRP_CHECK_HTTPS,
      ngx_vrrp_text(uri, ngx_vrrp_valid_uri,
                    "a path that begins with \"/\" and has no spaces "
                    "is expected, or \"*\" with method=OPTIONS") },

    { ngx_string("host="),
      NGX_VRRP_HTTP,
      ngx_vrrp_text(host, ngx_vrrp_valid_host,
                    "the value of the \"Host\" header is expected") },

    { ngx_string("method="),
      NGX_VRRP_HTTP,
      ngx_vrrp_text(method, ngx_vrrp_valid_method,
                    "GET, HEAD or OPTIONS is expected") },

    { ngx_string("keepalive="),
      NGX_VRRP_HTTP,
      ngx_vrrp_number(keepalive, ngx_vrrp_parse_flag, 0, 1,
                      "\"on\" or \"off\" is expected") },

    { ngx_string("status="),
      NGX_VRRP_TRACK_HTTP|NGX_VRRP_TRACK_HTTPS,
      ngx_vrrp_text(status, ngx_vrrp_valid_text,
                    "statuses and ranges are expected, "
                    "as in \"200,204,300-399\"") },

    { ngx_string("match="),
      NGX_VRRP_HTTP|NGX_VRRP_CHECK_SEND_EXPECT,
      ngx_vrrp_text(match, ngx_vrrp_valid_name, NGX_VRRP_NAME_EXPECTED) },

    { ngx_string("port="),
      NGX_VRRP_CHECKS,
      ngx_vrrp_number(port, ngx_vrrp_parse_number, 1, 65535,
                      "a number from 1 to 65535 is expected") },

    { ngx_string("min_up="),
      NGX_VRRP_TRACK_UPSTREAM,
      offsetof(ngx_vrrp_words_t, min_up),
      { NULL, 0, 0, 0,
        "a number of servers is expected, or a share of them from 1% "
        "to 100%" },
      NULL,
      ngx_vrrp_set_min_up },

    { ngx_string("count="),
      NGX_VRRP_TRACK_PING,
      ngx_vrrp_number(count, ngx_vrrp_parse_number, 1, 64,
                      "a number of pings from 1 to 64 is expected") },

    { ngx_string("loss="),
      NGX_VRRP_TRACK_PING,
      ngx_vrrp_number(loss, ngx_vrrp_parse_percent, 1, 100,
                      "a share from 1% to 100% is expected") },

    { ngx_string("user="),
      NGX_VRRP_TRACK_SCRIPT,
      ngx_vrrp_text(user, ngx_vrrp_valid_text,
                    "a user is expected, or \"user:group\"") },

    { ngx_string("interval="),
      NGX_VRRP_EVERYONE,
      ngx_vrrp_number(interval, ngx_vrrp_parse_msec, 10, 3600000,
                      "a time from 10ms to 1h is expected") },

    { ngx_string("timeout="),
      NGX_VRRP_PROBES,
      ngx_vrrp_number(timeout, ngx_vrrp_parse_msec, 1, 3600000,
                      "a time from 1ms to 1h is expected") },

    { ngx_string("fall="),
      NGX_VRRP_EVERYONE,
      ngx_vrrp_number(fall, ngx_vrrp_parse_number, 1, 1000,
                      "a number from 1 to 1000 is expected") },

    { ngx_string("rise="),
      NGX_VRRP_EVERYONE,
      ngx_vrrp_number(rise, ngx_vrrp_parse_number, 1, 1000,
                      "a number from 1 to 1000 is expected") },

    { ngx_string("fastinter="),
      NGX_VRRP_PROBES,
      ngx_vrrp_number(fastinter, ngx_vrrp_parse_msec, 10, 3600000,
                      "a time from 10ms to 1h is expected") },

    { ngx_string("downinter="),
      NGX_VRRP_PROBES,
      ngx_vrrp_number(downinter, ngx_vrrp_parse_msec, 10, 3600000,
                      "a time from 10ms to 1h is expected") },

    { ngx_string("jitter="),
      NGX_VRRP_PROBES,
      ngx_vrrp_number(jitter, ngx_vrrp_parse_percent, 0, 50,
                      "a share of the interval from 0% to 50% "
                      "is expected") },

    { ngx_string("mandatory"),
      NGX_VRRP_CHECKS,
      offsetof(ngx_vrrp_words_t, mandatory),
      { NULL, 0, 0, 0, NULL }, NULL, NULL },

    { ngx_string("sni="),
      NGX_VRRP_TLS,
      ngx_vrrp_text(sni, ngx_vrrp_valid_sni,
                    "a host name is expected, TLS has no IP addresses "
                    "as server names") },

    { ngx_string("verify="),
      NGX_VRRP_TLS,
      ngx_vrrp_number(verify, ngx_vrrp_parse_flag, 0, 1,
                      "\"on\" or \"off\" is expected") },

    { ngx_string("ca="),
      NGX_VRRP_TLS,
      ngx_vrrp_text(ca, ngx_vrrp_valid_text, "a file is expected") },

    { ngx_string("cert="),
      NGX_VRRP_TLS,
      ngx_vrrp_text(certificate, ngx_vrrp_valid_text,
                    "a file is expected") },

    { ngx_string("key="),
      NGX_VRRP_TLS,
      ngx_vrrp_text(certificate_key, ngx_vrrp_valid_text,
                    "a file is expected") },

    { ngx_string("weight="),
      NGX_VRRP_TRACKERS,
      offsetof(ngx_vrrp_words_t, weighted),
      { NULL, 0, 0, 0,
        "a number from -253 to 253 is expected, but not 0: without "
        "\"weight=\" a failure is a fault" },
      NULL,
      ngx_vrrp_set_weight },

    { ngx_null_string, 0, 0, { NULL, 0, 0, 0, NULL }, NULL, NULL }
};


static ngx_vrrp_owner_t  ngx_vrrp_owners[] = {
    { NGX_VRRP_CHECK_TCP, "vrrp_check tcp" },
    { NGX_VRRP_CHECK_HTTP, "vrrp_check http" },
    { NGX_VRRP_CHECK_HTTPS, "vrrp_check https" },
    { NGX_VRRP_CHECK_SEND_EXPECT, "vrrp_check send-expect" },
    { NGX_VRRP_TRACK_UPSTREAM, "track_upstream" },
    { NGX_VRRP_TRACK_HTTP, "track_http http://" },
    { NGX_VRRP_TRACK_HTTPS, "track_http https://" },
    { NGX_VRRP_TRACK_TCP, "track_tcp" },
    { NGX_VRRP_TRACK_PING, "track_ping" },
    { NGX_VRRP_TRACK_INTERFACE, "track_interface" },
    { NGX_VRRP_TRACK_FILE, "track_file" },
    { NGX_VRRP_TRACK_SCRIPT, "track_script" },
    { 0, NULL }
};


char *
ngx_vrrp_words_parse(ngx_conf_t *cf, ngx_vrrp_words_t *words,
    ngx_uint_t owner, ngx_str_t *args, ngx_uint_t nargs)
{
    char  *p = (char *) words;

    ngx_uint_t        i;
    ngx_vrrp_word_t  *word;

    ngx_memzero(words, sizeof(ngx_vrrp_words_t));

    for (word = ngx_vrrp_words; word->name.len; word++) {
        if (word->valid == NULL) {
            *(ngx_int_t *) (p + word->offset) = NGX_CONF_UNSET;
        }
    }

    words->owner = owner;
    words->min_up_percent = 0;

    for (i = 0; i < nargs; i++) {
        if (ngx_vrrp_word_parse(cf, words, &args[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_word_parse(ngx_conf_t *cf, ngx_vrrp_words_t *words, ngx_str_t *arg)
{
    ngx_str_t         what, value;
    ngx_vrrp_word_t  *word;

    word = ngx_vrrp_word_find(arg);

    if (word == NULL) {
        return ngx_vrrp_word_unknown(cf, words, arg);
    }

    if (!(word->owners & words->owner)) {
        return ngx_vrrp_word_misplaced(cf, words, word, arg);
    }

    if (ngx_vrrp_word_is_set(words, word)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "duplicate parameter \"%V\"",
                           arg);
        return NGX_CONF_ERROR;
    }

    value.data = arg->data + word->name.len;
    value.len = arg->len - word->name.len;

    if (ngx_vrrp_word_set(words, word, &value) != NGX_OK) {
        ngx_str_set(&what, "parameter");
        return ngx_vrrp_conf_invalid(cf, &what, arg, word->bounds.expected);
    }

    return NGX_CONF_OK;
}


static ngx_vrrp_word_t *
ngx_vrrp_word_find(ngx_str_t *arg)
{
    ngx_vrrp_word_t  *word;

    for (word = ngx_vrrp_words; word->name.len; word++) {

        if (ngx_strncmp(arg->data, word->name.data, word->name.len) != 0) {
            continue;
        }

        if (word->name.data[word->name.len - 1] == '='
            || arg->len == word->name.len)
        {
            return word;
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_vrrp_word_is_set(ngx_vrrp_words_t *words, ngx_vrrp_word_t *word)
{
    char  *p = (char *) words;

    if (word->valid) {
        return ((ngx_str_t *) (p + word->offset))->data != NULL;
    }

    return *(ngx_int_t *) (p + word->offset) != NGX_CONF_UNSET;
}


static ngx_int_t
ngx_vrrp_word_set(ngx_vrrp_words_t *words, ngx_vrrp_word_t *word,
    ngx_str_t *value)
{
    char  *p = (char *) words;

    if (word->set) {
        return word->set(words, word, value);
    }

    if (word->bounds.parse) {
        return ngx_vrrp_parse_bounded(value, &word->bounds,
                                      (ngx_int_t *) (p + word->offset));
    }

    if (word->valid == NULL) {
        *(ngx_int_t *) (p + word->offset) = 1;
        return NGX_OK;
    }

    if (!word->valid(value)) {
        return NGX_ERROR;
    }

    *(ngx_str_t *) (p + word->offset) = *value;

    return NGX_OK;
}


static char *
ngx_vrrp_word_unknown(ngx_conf_t *cf, ngx_vrrp_words_t *words, ngx_str_t *arg)
{
    u_char           *p, list[NGX_MAX_CONF_ERRSTR];
    ngx_vrrp_word_t  *word;

    p = list;

    for (word = ngx_vrrp_words; word->name.len; word++) {
        if (word->owners & words->owner) {
            p = ngx_slprintf(p, list + NGX_MAX_CONF_ERRSTR, "%s\"%V\"",
                             (p == list) ? "" : ", ", &word->name);
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\": \"%s\" knows %*s",
                       arg, ngx_vrrp_words_owner(words->owner),
                       (size_t) (p - list), list);

    return NGX_CONF_ERROR;
}


static char *
ngx_vrrp_word_misplaced(ngx_conf_t *cf, ngx_vrrp_words_t *words,
    ngx_vrrp_word_t *word, ngx_str_t *arg)
{
    u_char            *p, list[NGX_MAX_CONF_ERRSTR];
    ngx_vrrp_owner_t  *owner;

    p = list;

    for (owner = ngx_vrrp_owners; owner->owner; owner++) {
        if (word->owners & owner->owner) {
            p = ngx_slprintf(p, list + NGX_MAX_CONF_ERRSTR, "%s\"%s\"",
                             (p == list) ? "" : ", ", owner->name);
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\": \"%s\" has no \"%V\", "
                       "it is for %*s",
                       arg, ngx_vrrp_words_owner(words->owner), &word->name,
                       (size_t) (p - list), list);

    return NGX_CONF_ERROR;
}


const char *
ngx_vrrp_words_owner(ngx_uint_t owner)
{
    ngx_vrrp_owner_t  *o;

    for (o = ngx_vrrp_owners; o->owner != owner; o++) { /* void */ }

    return o->name;
}


static ngx_int_t
ngx_vrrp_set_weight(ngx_vrrp_words_t *words, ngx_vrrp_word_t *word,
    ngx_str_t *value)
{
    ngx_int_t   n;
    ngx_str_t   digits;
    ngx_uint_t  minus;

    digits = *value;
    minus = (digits.len && digits.data[0] == '-');

    if (minus || (digits.len && digits.data[0] == '+')) {
        digits.data++;
        digits.len--;
    }

    n = ngx_atoi(digits.data, digits.len);

    if (n < 1 || n > 253) {
        return NGX_ERROR;
    }

    words->weighted = 1;
    words->weight = minus ? -n : n;

    return NGX_OK;
}


static ngx_int_t
ngx_vrrp_set_min_up(ngx_vrrp_words_t *words, ngx_vrrp_word_t *word,
    ngx_str_t *value)
{
    ngx_int_t  n;

    n = ngx_vrrp_parse_percent(value);

    if (n != NGX_ERROR) {
        words->min_up = n;
        words->min_up_percent = 1;
        return (n >= 1 && n <= 100) ? NGX_OK : NGX_ERROR;
    }

    n = ngx_vrrp_parse_number(value);

    words->min_up = n;
    return (n >= 1 && n <= 65535) ? NGX_OK : NGX_ERROR;
}
