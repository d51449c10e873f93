
/*
 * The rights of the processes.
 */


#ifndef _NGX_VRRP_PRIVILEGES_H_INCLUDED_
#define _NGX_VRRP_PRIVILEGES_H_INCLUDED_


#include "ngx_vrrp_module.h"

#include <linux/capability.h>


#define ngx_vrrp_cap(cap)  ((uint32_t) 1 << (cap))

/* of the vrrp process: addresses, raw sockets */

#define NGX_VRRP_ROUTER_CAPS                                                  \
    (ngx_vrrp_cap(CAP_NET_ADMIN) | ngx_vrrp_cap(CAP_NET_RAW))

/*
 * A script becomes its own user, and is killed when its time is over.  Before,
 * each folder above it is looked at, also where only that user may.
 *
 * CAP_SETUID does for scripts of any user, root too, what user 0 would do.  A
 * script that is not root's loses them all with its execve().
 */

#define NGX_VRRP_SCRIPT_CAPS                                                  \
    (ngx_vrrp_cap(CAP_SETUID) | ngx_vrrp_cap(CAP_SETGID)                      \
     | ngx_vrrp_cap(CAP_KILL) | ngx_vrrp_cap(CAP_DAC_READ_SEARCH))


/* becomes the nginx user; granted: those of the wanted that there are */
ngx_int_t ngx_vrrp_drop_privileges(ngx_cycle_t *cycle, uint32_t wanted,
    uint32_t *granted);

/* of the programs that it runs, none may have more than it has itself */
ngx_int_t ngx_vrrp_no_new_privileges(ngx_cycle_t *cycle);

/* of a worker process, which needs nothing of that */
void ngx_vrrp_worker_privileges(ngx_cycle_t *cycle);

/* of a process that lacks what it takes to run scripts of other users */
void ngx_vrrp_report_scripts(ngx_cycle_t *cycle);


#endif /* _NGX_VRRP_PRIVILEGES_H_INCLUDED_ */
