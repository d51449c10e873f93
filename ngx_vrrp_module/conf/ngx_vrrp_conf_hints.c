
/*
 * A second message after an error about a directive of keepalived.conf, a
 * misspelt one, or one in the wrong block.  nginx's parser refuses those
 * before it asks a module, but cf->args and the line are still there.
 */


#include "ngx_vrrp_directives.h"


#define NGX_VRRP_TRANSLATOR                                                   \
    "\"ngx-vrrp-from-keepalived\" translates a whole keepalived.conf"

/* at most so many letters differ in a misspelt name */
#define NGX_VRRP_MISSPELT    2
#define NGX_VRRP_MAX_NAME    31


typedef struct {
    ngx_str_t   word;
    char       *advice;
} ngx_vrrp_hint_t;


static ngx_command_t *ngx_vrrp_directive(ngx_str_t *word);
static char *ngx_vrrp_advice(ngx_vrrp_hint_t *hints, ngx_str_t *word);
static char *ngx_vrrp_place(ngx_str_t *word, ngx_uint_t type);
static char *ngx_vrrp_misplaced(ngx_conf_t *cf, ngx_str_t *word, char *place);
static void ngx_vrrp_advise(ngx_conf_t *cf, ngx_str_t *word, char *advice);
static ngx_str_t *ngx_vrrp_nearest(ngx_str_t *word, ngx_uint_t type);
static ngx_uint_t ngx_vrrp_distance(ngx_str_t *a, ngx_str_t *b);


/* keepalived's words that are not directives here */

