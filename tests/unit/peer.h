/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_TEST_PEER_H
#define XRING_TEST_PEER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* A server on a free port of this host's loopback, in a thread of its own. */
enum manner {
	PEER_ANSWERS,			/* reads a request, says `text`, keeps the connection */
	PEER_CLOSES,			/* reads a request and closes, after `text` if there is one */
	PEER_DROPS,			/* closes what it accepts */
	PEER_READS_NOTHING,		/* and says `text`, if there is one */
	PEER_FLOODS,			/* a status line, then `text` until nobody listens */
	PEER_TRICKLES,			/* a status line, then `text`, slowly */
};

struct peer {
	uint16_t port;
	int family;
	enum manner manner;
	const char *text;
	char request[4096];		/* the last one */
	uint64_t flooded;		/* bytes that were taken */
	int fd;
	int kept[64];			/* connections */
	unsigned kept_count;
	pthread_t thread;
};

void peer_open(struct peer *peer, int family, enum manner manner, const char *text);
void peer_close(struct peer *peer);

/* A port that is taken and refuses; one whose queue is full and says nothing. */
int port_refusing(int family, uint16_t *ret_port);
int port_full(uint16_t *ret_port, int fillers[8]);

#endif
