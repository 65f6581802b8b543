// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For LD_PRELOAD: makes one call of a function fail, once. The file FAIL_CALL, of
 * sizeof(struct plan) bytes, is shared memory with the test: "set" arms it.
 *
 *     fail_call FILE set FUNCTION N ERRNO     the N-th call from now on fails (0: none, count)
 *     fail_call FILE calls                    prints how many calls there were since
 *     fail_call FILE left                     prints how many calls are left until one fails
 *
 * A crash prints its backtrace to standard error: the first line in no library of C is the
 * place. Built twice: as the library, and with -DCOMMAND as the command.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

struct plan {
	char function[32];
	int32_t left;			/* calls until the one that fails; 0: none does */
	int32_t err;
	int32_t calls;
};

static struct plan *plan;

static struct plan *plan_open(const char *path)
{
	int fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
	void *at = fd < 0 ? MAP_FAILED :
		   (void *)syscall(SYS_mmap, NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED,
				   fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

#ifdef COMMAND

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	close(open(argv[1], O_RDWR | O_CREAT, 0600));
	if (truncate(argv[1], sizeof(*plan)))
		return 1;
	plan = plan_open(argv[1]);
	if (!plan)
		return 1;
	if (!strcmp(argv[2], "set") && argc == 6) {
		__atomic_store_n(&plan->left, 0, __ATOMIC_SEQ_CST);
		snprintf(plan->function, sizeof(plan->function), "%s", argv[3]);
		plan->err = atoi(argv[5]);
		plan->calls = 0;
		__atomic_store_n(&plan->left, atoi(argv[4]), __ATOMIC_SEQ_CST);
		return 0;
	}
	printf("%d\n", strcmp(argv[2], "left") ? plan->calls : plan->left);
	return 0;
}

#else

static bool fails(const char *function)
{
	if (!plan || strcmp(plan->function, function))
		return false;
	__atomic_add_fetch(&plan->calls, 1, __ATOMIC_SEQ_CST);
	if (plan->left <= 0 || __atomic_sub_fetch(&plan->left, 1, __ATOMIC_SEQ_CST))
		return false;
	errno = plan->err;
	return true;
}

static void crashed(int number)
{
	void *frames[32];

	backtrace_symbols_fd(frames, backtrace(frames, 32), 2);
	signal(number, SIG_DFL);
	raise(number);
}

__attribute__((constructor)) static void begin(void)
{
	void *frame;

	backtrace(&frame, 1);		/* loads what it needs */
	signal(SIGSEGV, crashed);
	signal(SIGABRT, crashed);
	signal(SIGBUS, crashed);
	plan = plan_open(getenv("FAIL_CALL"));
}

#define REAL(name)                                                             \
	static __typeof__(&name) real;                                         \
	if (!real)                                                             \
		real = (__typeof__(real))dlsym(RTLD_NEXT, #name)

#define WRAP(type, failure, name, declared, given)                             \
	type name declared                                                     \
	{                                                                      \
		REAL(name);                                                    \
		return fails(#name) ? (failure) : real given;                  \
	}

WRAP(int, -1, socket, (int family, int kind, int protocol), (family, kind, protocol))
WRAP(int, -1, connect, (int fd, const struct sockaddr *to, socklen_t len), (fd, to, len))
WRAP(int, -1, accept4, (int fd, struct sockaddr *from, socklen_t *len, int flags),
     (fd, from, len, flags))
WRAP(ssize_t, -1, send, (int fd, const void *data, size_t len, int flags), (fd, data, len, flags))
WRAP(ssize_t, -1, sendto, (int fd, const void *data, size_t len, int flags,
     const struct sockaddr *to, socklen_t to_len), (fd, data, len, flags, to, to_len))
WRAP(ssize_t, -1, recv, (int fd, void *data, size_t len, int flags), (fd, data, len, flags))
WRAP(ssize_t, -1, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))
WRAP(ssize_t, -1, write, (int fd, const void *data, size_t len), (fd, data, len))
WRAP(ssize_t, -1, read, (int fd, void *data, size_t len), (fd, data, len))
WRAP(void *, MAP_FAILED, mmap, (void *at, size_t len, int prot, int flags, int fd, off_t offset),
     (at, len, prot, flags, fd, offset))
WRAP(int, -1, rename, (const char *from, const char *to), (from, to))
WRAP(int, -1, fsync, (int fd), (fd))
struct epoll_event;
int epoll_ctl(int epoll, int op, int fd, struct epoll_event *event);
int timerfd_create(int clock, int flags);
WRAP(int, -1, epoll_ctl, (int epoll, int op, int fd, struct epoll_event *event),
     (epoll, op, fd, event))
WRAP(int, -1, timerfd_create, (int clock, int flags), (clock, flags))

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	REAL(open);
	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	return fails("open") ? -1 : real(path, flags, mode);
}

/* libbpf's way to the kernel. */
long syscall(long number, ...)
{
	va_list args;
	long a[6];

	REAL(syscall);
	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_bpf && fails("bpf"))
		return -1;
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* dlsym() allocates: these go to libc by other names. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);

void *malloc(size_t size)
{
	return fails("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails("calloc") ? NULL : __libc_calloc(count, size);
}

void *realloc(void *at, size_t size)
{
	return fails("realloc") ? NULL : __libc_realloc(at, size);
}

void *reallocarray(void *at, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return realloc(at, bytes);
}

#endif