static ngx_vrrp_hint_t  ngx_vrrp_words[] = {

    { ngx_string("global_defs"),
      "write \"router_id NAME;\" in the \"vrrp\" block" },

    { ngx_string("vrrp_script"),
      "write \"track_script PROGRAM;\" in the \"vrrp_instance\"; a script that "
      "checks nginx is not needed" },

    { ngx_string("vrrp_sync_group"),
      "write \"sync_group NAME;\" in each \"vrrp_instance\"" },

    { ngx_string("vrrp_track_process"),
      "nginx is watched without a directive, see \"track_nginx\"" },

    { ngx_string("track_process"),
      "nginx is watched without a directive, see \"track_nginx\"" },

    { ngx_string("vrrp_track_file"),
      "write \"track_file PATH;\" in the \"vrrp_instance\"" },

    { ngx_string("bfd_instance"),
      "write \"track_bfd ADDRESS;\" in the \"vrrp_instance\"" },

    { ngx_string("virtual_server"),
      "write an \"upstream\" with \"vrrp_check\" in \"http\" or \"stream\"" },

    { ngx_string("auth_type"),
      "write \"authentication PASS PASSWORD;\"" },

    { ngx_string("auth_pass"),
      "write \"authentication PASS PASSWORD;\"" },

    { ngx_string("vrrp_version"),
      "write \"version 2;\" or \"version 3;\"" },

    { ngx_string("vrrp_mcast_group4"),
      "write \"mcast_group4 ADDRESS;\"" },

    { ngx_string("vrrp_mcast_group6"),
      "write \"mcast_group6 ADDRESS;\"" },

    { ngx_string("mcast_dst_ip"),
      "write \"mcast_group4 ADDRESS;\" or \"mcast_group6 ADDRESS;\"" },

    { ngx_string("no_virtual_ipaddress"),
      "write \"virtual_ipaddress none;\"" },

    { ngx_string("preempt"),
      "write \"nopreempt off;\", or nothing: it is the default" },

    { ngx_string("script_user"),
      "write \"user=NAME\" in \"track_script\" and \"notify\"" },

    { ngx_string("smtp_alert"),
      "write \"notify_email to=ADDRESS from=ADDRESS smtp=smtp://HOST;\"" },

    { ngx_string("notification_email"),
      "write \"notify_email to=ADDRESS from=ADDRESS smtp=smtp://HOST;\"" },

    /* of a virtual_server */

    { ngx_string("virtual_server_group"),
      "write an \"upstream\" with \"vrrp_check\" in \"http\" or "
      "\"stream\"" },

    { ngx_string("real_server"),
      "write \"server ADDRESS:PORT;\" in an \"upstream\" of \"http\" or "
      "\"stream\"" },

    { ngx_string("sorry_server"),
      "write \"server ADDRESS:PORT backup;\" in an \"upstream\" of "
      "\"http\" or \"stream\"" },

    { ngx_string("lb_algo"),
      "its place is an \"upstream\": write \"least_conn;\" or \"hash "
      "$remote_addr consistent;\" there, or nothing for round robin" },

    { ngx_string("lvs_sched"),
      "its place is an \"upstream\": write \"least_conn;\" or \"hash "
      "$remote_addr consistent;\" there, or nothing for round robin" },

    { ngx_string("lb_kind"),
      "it has no counterpart, remove it: nginx proxies" },

    { ngx_string("lvs_method"),
      "it has no counterpart, remove it: nginx proxies" },

    { ngx_string("persistence_timeout"),
      "write \"hash $remote_addr consistent;\" in the \"upstream\"" },

    { ngx_string("protocol"),
      "write the \"upstream\" in \"http\", or for TCP and UDP in "
      "\"stream\"" },

    { ngx_string("delay_loop"),
      "write \"interval=TIME\" in \"vrrp_check\" of the \"upstream\"" },

    { ngx_string("HTTP_GET"),
      "write \"vrrp_check http uri=/PATH;\" in the \"upstream\"" },

    { ngx_string("SSL_GET"),
      "write \"vrrp_check https uri=/PATH;\" in the \"upstream\"" },

    { ngx_string("TCP_CHECK"),
      "write \"vrrp_check tcp;\" in the \"upstream\"" },

    /* of a vrrp_script */

    { ngx_string("script"),
      "write \"track_script PROGRAM;\" in the \"vrrp_instance\"" },

    { ngx_string("weight"),
      "it is a parameter: write \"weight=NUMBER\" in \"track_script\" or "
      "another tracker; of a server of an \"upstream\", write it in "
      "\"server\"" },

    { ngx_string("interval"),
      "it is a parameter: write \"interval=TIME\" in \"track_script\" or "
      "another tracker" },

    { ngx_string("timeout"),
      "it is a parameter: write \"timeout=TIME\" in \"track_script\" or "
      "another tracker" },

    { ngx_string("fall"),
      "it is a parameter: write \"fall=NUMBER\" in \"track_script\" or "
      "another tracker" },

    { ngx_string("rise"),
      "it is a parameter: write \"rise=NUMBER\" in \"track_script\" or "
      "another tracker" },

    { ngx_string("vrrp_strict"), "it has no counterpart, remove it" },
    { ngx_string("enable_script_security"), "it is not needed, remove it" },
    { ngx_string("vrrp_skip_check_adv_addr"), "it is not needed, remove it" },
    { ngx_string("dont_track_primary"), "it has no counterpart, remove it" },
    { ngx_string("accept"), "it is not needed, remove it" },
    { ngx_string("strict_mode"), "it has no counterpart, remove it" },

    { ngx_null_string, NULL }
};


/* directives of http and stream: where they are allowed */

static ngx_vrrp_hint_t  ngx_vrrp_places[] = {

    { ngx_string("vrrp_check"), "an \"upstream\" block" },
    { ngx_string("vrrp_check_panic"), "an \"upstream\" block" },
    { ngx_string("vrrp_match"),
      "the \"vrrp\", \"http\" or \"stream\" block" },

    { ngx_string("vrrp_status"), "a \"location\" of \"http\"" },
    { ngx_string("vrrp_control"), "a \"location\" of \"http\"" },

    { ngx_null_string, NULL }
};


/* directives that are blocks, or have other values, in keepalived.conf */

