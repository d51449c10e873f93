/*
 * The only header of the core that C sees: nginx on one side, VRRP on the
 * other.
 *
 * The core runs in separate processes, which the master of nginx starts
 * beside its workers: one with the virtual routers, two that check and one that
 * notifies.  Each is created after the fork, from a configuration that has been
 * checked, and is driven by one event loop:
 *
 *     process = vrrp_router_create(&conf, &facts, &ops, hmac_sha256, memory);
 *     vrrp_process_start(process, master_pid);
 *     for ( ;; ) {
 *         wait for a watched descriptor to become readable
 *             -> vrrp_process_on_readable(process, fd)
 *         or for vrrp_process_deadline(process) to pass
 *             -> vrrp_process_on_timer(process)
 *         or for a signal
 *             -> vrrp_process_quit(process), vrrp_process_terminate(process)
 *         if (vrrp_process_finished(process)) break;
 *     }
 *     vrrp_process_destroy(process);
 *
 * After any call, read vrrp_process_deadline() and arm one timer with it; to be
 * woken early is harmless.  Times are nanoseconds of CLOCK_BOOTTIME.
 *
 * No function throws, blocks or keeps a pointer into its arguments, except
 * ops->data and the memory, which must outlive the process.  The ops are leaf
 * calls: unless they say otherwise, they must not call the core.
 *
 * The memory is shared by all processes of one nginx, which inherit it from the
 * master.  It has two parts.  In one of them our own processes write, and
 * workers read the status there; in the other one workers beat and ask for
 * something.
 */

#ifndef _VRRP_CORE_CAPI_H_INCLUDED_
#define _VRRP_CORE_CAPI_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>


