
/*
 * What the files share that read the track_* directives.
 */


#ifndef _NGX_VRRP_TRACK_CONF_H_INCLUDED_
#define _NGX_VRRP_TRACK_CONF_H_INCLUDED_


#include "ngx_vrrp_check_conf.h"


/*
 * A new tracker of the instance, named as the directive's first argument; the
 * other ones are words.  NULL: an error that has been logged.
 */
ngx_vrrp_tracker_t *ngx_vrrp_track_add(ngx_conf_t *cf,
    ngx_vrrp_instance_t *in, ngx_uint_t owner, ngx_vrrp_words_t *words);

/* the tracker gets a check of its own */
char *ngx_vrrp_track_check(ngx_conf_t *cf, ngx_vrrp_tracker_t *tracker,
    ngx_vrrp_words_t *words, vrrp_core_check_kind_e kind);


#endif /* _NGX_VRRP_TRACK_CONF_H_INCLUDED_ */
