
/*
 * "track_script": a command, and the user that runs it.
 */


#include "ngx_vrrp_track_conf.h"

#include <grp.h>
#include <pwd.h>


static char *ngx_vrrp_script_command(ngx_conf_t *cf, ngx_str_t *line,
    vrrp_core_check_conf_t *core);
static char *ngx_vrrp_script_user(ngx_conf_t *cf, ngx_str_t *text,
    ngx_vrrp_tracker_t *tracker);
static char *ngx_vrrp_script_unknown(ngx_conf_t *cf, const char *what,
    u_char *name, ngx_err_t err);


char *
ngx_vrrp_conf_track_script(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t           *value;
    ngx_vrrp_words_t     words;
    ngx_vrrp_tracker_t  *tracker;

    value = cf->args->elts;

    if (value[1].len == 0 || value[1].data[0] != '/') {
        return ngx_vrrp_conf_invalid(cf, &cmd->name, &value[1],
                                     "an absolute path is expected, "
                                     "arguments may follow it in the same "
                                     "quotes");
    }

    tracker = ngx_vrrp_track_add(cf, in, NGX_VRRP_TRACK_SCRIPT, &words);

    if (tracker == NULL
        || ngx_vrrp_track_check(cf, tracker, &words, VRRP_CORE_CHECK_SCRIPT)
           != NGX_CONF_OK
        || ngx_vrrp_script_command(cf, &value[1], &tracker->check->core)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    tracker->address = value[1];

    return ngx_vrrp_script_user(cf, &words.user, tracker);
}


/* blanks are between path and arguments; there is no shell, and no quotes */

static char *
ngx_vrrp_script_command(ngx_conf_t *cf, ngx_str_t *line,
    vrrp_core_check_conf_t *core)
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

    core->command = words.elts;
    core->ncommand = words.nelts;

    return NGX_CONF_OK;
}


/* "name" or "name:group"; nginx's own user may still be to come */

static char *
ngx_vrrp_script_user(ngx_conf_t *cf, ngx_str_t *text,
    ngx_vrrp_tracker_t *tracker)
{
    u_char         *name, *colon;
    struct group   *grp;
    struct passwd  *pwd;

    if (text->len == 0) {
        tracker->nginx_user = 1;
        return NGX_CONF_OK;
    }

    name = text->data;
    colon = (u_char *) ngx_strchr(name, ':');

    if (colon) {
        *colon = '\0';
    }

    ngx_set_errno(0);
    pwd = getpwnam((const char *) name);

    if (pwd == NULL) {
        return ngx_vrrp_script_unknown(cf, "user", name, ngx_errno);
    }

    tracker->check->core.uid = pwd->pw_uid;
    tracker->check->core.gid = pwd->pw_gid;

    if (colon == NULL) {
        return NGX_CONF_OK;
    }

    ngx_set_errno(0);
    grp = getgrnam((const char *) colon + 1);

    if (grp == NULL) {
        return ngx_vrrp_script_unknown(cf, "group", colon + 1, ngx_errno);
    }

    tracker->check->core.gid = grp->gr_gid;

    return NGX_CONF_OK;
}


/* the system may say that there is none, or why it cannot tell */

static char *
ngx_vrrp_script_unknown(ngx_conf_t *cf, const char *what, u_char *name,
    ngx_err_t err)
{
    if (err == NGX_ENOENT || err == ESRCH) {
        err = 0;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, err,
                       "unknown %s \"%s\" in \"track_script\"", what, name);

    return NGX_CONF_ERROR;
}


/* now that nginx's user is known */

char *
ngx_vrrp_script_check(ngx_cycle_t *cycle, ngx_vrrp_tracker_t *tracker)
{
    char                     why[NGX_MAX_CONF_ERRSTR];
    ngx_core_conf_t         *ccf;
    vrrp_core_check_conf_t  *core;

    core = &tracker->check->core;

    if (tracker->nginx_user) {
        ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx,
                                               ngx_core_module);

        /* without root's rights nginx has no other user than its own */

        core->uid = (geteuid() == 0) ? ccf->user : geteuid();
        core->gid = (geteuid() == 0) ? ccf->group : getegid();
    }

    /* the path ends with a zero, see ngx_vrrp_script_command() */

    if (vrrp_core_unsafe_path(core->command[0].data, core->uid, why,
                              sizeof(why))
        != VRRP_CORE_OK)
    {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "refused to run track_script \"%V\": %s in %V:%ui",
                      &tracker->name, why,
                      &tracker->place.file, tracker->place.line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}