static ngx_vrrp_hint_t  ngx_vrrp_forms[] = {

    { ngx_string("virtual_ipaddress"),
      "write \"virtual_ipaddress 192.0.2.1/24;\" for each address" },

    { ngx_string("virtual_ipaddress_excluded"),
      "write \"virtual_ipaddress_excluded 192.0.2.1/24;\" for each address" },

    { ngx_string("authentication"),
      "write \"authentication PASS PASSWORD;\"" },

    { ngx_string("unicast_peer"),
      "write \"unicast_peer 192.0.2.2;\", with all addresses of the peers" },

    { ngx_string("track_interface"),
      "write \"track_interface eth1;\" for each interface" },

    { ngx_string("track_script"),
      "write \"track_script PROGRAM;\"; a script that checks nginx is not "
      "needed" },

    { ngx_string("track_file"),
      "write \"track_file PATH;\" for each file" },

    { ngx_string("track_bfd"),
      "write \"track_bfd ADDRESS;\" for each neighbour" },

    { ngx_string("virtual_routes"),
      "write \"virtual_routes 198.51.100.0/24 via 192.0.2.254;\" for each "
      "route" },

    { ngx_string("virtual_rules"),
      "write one \"virtual_rules\" directive for each rule" },

    { ngx_null_string, NULL }
};


void
ngx_vrrp_conf_hint(ngx_conf_t *cf, ngx_uint_t type)
{
    char             *advice, *place;
    ngx_str_t        *args, *near;
    ngx_uint_t        i;
    ngx_command_t    *cmd;
    ngx_vrrp_conf_t  *vcf;

    vcf = ngx_vrrp_get_conf(cf->cycle);

    /* a hint about a directive is not repeated by the blocks around it */

    if (vcf->hinted || cf->args->nelts == 0) {
        return;
    }

    vcf->hinted = 1;

    args = cf->args->elts;

    advice = ngx_vrrp_advice(ngx_vrrp_words, &args[0]);

    if (advice) {
        ngx_vrrp_advise(cf, &args[0], advice);
        return;
    }

    place = ngx_vrrp_place(&args[0], type);

    if (place) {
        (void) ngx_vrrp_misplaced(cf, &args[0], place);
        return;
    }

    cmd = ngx_vrrp_directive(&args[0]);

    if (cmd == NULL) {
        near = ngx_vrrp_nearest(&args[0], type);

        if (near) {
            (void) ngx_vrrp_failed(cf, "is \"%V\" meant?", near);
        }

        return;
    }

    /*
     * keepalived ends a line without ";".  The first argument is the value,
     * and parameters may have such names.
     */

    for (i = 2; i < cf->args->nelts; i++) {

        if (cmd->type & (NGX_CONF_1MORE|NGX_CONF_2MORE)) {
            break;
        }

        if (ngx_vrrp_directive(&args[i])
            || ngx_vrrp_advice(ngx_vrrp_words, &args[i]))
        {
            (void) ngx_vrrp_failed(cf, "is \";\" missing before \"%V\"? "
                                   NGX_VRRP_TRANSLATOR, &args[i]);
            return;
        }
    }

    advice = ngx_vrrp_advice(ngx_vrrp_forms, &args[0]);

    if (advice && cf->args->nelts == 1) {
        ngx_vrrp_advise(cf, &args[0], advice);
    }
}


/* the handler of directives in a place where they are not allowed */

char *
ngx_vrrp_conf_refuse(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *advice;

    advice = ngx_vrrp_advice(ngx_vrrp_words, &cmd->name);

    if (advice) {
        ngx_vrrp_advise(cf, &cmd->name, advice);
        return NGX_CONF_ERROR;
    }

    advice = ngx_vrrp_advice(ngx_vrrp_places, &cmd->name);

    if (advice) {
        return ngx_vrrp_misplaced(cf, &cmd->name, advice);
    }

    return ngx_vrrp_failed(cf, "\"%V\" is not allowed here: the place of "
                           "\"vrrp_instance\" is a \"vrrp\" block, and that of "
                           "\"vrrp\" is outside of all other blocks",
                           &cmd->name);
}


static char *
ngx_vrrp_misplaced(ngx_conf_t *cf, ngx_str_t *word, char *place)
{
    return ngx_vrrp_failed(cf, "\"%V\" is not allowed here: its place is %s",
                           word, place);
}


