/*
 * Process events for a program in a network namespace.
 *
 * The kernel answers NETLINK_CONNECTOR sockets, from which keepalived learns
 * of the processes that it tracks, only in its first network namespace, and
 * with process ids of the first PID namespace.  Preloaded into keepalived,
 * this makes that one kind of socket in the namespace that is the file
 * CONNECTOR_NAMESPACE.  All its other sockets stay in the one in which it was
 * started.
 */

#define _GNU_SOURCE

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/netlink.h>


static void
enter(int ns)
{
    /* nothing may go on in a namespace where it does not belong */

    if (setns(ns, CLONE_NEWNET) == -1) {
        abort();
    }
}


int
socket(int domain, int type, int protocol)
{
    int          fd, inside, outside;
    const char  *namespace;

    if (domain != AF_NETLINK || protocol != NETLINK_CONNECTOR) {
        return (int) syscall(SYS_socket, domain, type, protocol);
    }

    namespace = getenv("CONNECTOR_NAMESPACE");

    if (namespace == NULL) {
        abort();
    }

    inside = open("/proc/self/ns/net", O_RDONLY|O_CLOEXEC);
    outside = open(namespace, O_RDONLY|O_CLOEXEC);

    if (inside == -1 || outside == -1) {
        abort();
    }

    enter(outside);
    fd = (int) syscall(SYS_socket, domain, type, protocol);
    enter(inside);

    close(inside);
    close(outside);

    return fd;
}
