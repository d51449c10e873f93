/*
 * Sends TCP segments that belong to no connection, of 1500 octets each, from
 * the ports of one address, at most at some rate.  Prints how many.
 *
 *     strays FROM TO MBIT-PER-SECOND SECONDS
 */

#define _GNU_SOURCE

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>


#define OCTETS   1500
#define SEGMENT  (OCTETS - 20)
#define BATCH    16

#define FIRST_PORT  1024


static uint8_t  segments[BATCH][SEGMENT];


static double
now(void)
{
    struct timespec  t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return t.tv_sec + t.tv_nsec / 1e9;
}


static uint32_t
sum(const void *data, size_t size)
{
    size_t         i;
    uint32_t       total = 0;
    const uint8_t  *octets = data;

    for (i = 0; i + 1 < size; i += 2) {
        total += octets[i] << 8 | octets[i + 1];
    }

    return total;
}


static void
fill(uint8_t *segment, uint16_t port, uint32_t pseudo_header)
{
    uint32_t        total;
    struct tcphdr  *tcp = (struct tcphdr *) segment;

    tcp->source = htons(port);
    tcp->dest = htons(80);
    tcp->seq = htonl(1);
    tcp->ack_seq = htonl(1);
    tcp->doff = 5;
    tcp->ack = 1;
    tcp->window = htons(512);
    tcp->check = 0;

    /* all of the payload is 0 */

    total = pseudo_header + sum(tcp, sizeof(struct tcphdr));

    while (total >> 16) {
        total = (total & 0xffff) + (total >> 16);
    }

    tcp->check = htons((uint16_t) ~total);
}


int
main(int argc, char **argv)
{
    int                  fd, i, n;
    double               begin, pause, rate, seconds;
    uint16_t             port = FIRST_PORT;
    uint32_t             pseudo_header;
    struct iovec         parts[BATCH];
    struct in_addr       from, to;
    struct mmsghdr       messages[BATCH];
    struct timespec      wait;
    unsigned long        sent = 0;
    struct sockaddr_in   address;

    if (argc != 5 || inet_pton(AF_INET, argv[1], &from) != 1
        || inet_pton(AF_INET, argv[2], &to) != 1)
    {
        fprintf(stderr, "usage: strays FROM TO MBIT-PER-SECOND SECONDS\n");
        return 2;
    }

    rate = atof(argv[3]) * 1e6 / 8 / OCTETS;
    seconds = atof(argv[4]);

    fd = socket(AF_INET, SOCK_RAW, IPPROTO_TCP);

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr = from;

    if (fd == -1
        || bind(fd, (struct sockaddr *) &address, sizeof(address)) == -1)
    {
        perror("strays");
        return 1;
    }

    address.sin_addr = to;
    pseudo_header = sum(&from, sizeof(from)) + sum(&to, sizeof(to))
                    + IPPROTO_TCP + SEGMENT;

    memset(messages, 0, sizeof(messages));

    for (i = 0; i < BATCH; i++) {
        parts[i].iov_base = segments[i];
        parts[i].iov_len = SEGMENT;
        messages[i].msg_hdr.msg_name = &address;
        messages[i].msg_hdr.msg_namelen = sizeof(address);
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }

    begin = now();

    while (now() - begin < seconds) {

        for (i = 0; i < BATCH; i++) {
            fill(segments[i], port, pseudo_header);
            port = port == UINT16_MAX ? FIRST_PORT : port + 1;
        }

        n = sendmmsg(fd, messages, BATCH, 0);

        if (n == -1) {
            perror("sendmmsg");
            return 1;
        }

        sent += (unsigned long) n;
        pause = begin + sent / rate - now();

        if (pause > 0) {
            wait.tv_sec = (time_t) pause;
            wait.tv_nsec = (long) ((pause - wait.tv_sec) * 1e9);
            nanosleep(&wait, NULL);
        }
    }

    printf("%lu\n", sent);

    return 0;
}
