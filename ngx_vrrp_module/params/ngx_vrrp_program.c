
/*
 * A program that the configuration names: its path and arguments, who runs it,
 * and whether others could replace it.
 */


#include "ngx_vrrp_program.h"
#include "ngx_vrrp_values.h"

#include <grp.h>
#include <pwd.h>


static char *ngx_vrrp_program_split(ngx_conf_t *cf, ngx_str_t *line,
    ngx_vrrp_program_t *program);
static void ngx_vrrp_program_warn(ngx_conf_t *cf, ngx_str_t *line,
    ngx_vrrp_program_t *program);
static ngx_uint_t ngx_vrrp_program_for_shell(const vrrp_core_str_t *word);
static char *ngx_vrrp_program_user(ngx_conf_t *cf, ngx_str_t *user,
    ngx_vrrp_program_t *program);
static char *ngx_vrrp_program_unknown(ngx_conf_t *cf, const char *what,
    u_char *name, ngx_err_t err);


char *
ngx_vrrp_program_path(ngx_conf_t *cf, ngx_str_t *line)
{
    ngx_str_t  *value;

    if (line->len && line->data[0] == '/') {
        return NGX_CONF_OK;
    }

    value = cf->args->elts;

    return ngx_vrrp_conf_invalid(cf, &value[0], line,
                                 "must be an absolute path, arguments may "
                                 "follow it in the same quotes");
}


char *
ngx_vrrp_program_parse(ngx_conf_t *cf, ngx_str_t *line, ngx_str_t *user,
    ngx_vrrp_program_t *program)
{
    program->line = *line;

    if (ngx_vrrp_program_split(cf, line, program) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_vrrp_program_warn(cf, line, program);

    return ngx_vrrp_program_user(cf, user, program);
}


/* blanks are between path and arguments; there is no shell, and no quotes */

static char *
ngx_vrrp_program_split(ngx_conf_t *cf, ngx_str_t *line,
    ngx_vrrp_program_t *program)
{
    char             *copy, *word, *last;
    ngx_array_t       words;
    vrrp_core_str_t  *str;

    copy = ngx_pnalloc(cf->pool, line->len + 1);

    if (copy == NULL
        || ngx_array_init(&words, cf->pool, 4, sizeof(vrrp_core_str_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_cpystrn((u_char *) copy, line->data, line->len + 1);

    for (word = strtok_r(copy, " \t", &last);
         word;
         word = strtok_r(NULL, " \t", &last))
    {
        str = ngx_array_push(&words);
        if (str == NULL) {
            return NGX_CONF_ERROR;
        }

        str->data = word;
        str->len = ngx_strlen(word);
    }

    program->words = words.elts;
    program->nwords = words.nelts;

    return NGX_CONF_OK;
}


/* keepalived has no shell, either, but other tools do */

static void
ngx_vrrp_program_warn(ngx_conf_t *cf, ngx_str_t *line,
    ngx_vrrp_program_t *program)
{
    size_t                  i;
    ngx_str_t              *value;
    const vrrp_core_str_t  *word;

    value = cf->args->elts;

    for (i = 1; i < program->nwords; i++) {
        word = &program->words[i];

        if (ngx_vrrp_program_for_shell(word)) {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "\"%V\" runs no shell: \"%*s\" in \"%V\" is "
                               "passed to the program as it is, use a script "
                               "for shell commands",
                               &value[0], word->len, word->data, line);
            return;
        }
    }
}


/* "|", "&&", ">file", "2>&1", "$(date)", "'two", "words'", "first;" */

static ngx_uint_t
ngx_vrrp_program_for_shell(const vrrp_core_str_t *word)
{
    char  first, last;

    first = word->data[0];
    last = word->data[word->len - 1];

    return ngx_strchr("|&<>;`'\"", first) != NULL
           || ngx_strchr(";`'\"", last) != NULL
           || ngx_strncmp(word->data, "$(", 2) == 0
           || (first >= '0' && first <= '9' && word->data[1] == '>');
}


/* "name" or "name:group"; nginx's own user may still be to come */

static char *
ngx_vrrp_program_user(ngx_conf_t *cf, ngx_str_t *user,
    ngx_vrrp_program_t *program)
{
    u_char         *name, *colon;
    struct group   *grp;
    struct passwd  *pwd;

    if (user->len == 0) {
        program->nginx_user = 1;
        return NGX_CONF_OK;
    }

    name = user->data;
    colon = (u_char *) ngx_strchr(name, ':');

    if (colon) {
        *colon = '\0';
    }

    ngx_set_errno(0);
    pwd = getpwnam((const char *) name);

    if (pwd == NULL) {
        return ngx_vrrp_program_unknown(cf, "user", name, ngx_errno);
    }

    program->uid = pwd->pw_uid;
    program->gid = pwd->pw_gid;

    if (colon == NULL) {
        return NGX_CONF_OK;
    }

    ngx_set_errno(0);
    grp = getgrnam((const char *) colon + 1);

    if (grp == NULL) {
        return ngx_vrrp_program_unknown(cf, "group", colon + 1, ngx_errno);
    }

    program->gid = grp->gr_gid;

    return NGX_CONF_OK;
}


/* the system may report that there is none, or an error */

static char *
ngx_vrrp_program_unknown(ngx_conf_t *cf, const char *what, u_char *name,
    ngx_err_t err)
{
    ngx_str_t  *value;

    if (err == NGX_ENOENT || err == ESRCH) {
        err = 0;
    }

    value = cf->args->elts;

    ngx_conf_log_error(NGX_LOG_EMERG, cf, err, "unknown %s \"%s\" in \"%V\"",
                       what, name, &value[0]);

    return NGX_CONF_ERROR;
}


char *
ngx_vrrp_program_check(ngx_cycle_t *cycle, ngx_vrrp_program_t *program,
    vrrp_core_str_t *directive, ngx_vrrp_conf_line_t *place)
{
    char              why[NGX_MAX_CONF_ERRSTR];
    ngx_core_conf_t  *ccf;

    if (program->nginx_user) {
        ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx,
                                               ngx_core_module);

        /* without root's rights nginx has no other user than its own */

        program->uid = (geteuid() == 0) ? ccf->user : geteuid();
        program->gid = (geteuid() == 0) ? ccf->group : getegid();
    }

    /* the path ends with a zero, see ngx_vrrp_program_split() */

    if (vrrp_core_unsafe_path(program->words[0].data, program->uid, why,
                              sizeof(why))
        != VRRP_CORE_OK)
    {
        return ngx_vrrp_failed_at(cycle, place, "refused to run %*s \"%V\": %s",
                                  directive->len, directive->data,
                                  &program->line, why);
    }

    return NGX_CONF_OK;
}
