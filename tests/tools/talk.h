/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XRING_TALK_H
#define XRING_TALK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * A long conversation that notices when it is moved: a server with a name, and a
 * client that keeps connections and UDP flows to it, through a load balancer.
 *
 * TCP: the server says its name and a newline; then each side sends records
 * whenever it likes, numbered from 1, and checks those of the other. The mark of
 * the server's records begins with its name again.
 *
 * UDP: {flow, number} is answered with {flow, number, name}.
 */
#define NAME_MAX_BYTES 64
#define MARK_BYTES 8

struct record {
	char mark[MARK_BYTES];
	uint64_t number;		/* big-endian */
};

struct datagram {
	uint64_t flow;
	uint64_t number;		/* big-endian */
	char name[NAME_MAX_BYTES];	/* of answers alone, without a NUL */
};
#define DATAGRAM_BYTES 16		/* without the name */

/* Records in and out of one connection, whole ones made of what arrives. */
struct stream {
	uint64_t sent, got;		/* the last numbers */
	char in[sizeof(struct record)], out[sizeof(struct record)];
	uint8_t in_bytes, out_at, out_bytes;	/* out_at to out_bytes did not go yet */
};

/* Sends the next record, or the rest of the last: 1 if it was a new one, 0, or -errno. */
int stream_send(struct stream *s, int fd, const char mark[MARK_BYTES]);

/*
 * Takes bytes and returns how many whole records they completed; -1: a number is
 * missing or a mark is another one.
 */
int stream_take(struct stream *s, const char *bytes, size_t len, const char mark[MARK_BYTES]);

void mark_of(const char *name, char ret[MARK_BYTES]);	/* the server's */
#define CLIENT_MARK "client\0"	/* with its NUL, MARK_BYTES */

struct endpoint {
	struct sockaddr_storage address;
	socklen_t len;
};

/* Numeric address; false: it is none. */
bool endpoint_of(const char *address, const char *port, struct endpoint *ret);

unsigned local_port(int fd);
uint64_t now_ms(void);			/* CLOCK_MONOTONIC */
uint64_t soon_ms(double rate);		/* when to send again, rate times a second, jittered */
int signals_open(void);			/* readable when SIGTERM or SIGINT came */
void many_files(void);
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

struct server_options {
	const char *address, *port, *name;
	bool udp;
	double rate;
};
int talk_server(const struct server_options *o);

struct client_options {
	const char *address, *port, *source, *expect_file;
	unsigned tcp, udp, sources;
	double seconds, rate;		/* seconds 0: until SIGTERM */
	double life;			/* seconds that a connection lives; 0: as long as it can */
};
int talk_client(const struct client_options *o);

#endif
