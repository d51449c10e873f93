
/*
 * The directives of a "vrrp" block, and the rules that they obey together.
 */


#ifndef _NGX_VRRP_DIRECTIVES_H_INCLUDED_
#define _NGX_VRRP_DIRECTIVES_H_INCLUDED_


#include "ngx_vrrp_conf.h"
#include "ngx_vrrp_values.h"


/* ngx_vrrp_commands.c */

extern ngx_command_t  ngx_vrrp_commands[];

/* ngx_vrrp_settings.c */

/* checks and records a directive of an instance; post: its own row */
char *ngx_vrrp_conf_record(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* from the strongest block to the weakest: the instance's own is the first */
char *ngx_vrrp_settings_apply(ngx_conf_t *cf, ngx_vrrp_block_t **blocks,
    ngx_uint_t n, ngx_vrrp_instance_t *in);

/* at: cf, for messages about this place */
void ngx_vrrp_conf_at(ngx_conf_t *cf, ngx_vrrp_conf_line_t *place,
    ngx_conf_t *at, ngx_conf_file_t *file);

/* ngx_vrrp_conf.c */

char *ngx_vrrp_conf_instance(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

char *ngx_vrrp_conf_parse(ngx_conf_t *cf, ngx_uint_t type, void *conf);
ngx_vrrp_block_t *ngx_vrrp_block_create(ngx_conf_t *cf,
    const vrrp_core_str_t *name);

/* all instances as they are on this node, into arrays as those of vcf */
char *ngx_vrrp_instances_build(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf,
    const vrrp_core_str_t *node, ngx_array_t *instances,
    ngx_array_t *trackers);

/* ngx_vrrp_conf_hints.c */

/* after an error in a block of this type: a second message, if it helps */
void ngx_vrrp_conf_hint(ngx_conf_t *cf, ngx_uint_t type);

/* ngx_vrrp_node_conf.c */

char *ngx_vrrp_conf_node(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
/* NULL: the block has none for this node */
ngx_vrrp_block_t *ngx_vrrp_node_find(ngx_vrrp_block_t *block,
    const vrrp_core_str_t *name);
/* the configuration of each node is valid, too */
char *ngx_vrrp_nodes_check(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf);
/* its name in messages about another node */
ngx_int_t ngx_vrrp_node_instance(ngx_conf_t *cf, const vrrp_core_str_t *node,
    const vrrp_core_str_t *instance, vrrp_core_str_t *name);

/* ngx_vrrp_family_conf.c */

/* one part, or one for each family of its virtual addresses */
char *ngx_vrrp_family_split(ngx_conf_t *cf, ngx_vrrp_instance_t *in,
    ngx_vrrp_instance_t *parts, ngx_uint_t *n);

/* ngx_vrrp_group_conf.c */

char *ngx_vrrp_conf_sync_group(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_vrrp_conf_sync_group_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* are two instances equal in what members of a group have in common? */
char *ngx_vrrp_group_rules(ngx_conf_t *cf, const vrrp_core_instance_conf_t *ic,
    const vrrp_core_instance_conf_t *other);

/* at the end of the "vrrp" block, and of the configuration */
char *ngx_vrrp_group_finish(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf);
char *ngx_vrrp_group_trackers(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf);

/* ngx_vrrp_peer_conf.c */

char *ngx_vrrp_conf_peer_link(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_vrrp_conf_takeover_check(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* rules about an instance, and about two of an interface */
void ngx_vrrp_peer_drop_witness(ngx_vrrp_instance_t *in);
char *ngx_vrrp_peer_rules(ngx_conf_t *cf, ngx_vrrp_instance_t *in);
char *ngx_vrrp_peer_pair(ngx_conf_t *cf, const vrrp_core_instance_conf_t *ic,
    const vrrp_core_instance_conf_t *other);

/* when all instances are known: the links of the interfaces */
char *ngx_vrrp_peer_build(ngx_conf_t *cf, ngx_vrrp_conf_t *vcf);

/* ngx_vrrp_window_conf.c */

char *ngx_vrrp_conf_preempt_window(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* ngx_vrrp_vmac_conf.c */

char *ngx_vrrp_conf_use_vmac(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* the name of the device, if the directive has none */
char *ngx_vrrp_vmac_init(ngx_conf_t *cf, ngx_vrrp_instance_t *in);

/* ngx_vrrp_conf_values.c */

/* a number, a time or a flag; post: its ngx_vrrp_bounds_t */
char *ngx_vrrp_conf_bounded(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
int64_t ngx_vrrp_parse_state(ngx_str_t *value);
int64_t ngx_vrrp_parse_checksum(ngx_str_t *value);

char *ngx_vrrp_conf_router_id(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_vrrp_conf_interface(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_vrrp_conf_authentication(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_vrrp_conf_track_nginx(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* ngx_vrrp_conf_hmac.c */

char *ngx_vrrp_conf_hmac(ngx_conf_t *cf, ngx_vrrp_instance_t *in,
    ngx_str_t *args, ngx_uint_t nargs);
void ngx_vrrp_hmac_finish(vrrp_core_instance_conf_t *core);

/* "track_nginx" as it is without the directive */
void ngx_vrrp_track_nginx_init(ngx_vrrp_instance_t *in);

/* a warning if this interface does not exist */
void ngx_vrrp_conf_find_interface(ngx_conf_t *cf,
    const vrrp_core_str_t *interface);

/* ngx_vrrp_conf_addresses.c */

char *ngx_vrrp_conf_virtual_ipaddress(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_vrrp_conf_virtual_excluded(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
int64_t ngx_vrrp_parse_scope(ngx_str_t *value);
char *ngx_vrrp_conf_source(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_vrrp_conf_group(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_vrrp_conf_unicast_peer(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* ngx_vrrp_conf_routes.c */

char *ngx_vrrp_conf_virtual_routes(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_vrrp_conf_virtual_rules(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* when the family of the instance is known; instances: those before it */
char *ngx_vrrp_rules_routes(ngx_conf_t *cf, ngx_array_t *instances,
    ngx_vrrp_instance_t *in);

/* ngx_vrrp_ports.c; from init_conf: fills the ports of each instance */

char *ngx_vrrp_ports_build(ngx_cycle_t *cycle, ngx_vrrp_conf_t *vcf);

/* ngx_vrrp_conf_rules.c */

/* before and after the instance has its defaults */
char *ngx_vrrp_rules_required(ngx_conf_t *cf, ngx_vrrp_instance_t *in);
char *ngx_vrrp_rules_instance(ngx_conf_t *cf, ngx_vrrp_instance_t *in);

/* does it get along with the instances before it? */
char *ngx_vrrp_rules_unique(ngx_conf_t *cf, ngx_array_t *instances,
    ngx_vrrp_instance_t *in);


#endif /* _NGX_VRRP_DIRECTIVES_H_INCLUDED_ */
