/* Another day for every program that asks the C library: LD_PRELOAD it.

   Debian 12's libfaketime shifts the deadlines of clock_nanosleep() or sem_clockwait() too, so that Python 3.11
   either fails to sleep or never wakes up; only the time of day is shifted here. */
#define DAY 86400
#ifdef __aarch64__
enum { CLOCK_GETTIME = 113, GETTIMEOFDAY = 169 };
#else
enum { CLOCK_GETTIME = 228, GETTIMEOFDAY = 96 };
#endif
enum { REALTIME = 0, REALTIME_COARSE = 5 };

struct moment { long seconds, rest; };
long syscall(long number, ...);

int clock_gettime(int clock, struct moment *now) {
    int failed = syscall(CLOCK_GETTIME, clock, now);
    if (!failed && (clock == REALTIME || clock == REALTIME_COARSE)) now->seconds += DAYS * DAY;
    return failed;
}

int gettimeofday(struct moment *now, void *zone) {
    int failed = syscall(GETTIMEOFDAY, now, zone);
    if (!failed) now->seconds += DAYS * DAY;
    return failed;
}

long time(long *result) {
    struct moment now;
    clock_gettime(REALTIME, &now);
    if (result) *result = now.seconds;
    return now.seconds;
}
