
/*
 * The vrrp process: a true child of the master, which respawns it, signals
 * it, replaces it on reload and ends it on quit, like a worker.
 */


#include "ngx_vrrp_process.h"
#include "ngx_vrrp_secret.h"


static void ngx_vrrp_process_cycle(ngx_cycle_t *cycle, void *data);
static const char *ngx_vrrp_process_passwords(ngx_cycle_t *cycle);
static ngx_uint_t ngx_vrrp_process_connections(ngx_cycle_t *cycle);
static void ngx_vrrp_process_start_core(ngx_vrrp_process_t *vp,
    const char *reason);
static void ngx_vrrp_process_signals(ngx_vrrp_process_t *vp);
static int64_t ngx_vrrp_process_deadline(void *data);
static void ngx_vrrp_process_on_timer(void *data);
static void ngx_vrrp_process_on_readable(void *data, int fd);


/* comm: "killall -9 nginx" must leave the one that gives the VIP up */

static ngx_vrrp_helper_t  ngx_vrrp_process_helper = {
    "vrrp process",
    "ngx_vrrp",
    ngx_vrrp_process_cycle,
    NGX_VRRP_EVENTS_SENT,
    1,
    NULL
};

/* the vrrp process itself; there is one of them in a process */

static ngx_vrrp_process_t  ngx_vrrp_process;


/* in the master, from init_module */

void
ngx_vrrp_start_process(ngx_cycle_t *cycle)
{
    if (ngx_vrrp_ownership_open(cycle) != NGX_OK
        || ngx_vrrp_spawn_helper(cycle, &ngx_vrrp_process_helper) != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "vrrp: could not start the vrrp process, "
                      "nginx serves without VRRP");
    }
}


/* in the vrrp process */

static void
ngx_vrrp_process_cycle(ngx_cycle_t *cycle, void *data)
{
    const char          *reason, *unreadable;
    ngx_vrrp_process_t  *vp;

    ngx_vrrp_helper_begin(cycle, &ngx_vrrp_process_helper);

    vp = &ngx_vrrp_process;

    /* others see the user that has bound a name */

    vp->began_as_root = (geteuid() == 0);
    vrrp_core_take_names(&ngx_vrrp_get_conf(cycle)->core);

    ngx_vrrp_set_scheduling(cycle, vp);

    ngx_vrrp_helper_raise_limit(cycle, ngx_vrrp_process_connections(cycle));

    reason = NULL;
    unreadable = ngx_vrrp_process_passwords(cycle);

    if (ngx_vrrp_process_privileges(cycle, &reason) == NGX_ERROR) {
        ngx_vrrp_helper_fail(cycle, &ngx_vrrp_process_helper);
    }

    if (reason == NULL) {
        reason = unreadable;
    }

    ngx_vrrp_helper_init(cycle, &ngx_vrrp_process_helper,
                         ngx_vrrp_process_connections(cycle));

    ngx_vrrp_process_start_core(vp, reason);

    for ( ;; ) {
        ngx_vrrp_process_signals(vp);

        if (vrrp_core_finished(vp->core)) {
            break;
        }

        ngx_vrrp_event_arm_timer(&vp->loop);

        ngx_vrrp_event_wait(cycle);
    }

    vrrp_core_destroy(vp->core);

    ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0, "vrrp process exiting");

    exit(0);
}


/* while it is still root; NULL, or what could not be read */

static const char *
ngx_vrrp_process_passwords(ngx_cycle_t *cycle)
{
    size_t                      i;
    ngx_int_t                   rc;
    ngx_vrrp_conf_t            *vcf;
    ngx_vrrp_secret_t           secret;
    vrrp_core_instance_conf_t  *ic;

    static u_char  reason[NGX_MAX_CONF_ERRSTR];

    vcf = ngx_vrrp_get_conf(cycle);
    ic = (vrrp_core_instance_conf_t *) vcf->core.instances;

    for (i = 0; i < vcf->core.ninstances; i++) {

        if (ic[i].auth_file.len == 0) {
            continue;
        }

        rc = ngx_vrrp_secret_read(ic[i].auth_file.data, &secret);

        if (rc == NGX_OK) {
            ic[i].auth_pass = 1;
            ngx_memcpy(ic[i].auth_data, secret.line.data,
                       ngx_min(secret.line.len, VRRP_CORE_AUTH_LEN));

        } else {
            *ngx_snprintf(reason, sizeof(reason) - 1,
                          "the password of vrrp_instance \"%*s\", \"%s\", %s",
                          ic[i].name.len, ic[i].name.data,
                          ic[i].auth_file.data, secret.wrong) = '\0';
        }

        ngx_vrrp_secret_wipe(&secret);

        if (rc != NGX_OK) {
            return (char *) reason;
        }
    }

    return NULL;
}


