
/*
 * Helper processes: children of nginx's master beside its workers.
 *
 * Objects.  A ngx_vrrp_helper_t is one kind of them, a row of texts, rights and
 * functions in the file of its name: ngx_vrrp_router.c (the vrrp process),
 * ngx_vrrp_checker.c (checker and runner process), ngx_vrrp_notifier.c.  In the
 * child there is one vrrp_process_t, which does the work (core/capi.h), and
 * one ngx_vrrp_loop_t, which drives it (ngx_vrrp_event.h).  The master has the
 * configuration of the cycle, its shared memory and its descriptors for the
 * children (ngx_vrrp_ipc.h, ngx_vrrp_ownership.h); they inherit them, and each
 * closes what it must not have.
 *
 * Flow.  In the master, init_module (ngx_vrrp_lifecycle.c) calls
 * ngx_vrrp_helper_start() for each kind: prepare() reports whether it is
 * needed, then nginx forks, and starts the process again when it ends
 * unexpectedly.  In the child, still with the rights of the master, the process
 * closes what the fork copied (ngx_vrrp_child.h), opens what needs rights and
 * drops them in drop_privileges(), and becomes a process of nginx with an event
 * loop and the master's channel.  Then create() makes the vrrp_process_t, and
 * the one loop in ngx_vrrp_helper.c runs it: signals, received data, one timer,
 * until the process has finished.
 *
 * Reload.  The master forks new processes, which begin beside the old ones, and
 * sends QUIT to these.  How they pass on what they have is up to the core.  A
 * process that cannot start waits and ends; the master starts it again.
 *
 * A further kind costs its row with these functions, and a line in
 * init_module.
 */


#ifndef _NGX_VRRP_HELPER_H_INCLUDED_
#define _NGX_VRRP_HELPER_H_INCLUDED_


#include "ngx_vrrp_module.h"


typedef struct {
    char                *title;          /* "vrrp process" */
    char                *comm;           /* the name in ps and killall */
    char                *consequence;    /* of not being started */
    ngx_uint_t           keeps;          /* NGX_VRRP_KEEP_... */

    /* in the master; NGX_DECLINED: not needed, NGX_ERROR: impossible */
    ngx_int_t          (*prepare)(ngx_cycle_t *cycle);

    /* descriptors that the event loop watches */
    ngx_uint_t         (*connections)(ngx_vrrp_conf_t *vcf);

    /* opens first what needs them; NGX_ERROR: they could not be dropped */
    ngx_int_t          (*drop_privileges)(ngx_cycle_t *cycle);

    /* NULL: logged; started() may be NULL */
    vrrp_process_t    *(*create)(ngx_cycle_t *cycle,
                                 const vrrp_process_ops_t *ops);
    void               (*started)(ngx_cycle_t *cycle, vrrp_process_t *process);

    /* one turn of the loop */
    void               (*wait)(ngx_cycle_t *cycle);

    char                *name;           /* the title, for the master */
} ngx_vrrp_helper_t;


void ngx_vrrp_helper_start(ngx_cycle_t *cycle, ngx_vrrp_helper_t *helper);


extern ngx_vrrp_helper_t  ngx_vrrp_router_helper;
extern ngx_vrrp_helper_t  ngx_vrrp_checker_helper;
extern ngx_vrrp_helper_t  ngx_vrrp_runner_helper;
extern ngx_vrrp_helper_t  ngx_vrrp_notifier_helper;


#endif /* _NGX_VRRP_HELPER_H_INCLUDED_ */
