
/*
 * The life of a helper process: its start by the master, and its one loop.
 */


#include "ngx_vrrp_helper.h"
#include "ngx_vrrp_child.h"
#include "ngx_vrrp_event.h"
#include "ngx_vrrp_log.h"
#include <ngx_channel.h>


static ngx_int_t ngx_vrrp_helper_spawn(ngx_cycle_t *cycle,
    ngx_vrrp_helper_t *helper);
static char *ngx_vrrp_helper_name(ngx_vrrp_helper_t *helper, ngx_log_t *log);
static void ngx_vrrp_helper_pass_channel(ngx_cycle_t *cycle);
static void ngx_vrrp_helper_cycle(ngx_cycle_t *cycle, void *data)
    ngx_vrrp_hot;
static void ngx_vrrp_helper_create(ngx_cycle_t *cycle,
    ngx_vrrp_helper_t *helper);
static void ngx_vrrp_helper_signals(ngx_cycle_t *cycle,
    vrrp_process_t *process) ngx_vrrp_hot;


/* there is one of them in a process */

static ngx_vrrp_loop_t  ngx_vrrp_loop;


/* in the master */

void
ngx_vrrp_helper_start(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper)
{
    ngx_int_t  rc;

    rc = helper->prepare(cycle);

    if (rc == NGX_OK) {
        rc = ngx_vrrp_helper_spawn(cycle, helper);
    }

    if (rc == NGX_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "vrrp: could not start the %s, %s",
                      helper->title, helper->consequence);
    }
}


/* respawned like a worker, and replaced like one on reload */

static ngx_int_t
ngx_vrrp_helper_spawn(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper)
{
    char       *name;
    ngx_int_t   respawn;

    respawn = ngx_is_init_cycle(cycle->old_cycle) ? NGX_PROCESS_RESPAWN
                                                  : NGX_PROCESS_JUST_RESPAWN;

    name = ngx_vrrp_helper_name(helper, cycle->log);

    if (name == NULL
        || ngx_spawn_process(cycle, ngx_vrrp_helper_cycle, helper, name,
                             respawn)
           == NGX_INVALID_PID)
    {
        return NGX_ERROR;
    }

    ngx_vrrp_helper_pass_channel(cycle);

    return NGX_OK;
}


/*
 * The master looks at the name when the process ends, and by then a reload
 * may have unloaded the module.
 */

static char *
ngx_vrrp_helper_name(ngx_vrrp_helper_t *helper, ngx_log_t *log)
{
    size_t  size;

    if (helper->name == NULL) {
        size = ngx_strlen(helper->title) + 1;

        helper->name = ngx_alloc(size, log);
        if (helper->name == NULL) {
            return NULL;
        }

        ngx_memcpy(helper->name, helper->title, size);
    }

    return helper->name;
}


/*
 * As ngx_pass_open_channel(), which is static.  When a helper process ends,
 * the master has all others close their end of its channel: old workers that
 * had never got one would close whatever has that number.
 */

static void
ngx_vrrp_helper_pass_channel(ngx_cycle_t *cycle)
{
    ngx_int_t      i;
    ngx_channel_t  ch;

    ngx_memzero(&ch, sizeof(ngx_channel_t));

    ch.command = NGX_CMD_OPEN_CHANNEL;
    ch.pid = ngx_processes[ngx_process_slot].pid;
    ch.slot = ngx_process_slot;
    ch.fd = ngx_processes[ngx_process_slot].channel[0];

    for (i = 0; i < ngx_last_process; i++) {

        if (i == ngx_process_slot
            || ngx_processes[i].pid == -1
            || ngx_processes[i].channel[0] == -1)
        {
            continue;
        }

        ngx_write_channel(ngx_processes[i].channel[0], &ch,
                          sizeof(ngx_channel_t), cycle->log);
    }
}


/* in the child */

static void
ngx_vrrp_helper_cycle(ngx_cycle_t *cycle, void *data)
{
    ngx_vrrp_helper_t *helper = data;

    vrrp_process_t  *process;

    ngx_vrrp_child_begin(cycle, helper);

    if (helper->drop_privileges(cycle) == NGX_ERROR) {
        ngx_vrrp_child_fail(cycle, helper);
    }

    ngx_vrrp_child_init(cycle, helper);

    ngx_vrrp_helper_create(cycle, helper);

    process = ngx_vrrp_loop.process;

    for ( ;; ) {
        ngx_vrrp_helper_signals(cycle, process);

        if (vrrp_process_finished(process)) {
            break;
        }

        ngx_vrrp_event_arm_timer(&ngx_vrrp_loop);

        helper->wait(cycle);
    }

    vrrp_process_destroy(process);

    ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0, "%s exiting", helper->title);

    exit(0);
}


/* a vrrp process that takes no part in the elections continues */

static void
ngx_vrrp_helper_create(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper)
{
    vrrp_process_ops_t  ops;

    ngx_vrrp_loop.log = cycle->log;

    ops.data = &ngx_vrrp_loop;
    ops.log = ngx_vrrp_log;
    ops.watch = ngx_vrrp_event_watch;
    ops.unwatch = ngx_vrrp_event_unwatch;

    ngx_vrrp_loop.process = helper->create(cycle, &ops);

    if (ngx_vrrp_loop.process == NULL
        || ngx_vrrp_event_open_timer(&ngx_vrrp_loop) != NGX_OK
        || (vrrp_process_start(ngx_vrrp_loop.process, ngx_parent)
            != VRRP_CORE_OK
            && vrrp_process_finished(ngx_vrrp_loop.process)))
    {
        ngx_vrrp_child_fail(cycle, helper);
    }

    if (helper->started) {
        helper->started(cycle, ngx_vrrp_loop.process);
    }
}


static void
ngx_vrrp_helper_signals(ngx_cycle_t *cycle, vrrp_process_t *process)
{
    if (ngx_terminate) {
        ngx_terminate = 0;
        vrrp_process_terminate(process);
    }

    if (ngx_quit) {
        ngx_quit = 0;
        vrrp_process_quit(process);
    }

    if (ngx_reopen) {
        ngx_reopen = 0;
        ngx_vrrp_log_reopen(cycle);
    }
}
