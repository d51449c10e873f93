
/*
 * Reads the words "name=value" of a directive.  Which there are is said by
 * ngx_vrrp_words.c for checks and trackers.
 */


#include "ngx_vrrp_vocabulary.h"


static char *ngx_vrrp_word_parse(ngx_conf_t *cf,
    ngx_vrrp_vocabulary_t *vocabulary, ngx_uint_t owner, void *values,
    ngx_str_t *arg);
static ngx_vrrp_word_t *ngx_vrrp_word_find(ngx_vrrp_vocabulary_t *vocabulary,
    ngx_uint_t owner, ngx_str_t *arg);
static ngx_uint_t ngx_vrrp_word_is(ngx_vrrp_word_t *word, ngx_str_t *arg);
static ngx_uint_t ngx_vrrp_word_is_set(void *values, ngx_vrrp_word_t *word);
static ngx_int_t ngx_vrrp_word_set(void *values, ngx_vrrp_word_t *word,
    ngx_str_t *value);
static char *ngx_vrrp_word_unknown(ngx_conf_t *cf,
    ngx_vrrp_vocabulary_t *vocabulary, ngx_uint_t owner, ngx_str_t *arg);
static char *ngx_vrrp_word_misplaced(ngx_conf_t *cf,
    ngx_vrrp_vocabulary_t *vocabulary, ngx_uint_t owner,
    ngx_vrrp_word_t *word, ngx_str_t *arg);


char *
ngx_vrrp_vocabulary_read(ngx_conf_t *cf, ngx_vrrp_vocabulary_t *vocabulary,
    ngx_uint_t owner, void *values, ngx_str_t *args, ngx_uint_t nargs)
{
    char  *p = values;

    ngx_uint_t        i;
    ngx_vrrp_word_t  *word;

    for (word = vocabulary->words; word->name.len; word++) {
        if (word->valid == NULL) {
            *(ngx_int_t *) (p + word->offset) = NGX_CONF_UNSET;
        }
    }

    for (i = 0; i < nargs; i++) {
        if (ngx_vrrp_word_parse(cf, vocabulary, owner, values, &args[i])
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_vrrp_word_parse(ngx_conf_t *cf, ngx_vrrp_vocabulary_t *vocabulary,
    ngx_uint_t owner, void *values, ngx_str_t *arg)
{
    ngx_str_t         what, value;
    ngx_vrrp_word_t  *word;

    word = ngx_vrrp_word_find(vocabulary, owner, arg);

    if (word == NULL) {
        return ngx_vrrp_word_unknown(cf, vocabulary, owner, arg);
    }

    if (!(word->owners & owner)) {
        return ngx_vrrp_word_misplaced(cf, vocabulary, owner, word, arg);
    }

    if (ngx_vrrp_word_is_set(values, word)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "duplicate parameter \"%V\"",
                           arg);
        return NGX_CONF_ERROR;
    }

    value.data = arg->data + word->name.len;
    value.len = arg->len - word->name.len;

    if (ngx_vrrp_word_set(values, word, &value) != NGX_OK) {
        ngx_str_set(&what, "parameter");
        return ngx_vrrp_conf_invalid(cf, &what, arg, word->bounds.expected);
    }

    return NGX_CONF_OK;
}


/* two owners may have different words of one name */

static ngx_vrrp_word_t *
ngx_vrrp_word_find(ngx_vrrp_vocabulary_t *vocabulary, ngx_uint_t owner,
    ngx_str_t *arg)
{
    ngx_vrrp_word_t  *word, *other;

    other = NULL;

    for (word = vocabulary->words; word->name.len; word++) {

        if (!ngx_vrrp_word_is(word, arg)) {
            continue;
        }

        if (word->owners & owner) {
            return word;
        }

        other = word;
    }

    return other;
}


static ngx_uint_t
ngx_vrrp_word_is(ngx_vrrp_word_t *word, ngx_str_t *arg)
{
    if (ngx_strncmp(arg->data, word->name.data, word->name.len) != 0) {
        return 0;
    }

    return word->name.data[word->name.len - 1] == '='
           || arg->len == word->name.len;
}


static ngx_uint_t
ngx_vrrp_word_is_set(void *values, ngx_vrrp_word_t *word)
{
    char  *p = values;

    if (word->valid) {
        return ((ngx_str_t *) (p + word->offset))->data != NULL;
    }

    return *(ngx_int_t *) (p + word->offset) != NGX_CONF_UNSET;
}


static ngx_int_t
ngx_vrrp_word_set(void *values, ngx_vrrp_word_t *word, ngx_str_t *value)
{
    char  *p = values;

    if (word->set) {
        return word->set(values, word, value);
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
ngx_vrrp_word_unknown(ngx_conf_t *cf, ngx_vrrp_vocabulary_t *vocabulary,
    ngx_uint_t owner, ngx_str_t *arg)
{
    u_char           *p, list[NGX_MAX_CONF_ERRSTR];
    ngx_vrrp_word_t  *word;

    p = list;

    for (word = vocabulary->words; word->name.len; word++) {
        if (word->owners & owner) {
            p = ngx_slprintf(p, list + NGX_MAX_CONF_ERRSTR, "%s\"%V\"",
                             (p == list) ? "" : ", ", &word->name);
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\": \"%s\" supports %*s",
                       arg, ngx_vrrp_vocabulary_owner(vocabulary, owner),
                       (size_t) (p - list), list);

    return NGX_CONF_ERROR;
}


static char *
ngx_vrrp_word_misplaced(ngx_conf_t *cf, ngx_vrrp_vocabulary_t *vocabulary,
    ngx_uint_t owner, ngx_vrrp_word_t *word, ngx_str_t *arg)
{
    u_char            *p, list[NGX_MAX_CONF_ERRSTR];
    ngx_vrrp_owner_t  *o;

    p = list;

    for (o = vocabulary->owners; o->owner; o++) {
        if (word->owners & o->owner) {
            p = ngx_slprintf(p, list + NGX_MAX_CONF_ERRSTR, "%s\"%s\"",
                             (p == list) ? "" : ", ", o->name);
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\": \"%s\" does not support "
                       "\"%V\", it is for %*s",
                       arg, ngx_vrrp_vocabulary_owner(vocabulary, owner),
                       &word->name, (size_t) (p - list), list);

    return NGX_CONF_ERROR;
}


const char *
ngx_vrrp_vocabulary_owner(ngx_vrrp_vocabulary_t *vocabulary, ngx_uint_t owner)
{
    ngx_vrrp_owner_t  *o;

    for (o = vocabulary->owners; o->owner != owner; o++) { /* void */ }

    return o->name;
}
