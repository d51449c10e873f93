
/*
 * A program that the configuration names, as "track_script" and "notify" do.
 */


#ifndef _NGX_VRRP_PROGRAM_H_INCLUDED_
#define _NGX_VRRP_PROGRAM_H_INCLUDED_


#include "ngx_vrrp_checks.h"


/* is there an absolute path at the beginning of the line? */
char *ngx_vrrp_program_path(ngx_conf_t *cf, ngx_str_t *line);

/* the line has been found to begin with one; user: empty for nginx's own */
char *ngx_vrrp_program_parse(ngx_conf_t *cf, ngx_str_t *line,
    ngx_str_t *user, ngx_vrrp_program_t *program);

/* from init_conf, now that nginx's user is known */
char *ngx_vrrp_program_check(ngx_cycle_t *cycle, ngx_vrrp_program_t *program,
    vrrp_core_str_t *directive, ngx_vrrp_conf_line_t *place);


#endif /* _NGX_VRRP_PROGRAM_H_INCLUDED_ */
