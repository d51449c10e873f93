
/*
 * Shared by the C files of the module.
 */


#ifndef _NGX_VRRP_MODULE_H_INCLUDED_
#define _NGX_VRRP_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "core/capi.h"


/* a place in the configuration, for messages after it has been read */

typedef struct {
    ngx_str_t            file;
    ngx_uint_t           line;
} ngx_vrrp_conf_line_t;


typedef struct ngx_vrrp_block_s  ngx_vrrp_block_t;


/* the whole configuration of a cycle; filled with zeros when created */

typedef struct {
    ngx_uint_t            configured;    /* there is a "vrrp" block */
    ngx_vrrp_conf_line_t  block;
    ngx_uint_t            hinted;        /* an error has its second message */

    ngx_uint_t            status;        /* there is a "vrrp_status" */
    ngx_vrrp_conf_line_t  status_place;

    ngx_uint_t            control;       /* there is a "vrrp_control on" */
    ngx_vrrp_conf_line_t  control_place;

    vrrp_core_conf_t      core;          /* lives in cycle->pool */

    int64_t               freebind;
    int64_t               release_timeout;      /* milliseconds */
    int64_t               startup_delay_ns;
    int64_t               delay_after_boot_ns;
    int64_t               realtime_priority;    /* 0: off */
    int64_t               mlock;

    ngx_vrrp_block_t     *defaults;      /* of all instances */
    ngx_array_t           blocks;        /* of ngx_vrrp_block_t *: instances */
    ngx_array_t           instances;     /* those of core */
    ngx_array_t           trackers;      /* of ngx_vrrp_trackers_t, one for
                                            each of the instances */
    ngx_array_t           pools;         /* of ngx_vrrp_pool_t * */
    ngx_array_t           unchecked;     /* of ngx_vrrp_unchecked_t */
    ngx_array_t           matches;       /* of ngx_vrrp_match_t */
    ngx_array_t           channels;      /* of ngx_vrrp_channel_t */
    ngx_array_t           groups;        /* of ngx_vrrp_group_t */
    ngx_array_t           upstreams;     /* those of core */
    ngx_array_t           certificates;  /* those of core */

    vrrp_core_memory_t   *memory;        /* NULL: there is none */

    uint64_t              ownership_number;     /* of core.ownership_fd */
    u_char               *names;         /* of the binary before, or NULL */
    ngx_uint_t            other_layout;  /* it has one; its memory is closed */

    ngx_uint_t            nbfd;          /* BFD sessions */
    ngx_uint_t            bfd_open;      /* core.bfd_fds has been filled */
} ngx_vrrp_conf_t;


#define ngx_vrrp_get_conf(cycle)                                              \
    ((ngx_vrrp_conf_t *) ngx_get_conf((cycle)->conf_ctx, ngx_vrrp_module))


void ngx_vrrp_conf_line(ngx_conf_t *cf, ngx_vrrp_conf_line_t *place);


/*
 * What nginx calls.  Files above implement it, which depend on this one: the
 * directives of the block, and then what happens to the module.
 */

ngx_command_t *ngx_vrrp_recorded_commands(void);

char *ngx_vrrp_conf_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
/* of a block that is not allowed where it stands: an error with the reason */
char *ngx_vrrp_conf_refuse(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_vrrp_conf_init(ngx_cycle_t *cycle, void *conf);

void *ngx_vrrp_create_conf(ngx_cycle_t *cycle);
ngx_int_t ngx_vrrp_init_module(ngx_cycle_t *cycle);
void ngx_vrrp_exit_master(ngx_cycle_t *cycle);
ngx_int_t ngx_vrrp_worker_init_process(ngx_cycle_t *cycle);
void ngx_vrrp_worker_exit_process(ngx_cycle_t *cycle);


extern ngx_module_t  ngx_vrrp_module;


#endif /* _NGX_VRRP_MODULE_H_INCLUDED_ */
