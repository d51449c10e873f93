/*
 * The time of the first access to a page of memory that was not used for a
 * second, in microseconds: the median of five rounds.  Where a hypervisor
 * takes such pages away, it is a hundred times that of a physical machine, and
 * decides what a process costs that wakes up once a second.
 */


#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>


#define PAGES   128
#define SIZE    4096
#define ROUNDS  5


static double
now(void)
{
    struct timespec  t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}


static int
compare(const void *a, const void *b)
{
    double  d = *(const double *) a - *(const double *) b;

    return (d > 0) - (d < 0);
}


int
main(void)
{
    int              i, round;
    double           start, times[ROUNDS];
    volatile char   *pages;
    struct timespec  second = { 1, 0 };

    pages = mmap(NULL, PAGES * SIZE, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (pages == MAP_FAILED) {
        perror("mmap");
        return 1;
    }

    for (round = 0; round < ROUNDS; round++) {

        nanosleep(&second, NULL);
        start = now();

        for (i = 0; i < PAGES; i++) {
            pages[i * SIZE]++;
        }

        times[round] = (now() - start) / PAGES;
    }

    qsort(times, ROUNDS, sizeof(double), compare);
    printf("%.2f\n", times[ROUNDS / 2]);

    return 0;
}
