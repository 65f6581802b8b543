/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_TEST_PEER_H
#define XRING_TEST_PEER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* A server on a free port of this host's loopback interface, in a thread of its own. */
enum manner {
	PEER_ANSWERS,			/* reads a request, sends `text`, keeps the connection */
	PEER_CLOSES,			/* reads a request, sends `text` if there is one, closes */
	PEER_DROPS,			/* closes every connection that it accepts */
	PEER_READS_NOTHING,		/* reads nothing, sends `text` if there is one */
	PEER_FLOODS,			/* sends a status line, then `text` until the client goes */
	PEER_TRICKLES,			/* sends a status line, then `text`, slowly */
	/*
	 * Reads a request and sends `text`, if there is one; then, a little later, 20 bytes more.
	 * Says that it has no more to send, and counts how the client ends the connection.
	 */
	PEER_ENDS,
	PEER_ENDS_NOTHING,		/* the same, but leaves the end to the client */
};

struct peer {
	uint16_t port;
	int family;
	enum manner manner;
	const char *text;
	char request[4096];		/* the last request */
	_Atomic unsigned accepted;	/* connections */
	uint64_t flooded;		/* bytes that the client has taken */
	_Atomic unsigned ends, resets;	/* PEER_ENDS: connections that ended; those by a reset */
	int fd;
	int kept[64];			/* connections that are kept open */
	unsigned kept_count;
	pthread_t thread;
};

void peer_open(struct peer *peer, int family, enum manner manner, const char *text);
void peer_close(struct peer *peer);

/* A port that refuses connections; and a port whose queue is full, so that it does not answer. */
int port_refusing(int family, uint16_t *ret_port);
int port_full(uint16_t *ret_port, int fillers[8]);

#endif