#ifdef __cplusplus
extern "C" {
#endif


#define VRRP_CORE_OK               0
#define VRRP_CORE_ERROR           -1
#define VRRP_CORE_AGAIN           -2
#define VRRP_CORE_DECLINED        -3

#define VRRP_CORE_NEVER            INT64_MAX

#define VRRP_CORE_MAX_ADDRESSES    255
#define VRRP_CORE_AUTH_LEN         8


typedef struct vrrp_process_s  vrrp_process_t;
typedef struct vrrp_core_memory_s  vrrp_core_memory_t;


/* the order is that of severity and of nginx's own levels */

typedef enum {
    VRRP_CORE_LOG_ALERT = 0,
    VRRP_CORE_LOG_CRIT,
    VRRP_CORE_LOG_ERROR,
    VRRP_CORE_LOG_WARN,
    VRRP_CORE_LOG_NOTICE,
    VRRP_CORE_LOG_INFO,
    VRRP_CORE_LOG_DEBUG
} vrrp_core_log_level_e;


/*
 * Settings are int64_t, as wide as any of them: a directive or a parameter is
 * stored here as soon as it is read.  Every one has a value.
 */

/* not terminated by a zero; data may be NULL when len is 0 */

typedef struct {
    const char                       *data;
    size_t                            len;
} vrrp_core_str_t;


/* family is 4 or 6, or 0 for "none"; octets in network order */

typedef struct {
    uint8_t                           family;
    uint8_t                           octets[16];
} vrrp_core_ip_t;


/* preferred_lft: IPv4 as long as the address, IPv6 deprecated */

#define VRRP_CORE_DEFAULT_LFT       -1
#define VRRP_CORE_FOREVER            INT32_MAX


typedef struct {
    vrrp_core_ip_t                    address;
    int64_t                           min_ttl;    /* 0: that of the family */
    int64_t                           max_ttl;
} vrrp_core_peer_conf_t;


/* how the checksum of VRRPv3 for IPv4 is made */

typedef enum {
    VRRP_CORE_CHECKSUM_PSEUDO_HEADER = 0,
    VRRP_CORE_CHECKSUM_RFC9568
} vrrp_core_checksum_e;


typedef struct {
    vrrp_core_ip_t                    address;
    uint8_t                           prefix_length;
    vrrp_core_str_t                   interface;  /* dev=, or empty */
    vrrp_core_str_t                   label;      /* label=, or empty */
    int64_t                           takeover;
    vrrp_core_ip_t                    broadcast;  /* or family 0 */
    int64_t                           scope;      /* 0..255: rtnetlink's */
    int64_t                           noprefixroute;
    int64_t                           home;
    int64_t                           nodad;
    int64_t                           preferred_lft_s;  /* or _DEFAULT_LFT */
    int64_t                           no_track;
    uint8_t                           excluded;   /* in no advertisement */
} vrrp_core_address_conf_t;


/* the kinds of routes and rules have the numbers of rtnetlink */

#define VRRP_CORE_ROUTE_USUAL        1
#define VRRP_CORE_ROUTE_BLACKHOLE    6
#define VRRP_CORE_ROUTE_UNREACHABLE  7
#define VRRP_CORE_ROUTE_PROHIBIT     8

#define VRRP_CORE_MAX_ROUTES         255


typedef struct {
    vrrp_core_ip_t                    address;    /* family 0: none */
    uint8_t                           prefix_length;
} vrrp_core_network_t;


typedef struct {
    uint8_t                           kind;
    vrrp_core_network_t               to;
    vrrp_core_ip_t                    via;        /* or family 0 */
    vrrp_core_ip_t                    src;        /* or family 0 */
    vrrp_core_str_t                   dev;        /* or empty */
    int64_t                           table;
    int64_t                           metric;
    int64_t                           scope;      /* -1: not given */
    int64_t                           mtu;        /* 0: not given */
    int64_t                           onlink;
    int64_t                           no_track;
} vrrp_core_route_conf_t;


typedef struct {
    uint8_t                           kind;
    uint8_t                           family;
    vrrp_core_network_t               from;
    vrrp_core_network_t               to;
    vrrp_core_str_t                   iif;        /* or empty */
    vrrp_core_str_t                   oif;        /* or empty */
    int64_t                           fwmark;
    int64_t                           fwmask;     /* 0: no fwmark */
    int64_t                           table;
    int64_t                           priority;
    int64_t                           no_track;
} vrrp_core_rule_conf_t;


/* how many processes the vrrp process watches at most, beside sockets */

#define VRRP_CORE_WATCHED_PROCESSES  512


/* checks */

typedef enum {
    VRRP_CORE_CHECK_TCP = 0,
    VRRP_CORE_CHECK_HTTP,
    VRRP_CORE_CHECK_SEND_EXPECT,
    VRRP_CORE_CHECK_PING,
    VRRP_CORE_CHECK_LISTEN,
    VRRP_CORE_CHECK_FILE,
    VRRP_CORE_CHECK_SCRIPT,
    VRRP_CORE_CHECK_NONE              /* a reserved slot, or not checked */
} vrrp_core_check_kind_e;


typedef enum {
    VRRP_CORE_UNUSED = 0,
    VRRP_CORE_UNKNOWN,
    VRRP_CORE_UP,
    VRRP_CORE_DOWN
} vrrp_core_verdict_e;


typedef enum {
    VRRP_CORE_TEST_EXISTS = 0,
    VRRP_CORE_TEST_ABSENT,
    VRRP_CORE_TEST_EQUAL,
    VRRP_CORE_TEST_NOT_EQUAL,
    VRRP_CORE_TEST_REGEX,
    VRRP_CORE_TEST_NOT_REGEX
} vrrp_core_test_e;


typedef struct {
    uint16_t                          low;
    uint16_t                          high;
    uint8_t                           negated;
} vrrp_core_status_conf_t;


typedef struct {
    vrrp_core_str_t                   header;  /* empty: body, "expect" */
    vrrp_core_test_e                  test;
    vrrp_core_str_t                   value;   /* a regex: as written */
    void                             *regex;   /* for ops->regex() */
} vrrp_core_test_conf_t;


/* vrrp_match; a name is empty where none was given */

typedef struct {
    vrrp_core_str_t                   name;
    const vrrp_core_status_conf_t    *statuses;
    size_t                            nstatuses;  /* 0: 200-399 */
    const vrrp_core_test_conf_t      *tests;
    size_t                            ntests;
    vrrp_core_str_t                   send;       /* send-expect */
} vrrp_core_match_conf_t;


/* what fails */

typedef enum {
    VRRP_CORE_FILE_NUMBER = 0,        /* none: the number is the result */
    VRRP_CORE_FILE_EXISTS,
    VRRP_CORE_FILE_ABSENT
} vrrp_core_file_test_e;


typedef struct {
    vrrp_core_check_kind_e            kind;

    /*
     * The key by which a check is known again after a reload.  context:
     * "http", "stream" for a peer of the upstream "group", "vrrp" for a
     * tracker of the vrrp_instance "group".  name: the server, or the
     * directive, as it was written; address: what it means.
     */
    vrrp_core_str_t                   context;
    vrrp_core_str_t                   group;
    vrrp_core_str_t                   name;
    vrrp_core_str_t                   address;
    uint8_t                           backup;
    uint8_t                           on_demand;  /* also, see demand_fd */

    vrrp_core_verdict_e               initial;

    int64_t                           interval_ns;
    int64_t                           timeout_ns;
    int64_t                           fastinter_ns;   /* 0: interval */
    int64_t                           downinter_ns;   /* 0: interval */
    int64_t                           fall;
    int64_t                           rise;
    int64_t                           jitter_percent; /* of the interval */

    /* http */
    vrrp_core_str_t                   method;
    vrrp_core_str_t                   uri;
    vrrp_core_str_t                   host;
    int64_t                           keepalive;

    /* http, send-expect; may be NULL */
    const vrrp_core_match_conf_t     *match;

    /*
     * ping: the address, of a gateway the family; listen: it may be
     * unspecified, and the port
     */
    vrrp_core_ip_t                    ip;
    uint8_t                           gateway;  /* of the default route */
    uint16_t                          port;
    int64_t                           loss_percent;   /* fails from here on */
    int64_t                           window;         /* of pings */

    vrrp_core_file_test_e             file_test;

    /* file: its path; script: its path and arguments */
    const vrrp_core_str_t            *command;
    size_t                            ncommand;
    uint32_t                          uid;
    uint32_t                          gid;

    void                             *target;  /* the caller's, for ops */
} vrrp_core_check_conf_t;


/* trackers of an instance */

typedef enum {
    VRRP_CORE_TRACK_CHECK = 0,        /* one check: is it up? */
    VRRP_CORE_TRACK_POOL,             /* several: are min_up of them up? */
    VRRP_CORE_TRACK_FILE,             /* one file: its number, 0: no failure */
    VRRP_CORE_TRACK_INTERFACE,
    VRRP_CORE_TRACK_BFD
} vrrp_core_track_kind_e;


/* a BFD session; family 0: any source */

#define VRRP_CORE_MAX_BFD_SESSIONS   64

typedef struct {
    vrrp_core_ip_t                    peer;
    vrrp_core_ip_t                    local;
    vrrp_core_str_t                   interface;  /* of a link-local peer */
    int64_t                           multihop;
    int64_t                           passive;
    int64_t                           min_tx_ns;
    int64_t                           min_rx_ns;
    int64_t                           multiplier;
} vrrp_core_bfd_conf_t;


typedef struct {
    vrrp_core_track_kind_e            kind;
    vrrp_core_str_t                   type;    /* "track_upstream" */
    vrrp_core_str_t                   name;    /* the tracked object: "web" */

    /*
     * weighted 0: a failure is a fault.  Otherwise weight, -253..253, is added
     * to the priority: a negative one when it has failed, a positive one while
     * it has not.  A file's number is multiplied with it.
     */
    int64_t                           weighted;
    int64_t                           weight;

    int64_t                           latch;  /* a failure stays, see resume */
    int64_t                           witness;  /* of takeover_check */

    /* pool, file, interface: findings in a row, one each interval */
    int64_t                           fall;
    int64_t                           rise;
    int64_t                           interval_ns;

    /* numbers of checks; a pool has all of them from the first on */
    size_t                            first_check;
    size_t                            nchecks;

    int64_t                           min_up;
    int64_t                           min_up_percent; /* min_up is in % */

    vrrp_core_str_t                   interface;

    vrrp_core_bfd_conf_t              bfd;
} vrrp_core_tracker_conf_t;


/* minutes since midnight, 0..1440; may continue after midnight */

#define VRRP_CORE_MAX_WINDOWS        8

typedef struct {
    uint16_t                          from_minute;
    uint16_t                          until_minute;  /* not included */
} vrrp_core_window_conf_t;


/* "authentication HMAC" */

#define VRRP_CORE_HMAC_MAX_KEY       64

typedef enum {
    VRRP_CORE_HMAC_ENFORCE = 0,
    VRRP_CORE_HMAC_PERMISSIVE,
    VRRP_CORE_HMAC_RECEIVE_ONLY
} vrrp_core_hmac_mode_e;


typedef struct {
    uint8_t                           id;     /* 1..255 */
    uint8_t                           len;
    uint8_t                           data[VRRP_CORE_HMAC_MAX_KEY];
    vrrp_core_str_t                   file;   /* whose line it is, or empty */
} vrrp_core_hmac_key_t;


/*
 * "hex:0011..", "ascii:secret", or only the secret: fills data and len.
 * Otherwise what is wrong; no part of the key is in it.
 */
const char *vrrp_core_hmac_key(const vrrp_core_str_t *text,
    vrrp_core_hmac_key_t *key);


/*
 * A vrrp_instance is one virtual router; with virtual addresses of both
 * families it is two, which follow each other and have one name.
 */

typedef enum {
    VRRP_CORE_WHOLE = 0,
    VRRP_CORE_FIRST_FAMILY,           /* IPv4 */
    VRRP_CORE_SECOND_FAMILY
} vrrp_core_part_e;


typedef struct {
    vrrp_core_str_t                   name;
    vrrp_core_part_e                  part;
    vrrp_core_str_t                   sync_group;        /* or empty */
    vrrp_core_str_t                   interface;
    uint8_t                           family;            /* 4, 6 */
    int64_t                           version;           /* 2, 3 */
    int64_t                           virtual_router_id; /* 1..255; 0: none */
    int64_t                           priority;          /* 1..255 */
    int64_t                           advert_int_ns;

    uint8_t                           auth_pass;         /* v2: PASS */
    uint8_t                           auth_data[VRRP_CORE_AUTH_LEN];
    vrrp_core_str_t                   auth_file;         /* whose line it is */

    const vrrp_core_hmac_key_t       *hmac_keys;         /* HMAC */
    size_t                            nhmac_keys;        /* 0: not used */
    int64_t                           hmac_active_key;   /* an id */
    int64_t                           hmac_mode;         /* ..._mode_e */
    int64_t                           hmac_monotonic;    /* no time window */
    int64_t                           hmac_window_ns;

    /* at most 255 for advertisements; the excluded ones follow, 255 as well */
    const vrrp_core_address_conf_t   *addresses;
    size_t                            naddresses;

    const vrrp_core_route_conf_t     *routes;
    size_t                            nroutes;
    const vrrp_core_rule_conf_t      *rules;
    size_t                            nrules;

    vrrp_core_str_t                   vmac;              /* device, or "" */
    int64_t                           vmac_xmit_base;

    vrrp_core_ip_t                    mcast_src_ip;      /* or family 0 */
    vrrp_core_ip_t                    mcast_group4;
    vrrp_core_ip_t                    mcast_group6;

    vrrp_core_ip_t                    unicast_src_ip;
    const vrrp_core_peer_conf_t      *unicast_peers;
    size_t                            nunicast_peers;    /* 0: multicast */
    int64_t                           unicast_ttl;

    int64_t                           v3_checksum;
    int64_t                           down_timer_adverts;

    /*
     * 0: no adverts are sent or received, and the router is MASTER unless it
     * has a fault.  At the end its addresses stay for leave_ns.
     */
    int64_t                           election;
    int64_t                           leave_ns;

    int64_t                           nopreempt;
    const vrrp_core_window_conf_t    *preempt_windows;
    size_t                            npreempt_windows;  /* 0: always */
    int64_t                           preempt_delay_ns;
    int64_t                           link_up_delay_ns;
    int64_t                           link_down_delay_ns;

    int64_t                           garp_master_repeat;
    int64_t                           garp_master_delay_ns;
    int64_t                           garp_master_refresh_ns;  /* 0: off */
    int64_t                           garp_master_refresh_repeat;
    int64_t                           garp_interval_ns;        /* 0: none */
    int64_t                           gna_interval_ns;         /* 0: none */

    int64_t                           peer_link;         /* see below */
    int64_t                           peer_port;
    vrrp_core_str_t                   peer_secret_file;  /* or empty */
    const vrrp_core_ip_t             *peer_addresses;    /* "peer=" */
    size_t                            npeer_addresses;
    int64_t                           takeover_unchecked;

    int64_t                           close_connections;
    int64_t                           drain_timeout_ns;  /* 0: off */
    const uint16_t                   *ports;  /* nginx listens on; TCP */
    size_t                            nports;

    int64_t                           track_workers;     /* 0: off */
    int64_t                           track_timeout_ns;

    const vrrp_core_tracker_conf_t   *trackers;
    size_t                            ntrackers;
} vrrp_core_instance_conf_t;


/*
 * The socket at which peer links of an interface and family arrive, and the
 * secret of these links.
 */

#define VRRP_CORE_LINK_MAX_SECRET    256
/* descriptors of links, beside the sockets */
#define VRRP_CORE_LINK_CONNECTIONS   66

typedef struct {
    vrrp_core_str_t                   interface;
    uint8_t                           family;
    int64_t                           port;
    vrrp_core_str_t                   secret_file;  /* or empty */

    /* the vrrp process fills it from the file, or does not use this link */
    size_t                            secret_len;
    uint8_t                           secret[VRRP_CORE_LINK_MAX_SECRET];
    uint8_t                           dropped;

    /* of vrrp_core_link_socket(), or -1; master and vrrp process keep it */
    int                               fd;
} vrrp_core_link_conf_t;


/* what usually is the same on all nodes: they compare it by peer links */

typedef struct {
    const char                       *context;      /* "http", "stream" */
    vrrp_core_str_t                   name;
    const vrrp_core_str_t            *servers;      /* as configured */
    size_t                            nservers;
} vrrp_core_upstream_conf_t;

typedef struct {
    vrrp_core_str_t                   name;
    int64_t                           ends;         /* seconds since 1970 */
} vrrp_core_certificate_conf_t;


/* notifications */

/* sets of events: those that rules are about */

#define VRRP_CORE_EVENT_STATE        0x01
#define VRRP_CORE_EVENT_UPSTREAM     0x04
#define VRRP_CORE_EVENT_DRIFT        0x20
#define VRRP_CORE_EVENT_RX_LOWER     0x80
/* without those that can be frequent */
#define VRRP_CORE_USUAL_EVENTS       0x3f

/* of a list of names, "state,upstream"; VRRP_CORE_ERROR: fills expected */
int vrrp_core_parse_events(const vrrp_core_str_t *names, uint32_t *events,
    char *expected, size_t size);

/* sets of the states that a state event leads to */

#define VRRP_CORE_TO_MASTER          0x01
#define VRRP_CORE_TO_BACKUP          0x02
#define VRRP_CORE_TO_FAULT           0x04
#define VRRP_CORE_TO_STOP            0x08
#define VRRP_CORE_TO_INIT            0x10
#define VRRP_CORE_TO_DELETED         0x20

#define VRRP_CORE_MAX_CHANNELS       64


typedef enum {
    VRRP_CORE_NOTIFY_SCRIPT = 0,
    VRRP_CORE_NOTIFY_FIFO,
    VRRP_CORE_NOTIFY_EMAIL,
    VRRP_CORE_NOTIFY_WEBHOOK
} vrrp_core_notify_kind_e;


/*
 * The number of a format of webhooks, by its name; 0 is the default.
 * VRRP_CORE_ERROR: fills expected.
 */
int vrrp_core_parse_webhook_format(const vrrp_core_str_t *name,
    uint32_t *format, char *expected, size_t size);

/* does it support these parameters?  VRRP_CORE_ERROR: fills why */
int vrrp_core_webhook_supports(size_t format, int prefix, int secret,
    char *why, size_t size);

/* its URLs end with it */
const char *vrrp_core_webhook_path(size_t format);


/* a channel: a receiver of notifications */

typedef struct {
    vrrp_core_notify_kind_e           kind;
    vrrp_core_str_t                   name;      /* "notify_webhook" */
    vrrp_core_str_t                   target;    /* for humans: no secrets */
    vrrp_core_str_t                   instance;  /* empty: all */
    uint8_t                           of_group;  /* instance is a sync_group */

    uint32_t                          events;    /* a set of kinds */
    uint32_t                          states;    /* VRRP_CORE_TO_* */
    int64_t                           timeout_ns;  /* of one attempt */
    int64_t                           expire_ns;   /* of an event */

    /* script: its path and arguments */
    const vrrp_core_str_t            *command;
    size_t                            ncommand;
    uint32_t                          uid;
    uint32_t                          gid;
    uint8_t                           with_arguments;  /* keepalived's four */

    vrrp_core_str_t                   path;      /* fifo */

    /* email, webhook */
    vrrp_core_str_t                   url;
    vrrp_core_str_t                   ca;        /* a file, or empty */
    uint8_t                           verify;

    /* email */
    vrrp_core_str_t                   from;
    vrrp_core_str_t                   to;        /* "a@b,c@d" */
    vrrp_core_str_t                   username;
    uint8_t                           start_tls;
    vrrp_core_str_t                   helo;      /* empty: the host's name */

    /* webhook */
    size_t                            format;    /* its number */
    vrrp_core_str_t                   prefix;    /* of texts, or empty */

    /*
     * email: the password; webhook: with what it signs.  The notifier process
     * fills it from the file.
     */
    vrrp_core_str_t                   secret_file;  /* empty: none */
    vrrp_core_str_t                   secret;       /* empty: not readable */
} vrrp_core_notify_conf_t;


typedef struct {
    /* which reading of the configuration this is, and when it was read */
    uint64_t                          generation;
    int64_t                           configured_at_ns;

    /*
     * The memory of the generation before, or NULL: if its status lies
     * elsewhere, its vrrp process waits there for a word that this one is in
     * charge.
     */
    vrrp_core_memory_t               *previous;

    /*
     * startup_delay: no router becomes MASTER before; those that another
     * process hands over as MASTER stay so.  0: none.  after_boot: it is
     * delay_after_boot.
     */
    int64_t                           not_before_ns;
    int64_t                           after_boot;

    vrrp_core_str_t                   router_id;
    const vrrp_core_instance_conf_t  *instances;
    size_t                            ninstances;

    /*
     * Every check that a process of this node makes; its number is its index.
     */
    const vrrp_core_check_conf_t     *checks;
    size_t                            nchecks;

    /*
     * An eventfd (non-blocking): the processes that check write to it when a
     * verdict changes, the workers when they have a command, the vrrp process
     * reads it.  -1: there are neither.
     */
    int                               wake_fd;

    /*
     * The same in the other direction: the vrrp process writes to it when it
     * wants the result of a check on demand now.  -1: there are none.
     */
    int                               demand_fd;

    /*
     * Which vrrp process owns a router: the memory, and an eventfd by which
     * they wake each other.  -1: this process is the only one.
     */
    int                               ownership_fd;
    int                               ownership_wake_fd;

    /*
     * A socket for each of the instances, of vrrp_core_name_socket(), or -1;
     * NULL: none.  With its name another nginx of this network namespace finds
     * out that we have the virtual router.  The master and the vrrp process
     * keep them.
     */
    int                              *name_fds;

    /*
     * Sockets for BFD, of vrrp_core_bfd_socket(), or -1.  The master and the
     * vrrp process keep them.
     */
#define VRRP_CORE_BFD_SOCKETS        4
    int                               bfd_fds[VRRP_CORE_BFD_SOCKETS];

    /* one for each interface and family with a peer_link */
    vrrp_core_link_conf_t            *links;
    size_t                            nlinks;

    const vrrp_core_upstream_conf_t  *upstreams;
    size_t                            nupstreams;
    const vrrp_core_certificate_conf_t  *certificates;
    size_t                            ncertificates;

    const vrrp_core_notify_conf_t    *channels;
    size_t                            nchannels;

    /*
     * A socket pair of datagrams in order (SOCK_SEQPACKET, non-blocking):
     * events go into the first, the notifier process reads the second. -1:
     * there are no notifications.
     */
    int                               event_fds[2];

    /*
     * Raw ICMP sockets for ping, IPv4 and IPv6; -1: none.  The process that
     * pings closes them.
     */
    int                               icmp_fds[2];
} vrrp_core_conf_t;


/* what every process calls; data is the caller's, also for other callbacks */

typedef struct {
    void   *data;

    void  (*log)(void *data, vrrp_core_log_level_e level, const char *text,
              size_t len);

    /* VRRP_CORE_OK: vrrp_process_on_readable() will be called for fd */
    int   (*watch)(void *data, int fd);
    void  (*unwatch)(void *data, int fd);
} vrrp_process_ops_t;


/*
 * Begins; when the process master_pid ends, this one finishes.
 * VRRP_CORE_ERROR: it has finished already or, with the virtual routers, takes
 * no part in the elections (logged).
 */
int vrrp_process_start(vrrp_process_t *process, int master_pid);

/*
 * nginx's QUIT: finishes within a bounded time.  vrrp process: leaves the
 * elections, but an address may stay until a successor advertises, because
 * nginx still answers requests; on a reload it continues until the next vrrp
 * process takes over.  Checker and runner processes: at once.  Notifier
 * process: when the processes that send events to it have ended, and the events
 * are delivered.
 */
void vrrp_process_quit(vrrp_process_t *process);

/*
 * nginx's TERM, also after QUIT: releases the addresses before it returns;
 * makes one attempt for each event that waits.
 */
void vrrp_process_terminate(vrrp_process_t *process);

void vrrp_process_on_readable(vrrp_process_t *process, int fd);
void vrrp_process_on_timer(vrrp_process_t *process);

/* when vrrp_process_on_timer() is due, or VRRP_CORE_NEVER */
int64_t vrrp_process_deadline(vrrp_process_t *process);

/* nothing is left to do, or an exception was caught (logged) */
int vrrp_process_finished(vrrp_process_t *process);

/* a vrrp process that ends without it counts as crashed */
void vrrp_process_destroy(vrrp_process_t *process);


/* the vrrp process */

/*
 * While it is root: the programs by which a planned move ends no connection.
 * NULL: no instance needs them.
 */
typedef struct vrrp_core_drains_s  vrrp_core_drains_t;

vrrp_core_drains_t *vrrp_core_load_drains(const vrrp_core_conf_t *conf);

/* for the status: values in effect in this process */

typedef struct {
    int                               pid;
    int                               realtime_priority;  /* 0: none */
    int                               mlock;
    int                               begins_as_root;  /* each time */
    char                              bfd_holder[64];  /* or "" */
    int                               peer_fd;  /* of vrrp_core_kept_file() */
    int                               history_fd;  /* the same */
    vrrp_core_drains_t               *drains;  /* or NULL; it takes them */
    vrrp_core_str_t                   server_version;  /* "1.22.1" */

    /*
     * Not NULL: why it takes part in nothing, e.g. because capabilities are
     * missing.
     */
    const char                       *disabled;
} vrrp_router_facts_t;


/*
 * hmac_sha256: signs advertisements, or texts of channels that have a secret.
 * VRRP_CORE_ERROR: no digest (logged).
 */
typedef int (*vrrp_hmac_sha256_pt)(void *data, const char *key,
    size_t key_len, const char *text, size_t len, uint8_t digest[32]);

/* NULL: out of memory, or netlink cannot be opened (logged) */
vrrp_process_t *vrrp_router_create(const vrrp_core_conf_t *conf,
    const vrrp_router_facts_t *facts, const vrrp_process_ops_t *ops,
    vrrp_hmac_sha256_pt hmac_sha256, vrrp_core_memory_t *memory);

/*
 * In the master, once for an nginx and the binaries that follow it: the memory
 * for conf->ownership_fd, which only vrrp processes may have.  It is not closed
 * by execve().  -1: why, ended by a zero and cut to size, says what failed.
 */
int vrrp_core_ownership_create(uint64_t number, char *why, size_t size);

/*
 * VRRP_CORE_ERROR: fd is not such a memory, or has another number.
 * VRRP_CORE_DECLINED: it is, of a version of the module with another layout.
 */
int vrrp_core_ownership_fits(int fd, uint64_t number);

/*
 * A new binary: the vrrp process of the other one waits a moment for the one
 * of this master process.  0: there will be none.
 */
void vrrp_core_ownership_start(int fd, int master_pid);

/* VRRP_CORE_DECLINED: no living binary after this one has the memory */
int vrrp_core_ownership_passed_on(int fd, int master_pid);

/* for conf->name_fds, not closed by execve(); -1: errno */
int vrrp_core_name_socket(void);

/* VRRP_CORE_ERROR: fd does not have the name of this instance */
int vrrp_core_name_fits(int fd, const vrrp_core_instance_conf_t *instance);

/*
 * For conf->bfd_fds, not closed by execve(); -1: errno, or 0 if no session
 * needs it.
 */
int vrrp_core_bfd_socket(const vrrp_core_conf_t *conf, size_t which);

/* VRRP_CORE_ERROR: fd is not the bound socket of this number */
int vrrp_core_bfd_fits(int fd, size_t which);

/* for link->fd, not closed by execve(); -1: errno */
int vrrp_core_link_socket(const vrrp_core_link_conf_t *link);

/* VRRP_CORE_ERROR: fd is not the listening socket of this link */
int vrrp_core_link_fits(int fd, const vrrp_core_link_conf_t *link);

/*
 * In the vrrp process, while it is root: gets the names that no other nginx
 * has.
 */
void vrrp_core_take_names(const vrrp_core_conf_t *conf);

/* the same: which program has a port of BFD, "bird (process 1)"; "": none */
void vrrp_core_bfd_holder(const vrrp_core_conf_t *conf, char *text,
    size_t size);

/*
 * In the vrrp process, while it is root: a file of what it remembers.  -1: why,
 * ended by a zero and cut to size, says what failed.
 */
int vrrp_core_kept_file(const char *path, char *why, size_t size);


/* the processes that check */

/* which checks a process makes */

typedef enum {
    VRRP_CHECKER_PROBES = 0,          /* all but scripts; no privileges */
    VRRP_CHECKER_SCRIPTS
} vrrp_checker_role_e;


/* where a connection has failed */

typedef enum {
    VRRP_CHECKER_SOCKET = 0,          /* our own machine */
    VRRP_CHECKER_CONNECT,
    VRRP_CHECKER_TLS,
    VRRP_CHECKER_ESTABLISHED
} vrrp_checker_stage_e;


typedef struct {
    /*
     * Connections, one for each check at most, with TLS where the check has
     * it.  These may call the core: open() ends in vrrp_checker_opened() or
     * vrrp_checker_failed(), now or later; send() takes all of it and sends it
     * as the peer allows; close() ends all reports about a connection.  A
     * connection reported by vrrp_checker_failed() is closed already, and
     * another one may be opened within that call; one that
     * vrrp_checker_ended() is not.
     */
    void  (*open)(void *data, size_t check);
    void  (*send)(void *data, size_t check, const char *bytes, size_t len);
    void  (*close)(void *data, size_t check);

    /* 1: text matches */
    int   (*regex)(void *data, void *regex, const char *text, size_t len);

    /* its verdict is another, or it has recovered: the table has it */
    void  (*changed)(void *data, size_t check);
} vrrp_checker_ops_t;


/* has a process of this role anything to check? */
int vrrp_checker_needed(const vrrp_core_conf_t *conf,
    vrrp_checker_role_e role);

/*
 * NULL: out of memory or descriptors (logged).  A process whose table a later
 * configuration has replaced checks nothing, and finishes after QUIT: the
 * master would start one that ends earlier again.
 */
vrrp_process_t *vrrp_checker_create(const vrrp_core_conf_t *conf,
    vrrp_checker_role_e role, const vrrp_process_ops_t *ops,
    const vrrp_checker_ops_t *checker_ops, vrrp_core_memory_t *memory);

/* the process of the following is one that checks */

/* about the connection of a check */
void vrrp_checker_connected(vrrp_process_t *process, size_t check);
void vrrp_checker_opened(vrrp_process_t *process, size_t check);
void vrrp_checker_received(vrrp_process_t *process, size_t check,
    const char *bytes, size_t len);
void vrrp_checker_ended(vrrp_process_t *process, size_t check);
void vrrp_checker_failed(vrrp_process_t *process, size_t check,
    vrrp_checker_stage_e stage, const char *text, size_t len);

/* a reserved slot gets this check, and is free again; conf is copied */
void vrrp_checker_assign(vrrp_process_t *process, size_t check,
    const vrrp_core_check_conf_t *conf);
void vrrp_checker_release(vrrp_process_t *process, size_t check);


/* the process that notifies */

/* NULL: out of memory or descriptors (logged) */
vrrp_process_t *vrrp_notifier_create(const vrrp_core_conf_t *conf,
    const vrrp_process_ops_t *ops, vrrp_hmac_sha256_pt hmac_sha256,
    vrrp_core_memory_t *memory);


/*
 * Is there what this configuration's channels need on this machine?  Only in
 * a process that tests the configuration: libcurl is loaded for that.
 * VRRP_CORE_ERROR: no; why, ended by a zero and cut to size, says what to do.
 */
int vrrp_notifier_possible(const vrrp_core_conf_t *conf, char *why,
    size_t size);


/*
 * In any process: may the program at this path be run with the rights of uid?
 * VRRP_CORE_ERROR: no, others than root and uid may write to it or to a folder
 * above it, or it cannot be executed; why, ended by a zero and cut to size,
 * says what is wrong: directory "/opt/checks" is group-writable.
 */
int vrrp_core_unsafe_path(const char *path, uint32_t uid, char *why,
    size_t size);


/* results of checks */

/*
 * In the master, after vrrp_core_begin_generation(): lays out the table of
 * this generation with the results of the previous one.  VRRP_CORE_ERROR: out
 * of memory or room.
 */
int vrrp_core_checks_begin(vrrp_core_memory_t *memory,
    const vrrp_core_conf_t *conf);

/*
 * In a process that is started again, before its checker: n checks from the
 * first one on may have been at one another's places, and keep their results.
 */
void vrrp_core_checks_rearrange(vrrp_core_memory_t *memory,
    const vrrp_core_conf_t *conf, size_t first, size_t n);

/*
 * VRRP_CORE_UNUSED also when a later generation has replaced the table.
 * There is no other cost than that of reading a word or two.
 */
vrrp_core_verdict_e vrrp_core_check_verdict(const vrrp_core_memory_t *memory,
    uint64_t generation, size_t check);

/*
 * Grows with each change of any verdict and with each recovery; 0: the table
 * has been replaced.
 */
uint64_t vrrp_core_checks_changes(const vrrp_core_memory_t *memory,
    uint64_t generation);

/*
 * When this check last passed after a failure, or came up again, in
 * nanoseconds of CLOCK_BOOTTIME; 0: never.
 */
int64_t vrrp_core_check_recovered(const vrrp_core_memory_t *memory,
    uint64_t generation, size_t check);

/* has one of these n checks, of this address, done so in the last age_ns? */
int vrrp_core_checks_recovered(const vrrp_core_memory_t *memory,
    uint64_t generation, size_t first, size_t n, const char *address,
    size_t len, int64_t age_ns);


/* shared memory */

/*
 * In the master, each time a configuration with a vrrp block has been read.
 * previous: the memory of the previous configuration, or NULL; the parts that
 * fit are kept.  Returns NULL on failure. notes, ended by a zero and cut to
 * size: the reason, or another text to log; or empty.
 */
vrrp_core_memory_t *vrrp_core_memory_create(const vrrp_core_conf_t *conf,
    const vrrp_core_memory_t *previous, char *notes, size_t size);
void vrrp_core_memory_destroy(vrrp_core_memory_t *memory);

/*
 * In a worker, and in any process that is none of ours, first of all: from now
 * on it cannot write where our own processes do.
 */
void vrrp_core_memory_protect(vrrp_core_memory_t *memory);

/*
 * In the master, before the processes of a configuration are started; the
 * result is conf->generation.  The processes of the previous configuration can
 * detect it.
 */
uint64_t vrrp_core_begin_generation(vrrp_core_memory_t *memory,
    vrrp_core_memory_t *previous);

int64_t vrrp_core_now(void);


/* workers */

/* how many processes can beat; slot is 0 .. this - 1 */
#define VRRP_CORE_HEARTBEATS       1024

/* "this worker's event loop runs", at least twice per timeout */
void vrrp_core_heartbeat(vrrp_core_memory_t *memory, unsigned slot, int pid);

/* "this worker ends" */
void vrrp_core_heartbeat_stop(vrrp_core_memory_t *memory, unsigned slot);

/*
 * nginx is shutting down, no newer generation follows, and addresses are still
 * held: a worker should continue to accept until this turns to 0.
 */
int vrrp_core_worker_needed(const vrrp_core_memory_t *memory,
    uint64_t generation);

/*
 * The vrrp process of this generation has done its work and ended, and there
 * is no other: processes that start now have no VRRP.
 */
int vrrp_core_process_ended(const vrrp_core_memory_t *memory,
    uint64_t generation);

/* how often to call vrrp_core_heartbeat() */
int64_t vrrp_core_heartbeat_interval(const vrrp_core_conf_t *conf);


/* status */

typedef enum {
    VRRP_CORE_JSON = 0,
    VRRP_CORE_HTML,
    VRRP_CORE_PROMETHEUS,             /* text format 0.0.4 */
    VRRP_CORE_OPENMETRICS             /* 1.0.0 */
} vrrp_core_format_e;


typedef void (*vrrp_core_append_pt)(void *data, const char *text, size_t len);

/*
 * The status of the node, by as many calls of append as needed.
 * VRRP_CORE_AGAIN: the vrrp process has published nothing yet, or it died
 * while it did.  VRRP_CORE_DECLINED: no such format.  VRRP_CORE_ERROR:
 * out of memory.
 */
int vrrp_core_status(const vrrp_core_memory_t *memory,
    vrrp_core_format_e format, vrrp_core_append_pt append, void *data);

/*
 * VRRP_CORE_DECLINED: the file from which this module was loaded has another
 * build now; text, ended by a zero and cut to size, says which.
 */
int vrrp_core_module_changed(char *text, size_t size);

/* the Content-Security-Policy of VRRP_CORE_HTML */
const char *vrrp_core_page_policy(void);


typedef enum {
    VRRP_CORE_UNHEALTHY = 0,
    VRRP_CORE_HEALTHY,
    VRRP_CORE_NO_INSTANCE             /* of that name */
} vrrp_core_health_e;


typedef struct {
    int              require_master;  /* BACKUP is not good enough */
    vrrp_core_str_t  instance;        /* empty: all of them */
} vrrp_core_health_question_t;


/*
 * Is this node well: does the vrrp process live, and is every instance, or
 * the one that is asked for, MASTER or BACKUP?  append gets some lines of
 * text, or none if nothing has been published yet.
 */
vrrp_core_health_e vrrp_core_health(const vrrp_core_memory_t *memory,
    const vrrp_core_health_question_t *question, vrrp_core_append_pt append,
    void *data);


/* texts end with a zero */

typedef struct {
    char             name[64];
    char             state[16];       /* INIT, BACKUP, MASTER, FAULT */
    uint8_t          effective_priority;
    char             master_address[48];  /* of another node; or empty */
} vrrp_core_instance_t;


/*
 * The instances, n at most, in the order of the configuration that is in
 * force.  0: nothing is known, or it is too old to be true.
 */
size_t vrrp_core_instances(const vrrp_core_memory_t *memory,
    vrrp_core_instance_t *list, size_t n);


/*
 * The addresses, n at most, that another node has now and whose connections
 * this node finishes (drain_timeout).
 */
size_t vrrp_core_left_addresses(const vrrp_core_memory_t *memory,
    vrrp_core_ip_t *list, size_t n);


/* other nodes, texts end with a zero */

#define VRRP_CORE_MAX_PEERS  96

typedef struct {
    char             name[64];
    char             address[48];
} vrrp_core_peer_t;


/*
 * Those that have a link with this node, or that a node with a link relays;
 * n at most.
 */
size_t vrrp_core_peers(const vrrp_core_memory_t *memory,
    vrrp_core_peer_t *list, size_t n);


/* commands of operators, from a worker to the vrrp process */

typedef enum {
    VRRP_CORE_RELEASE = 0,            /* give the addresses to a peer */
    VRRP_CORE_RESUME,                 /* the end of it */
    VRRP_CORE_FAILBACK                /* take the addresses from a peer */
} vrrp_core_command_e;


typedef struct {
    vrrp_core_command_e  command;
    vrrp_core_str_t      instance;    /* empty: all of them */
    vrrp_core_str_t      who;         /* the client's address */

    /* of a release */
    int64_t              length_ns;   /* 0: until it is resumed */
    uint8_t              rescue;      /* takes over if there is no other */
} vrrp_core_command_t;


#define VRRP_CORE_LONGEST_RELEASE  (365 * 24 * 3600)  /* seconds */


/* a command on its way */

typedef struct {
    vrrp_core_command_e  command;
    size_t               slot;
    uint64_t             word;
    int64_t              asked_at_ns;
} vrrp_core_ticket_t;


typedef enum {
    VRRP_CORE_PENDING = 0,
    VRRP_CORE_DONE,                   /* by all of them, or so already */
    VRRP_CORE_REFUSED,                /* by one at least */
    VRRP_CORE_NOT_FOUND,              /* no such instance */
    VRRP_CORE_NOT_HEARD,              /* nothing is done, and will not be */
    VRRP_CORE_NOT_ANSWERED            /* nobody knows */
} vrrp_core_result_e;


/*
 * Asks the vrrp process of this configuration.  VRRP_CORE_AGAIN: too many
 * commands at once.
 */
int vrrp_core_command(vrrp_core_memory_t *memory,
    const vrrp_core_conf_t *conf, const vrrp_core_command_t *command,
    vrrp_core_ticket_t *ticket);

/*
 * To be called every few milliseconds; within three seconds the answer is not
 * VRRP_CORE_PENDING any more, append has got it as JSON, and the ticket is
 * given back.
 */
vrrp_core_result_e vrrp_core_command_result(vrrp_core_memory_t *memory,
    const vrrp_core_ticket_t *ticket, vrrp_core_append_pt append, void *data);

/* instead of waiting for the result; it is executed anyway */
void vrrp_core_command_forget(vrrp_core_memory_t *memory,
    const vrrp_core_ticket_t *ticket);


/* what clients and files say; nothing is copied */

/* 1 to 63 letters, digits, "_", "." or "-" */
int vrrp_core_is_name(const vrrp_core_str_t *text);

/* not empty, and without control characters */
int vrrp_core_is_line(const vrrp_core_str_t *text);

/* The command that a path ends with.  VRRP_CORE_DECLINED: with none. */
int vrrp_core_action(const vrrp_core_str_t *path,
    vrrp_core_command_e *command);

/* The only line of a file's text.  Not NULL: what is wrong with the file. */
const char *vrrp_core_secret(const vrrp_core_str_t *text,
    vrrp_core_str_t *line);


/* which format a client prefers; begins with zeros, which is JSON */

typedef struct {
    int                  quality;
    vrrp_core_format_e   format;
} vrrp_core_preference_t;


/* to be called for each header "Accept", in order */
void vrrp_core_accept(const vrrp_core_str_t *header,
    vrrp_core_preference_t *preference);


#ifdef __cplusplus
}
#endif


#endif /* _VRRP_CORE_CAPI_H_INCLUDED_ */
