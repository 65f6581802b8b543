// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/util.h"
#include "peer.h"

static void say(int fd, const char *text)
{
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void read_request(struct peer *peer, int fd)
{
	size_t len = 0;
	ssize_t got;

	while (len < sizeof(peer->request) - 1) {
		got = recv(fd, peer->request + len, sizeof(peer->request) - 1 - len, 0);
		if (got <= 0)
			break;
		len += got;
		peer->request[len] = 0;
		if (strstr(peer->request, "\r\n\r\n"))
			break;
	}
	peer->request[len] = 0;
}

static void flood(struct peer *peer, int fd)
{
	size_t len = strlen(peer->text);

	say(fd, "HTTP/1.1 100 Continue\r\n");
	while (peer->flooded < 1ull << 30 && send(fd, peer->text, len, MSG_NOSIGNAL) > 0) {
		peer->flooded += len;
		if (peer->manner == PEER_TRICKLES)
			usleep(5000);
	}
}

static void keep(struct peer *peer, int fd)
{
	int *place = &peer->kept[peer->kept_count++ % ARRAY_SIZE(peer->kept)];

	if (*place >= 0)
		close(*place);
	*place = fd;
}

static void end(struct peer *peer, int fd)
{
	static const char text[] = "20 bytes that follow";
	char more[256];
	ssize_t got;

	if (peer->text) {
		read_request(peer, fd);
		say(fd, peer->text);
	}
	usleep(50 * 1000);
	got = send(fd, text, strlen(text), MSG_NOSIGNAL);
	if (peer->manner == PEER_ENDS)
		shutdown(fd, SHUT_WR);
	while (got > 0)
		got = recv(fd, more, sizeof(more), 0);
	peer->resets += got < 0;
	peer->ends++;
	close(fd);
}

static void serve(struct peer *peer, int fd)
{
	if (peer->manner == PEER_ENDS || peer->manner == PEER_ENDS_NOTHING)
		return end(peer, fd);
	if (peer->manner != PEER_DROPS && peer->manner != PEER_READS_NOTHING)
		read_request(peer, fd);
	if (peer->manner == PEER_FLOODS || peer->manner == PEER_TRICKLES)
		flood(peer, fd);
	else if (peer->text)
		say(fd, peer->text);
	if (peer->manner == PEER_ANSWERS || peer->manner == PEER_READS_NOTHING)
		keep(peer, fd);
	else
		close(fd);
}

static void *run(void *context)
{
	struct peer *peer = context;

	for (;;) {
		int fd = accept4(peer->fd, NULL, NULL, SOCK_CLOEXEC);

		peer->accepted += fd >= 0;
		if (fd >= 0)
			serve(peer, fd);
		else if (errno == EMFILE)	/* a test takes them away for a while */
			usleep(1000);
		else
			return NULL;
	}
}

static int bind_any(int family, uint16_t *ret_port)
{
	struct sockaddr_in6 to = { .sin6_family = family };
	socklen_t len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(to);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (family == AF_INET)
		((struct sockaddr_in *)&to)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		to.sin6_addr = in6addr_loopback;
	if (bind(fd, (struct sockaddr *)&to, len)) {
		close(fd);
		skip();			/* no such family here */
	}
	getsockname(fd, (struct sockaddr *)&to, &len);
	*ret_port = ntohs(to.sin6_port);	/* at the same place in both */
	return fd;
}

void peer_open(struct peer *peer, int family, enum manner manner, const char *text)
{
	*peer = (struct peer){ .family = family, .manner = manner, .text = text };
	memset(peer->kept, -1, sizeof(peer->kept));
	peer->fd = bind_any(family, &peer->port);
	assert_int_equal(listen(peer->fd, 4096), 0);
	assert_int_equal(pthread_create(&peer->thread, NULL, run, peer), 0);
}

void peer_close(struct peer *peer)
{
	shutdown(peer->fd, SHUT_RDWR);
	pthread_join(peer->thread, NULL);
	close(peer->fd);
	for (size_t i = 0; i < ARRAY_SIZE(peer->kept); i++)
		if (peer->kept[i] >= 0)
			close(peer->kept[i]);
}

int port_refusing(int family, uint16_t *ret_port)
{
	return bind_any(family, ret_port);
}

int port_full(uint16_t *ret_port, int fillers[8])
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int fd = bind_any(AF_INET, ret_port);

	assert_int_equal(listen(fd, 0), 0);
	to.sin_port = htons(*ret_port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < 8; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)!connect(fillers[i], (struct sockaddr *)&to, sizeof(to));
	}
	return fd;
}
