// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Linked into a daemon that is built with -finstrument-functions: writes the address of each
 * function that is entered (with the top bit set) or left into the file that XRING_TRACE
 * names. The first word of the file counts the words after it.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define WORDS (1ul << 27)
#define ENTERED (1ull << 63)
#define UNTRACED __attribute__((no_instrument_function))

static uint64_t *words;

UNTRACED __attribute__((constructor)) static void trace_open(void)
{
	const char *path = getenv("XRING_TRACE");
	int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC, 0600) : -1;
	void *memory;

	if (fd < 0)
		return;
	if (!ftruncate(fd, WORDS * sizeof(*words))) {
		memory = mmap(NULL, WORDS * sizeof(*words), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		words = memory == MAP_FAILED ? NULL : memory;
	}
	close(fd);
}

UNTRACED static void trace(uint64_t word)
{
	if (words && words[0] + 1 < WORDS)
		words[++words[0]] = word;
}

UNTRACED void __cyg_profile_func_enter(void *function, void *site);
UNTRACED void __cyg_profile_func_exit(void *function, void *site);

void __cyg_profile_func_enter(void *function, void *site)
{
	(void)site;
	trace((uint64_t)(uintptr_t)function | ENTERED);
}

void __cyg_profile_func_exit(void *function, void *site)
{
	(void)site;
	trace((uint64_t)(uintptr_t)function);
}