/* of a directive that is not allowed in a block of this type, else NULL */

static char *
ngx_vrrp_place(ngx_str_t *word, ngx_uint_t type)
{
    char           *place;
    ngx_uint_t      types;
    ngx_command_t  *cmd;

    /* a directive has a row for each of its forms */

    types = 0;

    for (cmd = ngx_vrrp_commands; cmd->name.len; cmd++) {

        if (cmd->set != ngx_vrrp_conf_refuse
            && cmd->name.len == word->len
            && ngx_strncmp(cmd->name.data, word->data, word->len) == 0)
        {
            types |= cmd->type;
        }
    }

    if (types & type) {
        return NULL;
    }

    place = ngx_vrrp_advice(ngx_vrrp_places, word);

    if (place) {
        return place;
    }

    if ((types & NGX_VRRP_INHERITED_CONF)
        || ((types & NGX_VRRP_IDENTITY_CONF) && (types & NGX_VRRP_BLOCK_CONF)))
    {
        return "a \"vrrp\" or \"vrrp_instance\" block";
    }

    if (types & NGX_VRRP_IDENTITY_CONF) {
        return "a \"vrrp_instance\" block";
    }

    return (types & NGX_VRRP_BLOCK_CONF)
           ? "the \"vrrp\" block, outside of \"vrrp_instance\"" : NULL;
}


static void
ngx_vrrp_advise(ngx_conf_t *cf, ngx_str_t *word, char *advice)
{
    (void) ngx_vrrp_failed(cf, "keepalived's \"%V\": %s; "
                           NGX_VRRP_TRANSLATOR, word, advice);
}


static char *
ngx_vrrp_advice(ngx_vrrp_hint_t *hints, ngx_str_t *word)
{
    for ( /* void */ ; hints->word.len; hints++) {

        if (hints->word.len == word->len
            && ngx_strncmp(hints->word.data, word->data, word->len) == 0)
        {
            return hints->advice;
        }
    }

    return NULL;
}


static ngx_command_t *
ngx_vrrp_directive(ngx_str_t *word)
{
    ngx_command_t  *cmd;

    for (cmd = ngx_vrrp_commands; cmd->name.len; cmd++) {

        if (cmd->set != ngx_vrrp_conf_refuse
            && cmd->name.len == word->len
            && ngx_strncmp(cmd->name.data, word->data, word->len) == 0)
        {
            return cmd;
        }
    }

    return NULL;
}


static ngx_str_t *
ngx_vrrp_nearest(ngx_str_t *word, ngx_uint_t type)
{
    ngx_str_t      *near;
    ngx_uint_t      distance, least;
    ngx_command_t  *cmd;

    near = NULL;
    least = NGX_VRRP_MISSPELT + 1;

    for (cmd = ngx_vrrp_commands; cmd->name.len; cmd++) {

        if (!(cmd->type & type)) {
            continue;
        }

        distance = ngx_vrrp_distance(word, &cmd->name);

        if (distance < least) {
            least = distance;
            near = &cmd->name;
        }
    }

    return near;
}


/* how many letters to insert, to delete or to replace (Levenshtein) */

static ngx_uint_t
ngx_vrrp_distance(ngx_str_t *a, ngx_str_t *b)
{
    ngx_uint_t  i, k, diagonal, above;
    ngx_uint_t  row[NGX_VRRP_MAX_NAME + 1];

    if (a->len > NGX_VRRP_MAX_NAME || b->len > NGX_VRRP_MAX_NAME) {
        return NGX_VRRP_MISSPELT + 1;
    }

    for (k = 0; k <= b->len; k++) {
        row[k] = k;
    }

    for (i = 0; i < a->len; i++) {

        diagonal = row[0];
        row[0] = i + 1;

        for (k = 0; k < b->len; k++) {

            above = row[k + 1];

            row[k + 1] = ngx_min(ngx_min(above, row[k]) + 1,
                                 diagonal + (a->data[i] != b->data[k]));
            diagonal = above;
        }
    }

    return row[b->len];
}
