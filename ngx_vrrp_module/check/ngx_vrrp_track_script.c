
/*
 * "track_script": a program, and the user that runs it.
 */


#include "ngx_vrrp_program.h"
#include "ngx_vrrp_track_conf.h"


char *
ngx_vrrp_conf_track_script(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_vrrp_instance_t  *in = conf;

    ngx_str_t                *value;
    ngx_vrrp_check_params_t   params;
    ngx_vrrp_tracker_t       *tracker;
    ngx_vrrp_program_t       *program;
    vrrp_core_check_conf_t   *core;

    value = cf->args->elts;

    if (ngx_vrrp_program_path(cf, &value[1]) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    tracker = ngx_vrrp_track_add(cf, in, NGX_VRRP_TRACK_SCRIPT, &params);

    if (tracker == NULL
        || ngx_vrrp_track_check(cf, tracker, &params, VRRP_CORE_CHECK_SCRIPT)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    program = &tracker->program;

    if (ngx_vrrp_program_parse(cf, &value[1], &params.user, program)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    tracker->address = value[1];

    core = &tracker->check->core;
    core->command = program->words;
    core->ncommand = program->nwords;

    return NGX_CONF_OK;
}


char *
ngx_vrrp_script_check(ngx_cycle_t *cycle, ngx_vrrp_tracker_t *tracker)
{
    if (ngx_vrrp_program_check(cycle, &tracker->program, &tracker->core.type,
                               &tracker->place)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    tracker->check->core.uid = tracker->program.uid;
    tracker->check->core.gid = tracker->program.gid;

    return NGX_CONF_OK;
}
