
/*
 * The directives of an instance are checked and recorded while the "vrrp" block
 * is read.  Then each instance is built from its own directives and from those
 * of the "vrrp" block that it does not have itself.
 */


#include "ngx_vrrp_directives.h"


static char *ngx_vrrp_setting_apply(ngx_conf_t *cf,
    ngx_vrrp_setting_t *setting, ngx_vrrp_instance_t *in);
static ngx_array_t *ngx_vrrp_setting_args(ngx_conf_t *cf, ngx_str_t *args,
    ngx_uint_t n);
static ngx_uint_t ngx_vrrp_setting_overridden(ngx_vrrp_setting_t *setting,
    ngx_vrrp_block_t **blocks, ngx_uint_t n);
static ngx_uint_t ngx_vrrp_setting_replaces(ngx_command_t *cmd,
    ngx_command_t *inherited);


/* an instance that has the first one does not inherit the second one */

static const char  *ngx_vrrp_exclusive[][2] = {
    { "nopreempt", "preempt_delay" },
    { "nopreempt", "preempt_window" },
    { "preempt_delay", "nopreempt" },
    { "preempt_window", "nopreempt" },
    { NULL, NULL }
};


char *
ngx_vrrp_conf_record(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_array_t         *args;
    ngx_vrrp_conf_t     *vcf;
    ngx_vrrp_block_t    *block;
    ngx_vrrp_setting_t  *setting;

    vcf = conf;
    block = (cf->cmd_type & NGX_VRRP_BLOCK_CONF) ? vcf->defaults : conf;

    setting = ngx_array_push(&block->settings);
    args = ngx_vrrp_setting_args(cf, cf->args->elts, cf->args->nelts);

    if (setting == NULL || args == NULL) {
        return NGX_CONF_ERROR;
    }

    setting->cmd = cmd->post;
    setting->args = args->elts;
    setting->nargs = args->nelts;
    ngx_vrrp_conf_line(cf, &setting->place);

    return setting->cmd->set(cf, setting->cmd, &block->checked);
}


/* a list, too, is inherited only if no stronger block has a part of it */

char *
ngx_vrrp_settings_apply(ngx_conf_t *cf, ngx_vrrp_block_t **blocks,
    ngx_uint_t n, ngx_vrrp_instance_t *in)
{
    ngx_uint_t           i, k;
    ngx_vrrp_setting_t  *settings;

    for (i = 0; i < n; i++) {
        settings = blocks[i]->settings.elts;

        for (k = 0; k < blocks[i]->settings.nelts; k++) {

            if (!ngx_vrrp_setting_overridden(&settings[k], blocks, i)
                && ngx_vrrp_setting_apply(cf, &settings[k], in) != NGX_CONF_OK)
            {
                return NGX_CONF_ERROR;
            }
        }
    }

    return NGX_CONF_OK;
}


/* its warnings were logged when it was recorded */

static char *
ngx_vrrp_setting_apply(ngx_conf_t *cf, ngx_vrrp_setting_t *setting,
    ngx_vrrp_instance_t *in)
{
    char             *rv;
    ngx_log_t        *errors;
    ngx_conf_t        at;
    ngx_conf_file_t   file;

    ngx_vrrp_conf_at(cf, &setting->place, &at, &file);

    /* TLS keeps its log */

    errors = ngx_palloc(cf->pool, sizeof(ngx_log_t));
    at.args = ngx_vrrp_setting_args(cf, setting->args, setting->nargs);

    if (errors == NULL || at.args == NULL) {
        return NGX_CONF_ERROR;
    }

    *errors = *cf->log;
    errors->log_level = ngx_min(errors->log_level, NGX_LOG_ERR);
    at.log = errors;

    rv = setting->cmd->set(&at, setting->cmd, in);

    /* the text that nginx has for an error of a directive */

    if (rv != NGX_CONF_OK && rv != NGX_CONF_ERROR) {
        return ngx_vrrp_failed(&at, "\"%V\" directive %s",
                               &setting->cmd->name, rv);
    }

    return rv;
}


/* a copy: a directive may split its arguments */

static ngx_array_t *
ngx_vrrp_setting_args(ngx_conf_t *cf, ngx_str_t *args, ngx_uint_t n)
{
    ngx_str_t    *arg;
    ngx_uint_t    i;
    ngx_array_t  *copy;

    copy = ngx_array_create(cf->pool, n, sizeof(ngx_str_t));
    if (copy == NULL) {
        return NULL;
    }

    for (i = 0; i < n; i++) {
        arg = ngx_array_push(copy);

        arg->len = args[i].len;
        arg->data = ngx_pnalloc(cf->pool, args[i].len + 1);

        if (arg->data == NULL) {
            return NULL;
        }

        ngx_cpystrn(arg->data, args[i].data, args[i].len + 1);
    }

    return copy;
}


static ngx_uint_t
ngx_vrrp_setting_overridden(ngx_vrrp_setting_t *setting,
    ngx_vrrp_block_t **blocks, ngx_uint_t n)
{
    ngx_uint_t           i, k;
    ngx_vrrp_setting_t  *settings;

    for (i = 0; i < n; i++) {
        settings = blocks[i]->settings.elts;

        for (k = 0; k < blocks[i]->settings.nelts; k++) {
            if (ngx_vrrp_setting_replaces(settings[k].cmd, setting->cmd)) {
                return 1;
            }
        }
    }

    return 0;
}


static ngx_uint_t
ngx_vrrp_setting_replaces(ngx_command_t *cmd, ngx_command_t *inherited)
{
    ngx_uint_t  i;

    if (cmd == inherited) {
        return 1;
    }

    for (i = 0; ngx_vrrp_exclusive[i][0]; i++) {
        if (ngx_strcmp(cmd->name.data, ngx_vrrp_exclusive[i][0]) == 0
            && ngx_strcmp(inherited->name.data, ngx_vrrp_exclusive[i][1]) == 0)
        {
            return 1;
        }
    }

    return 0;
}


void
ngx_vrrp_conf_at(ngx_conf_t *cf, ngx_vrrp_conf_line_t *place, ngx_conf_t *at,
    ngx_conf_file_t *file)
{
    *file = *cf->conf_file;
    file->file.name = place->file;
    file->line = place->line;

    *at = *cf;
    at->conf_file = file;
}
