// SPDX-License-Identifier: GPL-2.0-or-later
#include "captures.h"

#include <dirent.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *captures_directory(void)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s", getenv("XRING_CAPTURES") ?: "");
	if (!*path)
		snprintf(path, sizeof(path), "%s/captures", getenv("BUILD") ?: "build");
	return access(path, R_OK) ? NULL : path;
}

static void file_read(const char *path, void (*on_frame)(void *context, const struct captured *f),
		      void *context)
{
	static struct captured f;
	char why[PCAP_ERRBUF_SIZE];
	pcap_t *capture = pcap_open_offline(path, why);
	struct pcap_pkthdr *head;
	const u_char *bytes;

	if (!capture)
		return;			/* some are spoilt on purpose */
	f.file = path;
	f.ethernet = pcap_datalink(capture) == DLT_EN10MB;
	while (pcap_next_ex(capture, &head, &bytes) == 1) {
		f.frame.len = head->caplen;
		if (f.frame.len < 14 || f.frame.len > sizeof(f.frame.bytes))
			continue;	/* no frame: the kernel does not take it for a test */
		memcpy(f.frame.bytes, bytes, f.frame.len);
		on_frame(context, &f);
	}
	pcap_close(capture);
}

unsigned captures_each(const char *directory, void (*on_frame)(void *context, const struct captured *f),
		       void *context)
{
	struct dirent **names;
	int count = scandir(directory, &names, NULL, alphasort);
	unsigned files = 0;

	assert_true(count >= 0);
	for (int i = 0; i < count; i++) {
		char path[512];

		if (*names[i]->d_name != '.') {
			snprintf(path, sizeof(path), "%s/%s", directory, names[i]->d_name);
			file_read(path, on_frame, context);
			files++;
		}
		free(names[i]);
	}
	free(names);
	return files;
}
