
/*
 * The runner process, which runs the scripts of "track_script" and nothing
 * else.  It exists only where the configuration has some.
 */


#include "ngx_vrrp_process.h"


static void ngx_vrrp_runner_cycle(ngx_cycle_t *cycle, void *data);
static void ngx_vrrp_runner_report(ngx_cycle_t *cycle);


ngx_vrrp_helper_t  ngx_vrrp_runner_helper = {
    "vrrp runner process",
    "ngx_vrrp_run",
    ngx_vrrp_runner_cycle,
    NGX_VRRP_EVENTS_NONE,
    0,
    NULL
};


static void
ngx_vrrp_runner_cycle(ngx_cycle_t *cycle, void *data)
{
    ngx_int_t  rc;

    ngx_vrrp_helper_begin(cycle, &ngx_vrrp_runner_helper);

    rc = ngx_vrrp_runner_privileges(cycle);

    if (rc == NGX_ERROR) {
        ngx_vrrp_helper_fail(cycle, &ngx_vrrp_runner_helper);
    }

    if (rc == NGX_DECLINED) {
        ngx_vrrp_runner_report(cycle);
    }

    ngx_vrrp_helper_init(cycle, &ngx_vrrp_runner_helper,
                         ngx_vrrp_checker_connections(cycle));

    ngx_vrrp_checker_run(cycle, &ngx_vrrp_runner_helper, VRRP_CHECKER_SCRIPTS,
                         -1, -1);
}


/* scripts of the user that nginx runs as are run anyway */

static void
ngx_vrrp_runner_report(ngx_cycle_t *cycle)
{
    size_t                         i;
    ngx_vrrp_conf_t               *vcf;
    const vrrp_core_check_conf_t  *check;

    vcf = ngx_vrrp_get_conf(cycle);

    for (i = 0; i < vcf->core.nchecks; i++) {
        check = &vcf->core.checks[i];

        if (check->kind != VRRP_CORE_CHECK_SCRIPT
            || (check->uid == geteuid() && check->gid == getegid()))
        {
            continue;
        }

        ngx_vrrp_report_scripts(cycle);
        return;
    }
}