/*
 * Per instance sockets, its name, and some to spare; netlink, timer, channel.
 * Processes that are watched have their own share, because those of earlier
 * configurations may be many more than "worker_processes".
 */

static ngx_uint_t
ngx_vrrp_process_connections(ngx_cycle_t *cycle)
{
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cycle);

    return 32 + 10 * vcf->core.ninstances + VRRP_CORE_WATCHED_PROCESSES;
}


/* reason: why VRRP is impossible, or NULL */

static void
ngx_vrrp_process_start_core(ngx_vrrp_process_t *vp, const char *reason)
{
    vrrp_core_ops_t   ops;
    ngx_vrrp_conf_t  *vcf;
    ngx_vrrp_loop_t  *loop;

    vcf = ngx_vrrp_get_conf(ngx_cycle);

    loop = &vp->loop;
    loop->log = ngx_cycle->log;
    loop->data = vp;
    loop->deadline = ngx_vrrp_process_deadline;
    loop->on_timer = ngx_vrrp_process_on_timer;
    loop->on_readable = ngx_vrrp_process_on_readable;

    ops.pid = ngx_pid;
    ops.realtime_priority = (int) vp->realtime_priority;
    ops.mlock = (int) vp->mlock;
    ops.begins_as_root = (int) vp->began_as_root;
    ops.server_version.data = NGINX_VERSION;
    ops.server_version.len = sizeof(NGINX_VERSION) - 1;
    ops.data = loop;
    ops.log = ngx_vrrp_log;
    ops.watch = ngx_vrrp_event_watch;
    ops.unwatch = ngx_vrrp_event_unwatch;

    vp->core = vrrp_core_create(&vcf->core, &ops, vcf->memory);

    /* it is mapped */

    (void) close(vcf->core.ownership_fd);
    vcf->core.ownership_fd = -1;

    if (vp->core == NULL || ngx_vrrp_event_open_timer(loop) != NGX_OK) {
        ngx_vrrp_helper_fail((ngx_cycle_t *) ngx_cycle,
                             &ngx_vrrp_process_helper);
    }

    if (reason == NULL) {
        (void) vrrp_core_start(vp->core, ngx_parent);
        return;
    }

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "vrrp: %s; VRRP is disabled, nginx keeps serving",
                  reason);

    (void) vrrp_core_stand_aside(vp->core, ngx_parent, reason);
}


static void
ngx_vrrp_process_signals(ngx_vrrp_process_t *vp)
{
    if (ngx_terminate) {
        ngx_terminate = 0;
        vrrp_core_stop(vp->core, "nginx is terminating", 0);
    }

    if (ngx_quit) {
        ngx_quit = 0;
        vrrp_core_quit(vp->core);
    }

    if (ngx_reopen) {
        ngx_reopen = 0;
        ngx_vrrp_log_reopen((ngx_cycle_t *) ngx_cycle);
    }
}


static int64_t
ngx_vrrp_process_deadline(void *data)
{
    ngx_vrrp_process_t *vp = data;

    return vrrp_core_deadline(vp->core);
}


static void
ngx_vrrp_process_on_timer(void *data)
{
    ngx_vrrp_process_t *vp = data;

    vrrp_core_on_timer(vp->core);
}


static void
ngx_vrrp_process_on_readable(void *data, int fd)
{
    ngx_vrrp_process_t *vp = data;

    vrrp_core_on_readable(vp->core, fd);
}
