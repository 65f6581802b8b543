// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * HTTP GET, by libcurl's multi interface inside the daemon's loop. The status decides, so a
 * transfer ends with the last header; a body is read only to end the connection without a reset
 * (farewell.h). The connection goes to the probe's address; the URL has the name alone: for TLS, what the certificate must be of, and the Host header.
 */
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/util.h"
#include "core/model/check.h"
#include "core/value/address.h"
#include "daemon/probe/probe.h"

#define HEADERS_MAX (64 * 1024)
#define READ_BYTES 4096l
/* Up to here another answer follows, as after 100 Continue. */
#define STATUS_INFORMAL 199

struct browser {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer timer;
	struct curl_slist *headers;
};

struct transfer {
	struct browser *browser;
	struct probe *probe;
	CURL *easy;
	struct curl_slist *connect_to;
	struct curl_slist *headers;	/* where the Host header is not the URL's name */
	struct loop_source source;	/* fd -1: curl waits for no socket */
	int fd;				/* the connection, while curl has it open */
	int kept_fd;			/* the same, once its answer is whole; -1: it is not */
	size_t header_bytes;
	bool complete;			/* all headers have been read */
	char error[CURL_ERROR_SIZE];
};

/* noinline: gcc 12 would take the result for a pointer to the local variable. */
static __attribute__((noinline)) struct transfer *transfer_of(CURL *easy)
{
	char *transfer = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
	return (struct transfer *)transfer;
}

static long status_of(CURL *easy)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* ---- results ---- */

static void judge_status(struct probe *p, long status)
{
	if (status >= p->how.status_min && status <= p->how.status_max)
		probe_end(p, PROBE_GOOD, "HTTP %ld", status);
	else if (p->how.status_min == p->how.status_max)
		probe_end(p, PROBE_BAD, "HTTP %ld, want %u", status, p->how.status_min);
	else
		probe_end(p, PROBE_BAD, "HTTP %ld, want %u to %u", status, p->how.status_min,
			  p->how.status_max);
}

static void judge_tls(struct probe *p, const struct transfer *t)
{
	const char *reason = strrchr(t->error, ':') ?: t->error;

	if (strstr(reason, "wrong version number"))
		return probe_end(p, PROBE_BAD, "TLS: the port does not speak it");
	probe_end(p, PROBE_BAD, "TLS: %s", reason + strspn(reason, ": "));
}

/* As "SSL certificate problem: self-signed certificate". */
static void judge_certificate(struct probe *p, const struct transfer *t)
{
	const char *reason = strstr(t->error, ": ");

	probe_end(p, PROBE_BAD, "TLS: %s", reason ? reason + 2 : t->error);
}

static void judge_errno(struct probe *p, CURL *easy, int unsaid)
{
	long err = 0;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &err);
	probe_refused(p, err ? err : unsaid);
}

/*
 * Were there too many headers? A line of more than 100 KiB never gets to on_header(): curl
 * calls that out of memory.
 */
static bool too_long(const struct transfer *t, CURLcode code)
{
	curl_off_t begun = 0;

	curl_easy_getinfo(t->easy, CURLINFO_STARTTRANSFER_TIME_T, &begun);
	return t->header_bytes > HEADERS_MAX || (code == CURLE_OUT_OF_MEMORY && begun);
}

static void judge(struct transfer *t, CURLcode code)
{
	struct probe *p = t->probe;

	if (p->broken)
		return probe_unable(p, p->broken, "");
	if (t->complete)
		return judge_status(p, status_of(t->easy));
	if (too_long(t, code))
		return probe_end(p, PROBE_BAD, "more than %d KiB of headers", HEADERS_MAX / 1024);
	switch (code) {
	case CURLE_OK:
		return probe_end(p, PROBE_BAD, "closed before its headers ended");
	case CURLE_OUT_OF_MEMORY:
		return probe_unable(p, ENOMEM, "");
	case CURLE_URL_MALFORMAT:
		return probe_unable(p, EINVAL, ", want a host that fits in a URL");
	case CURLE_FAILED_INIT:
	case CURLE_NOT_BUILT_IN:
	case CURLE_BAD_FUNCTION_ARGUMENT:
	case CURLE_SSL_ENGINE_INITFAILED:
	case CURLE_SSL_CIPHER:
		return probe_end(p, PROBE_NOT_CHECKED, "not checked: %s", curl_easy_strerror(code));
	case CURLE_COULDNT_CONNECT:
		return judge_errno(p, t->easy, ECONNREFUSED);
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		return judge_errno(p, t->easy, ECONNRESET);
	case CURLE_SSL_CONNECT_ERROR:
		return judge_tls(p, t);
	case CURLE_PEER_FAILED_VERIFICATION:
		return judge_certificate(p, t);
	case CURLE_SSL_CACERT_BADFILE:
		return probe_end(p, PROBE_NOT_CHECKED, "not checked: no certificates in ca %.100s",
				 p->how.ca[0] ? p->how.ca : "of this host");
	case CURLE_GOT_NOTHING:
		return probe_end(p, PROBE_BAD, "closed without an answer");
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return probe_end(p, PROBE_BAD, "the answer is not HTTP");
	default:
		return probe_end(p, PROBE_BAD, "HTTP: %s",
				 t->error[0] ? t->error : curl_easy_strerror(code));
	}
}

/*
 * Judges the transfers that have ended. A judgement may end other transfers, so curl is asked
 * again after each.
 */
static void collect(struct browser *b)
{
	struct CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(b->multi, &left)))
		if (message->msg == CURLMSG_DONE)
			judge(transfer_of(message->easy_handle), message->data.result);
}

/* ---- curl in the loop ---- */

static void act(struct browser *b, curl_socket_t fd, int events)
{
	int running;

	curl_multi_socket_action(b->multi, fd, events, &running);
	collect(b);
}

static void ready(void *context, uint32_t events)
{
	const struct transfer *t = context;

	act(t->browser, t->source.fd,
	    (events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
	    (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
	    (events & EPOLLERR ? CURL_CSELECT_ERR : 0));
}

static void expired(void *context)
{
	act(context, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer(CURLM *multi, long ms, void *context)
{
	struct browser *b = context;

	(void)multi;
	/* A timer that curl no longer wants is harmless when it fires. */
	if (ms >= 0)
		loop_timer_set(&b->timer, ms);
	return 0;
}

static void unwatch(struct transfer *t)
{
	if (t->source.fd >= 0)
		loop_remove(t->browser->loop, &t->source);
	t->source.fd = -1;
}

/* A transfer has one address and one attempt, so it never has two sockets. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *assigned)
{
	struct browser *b = context;
	struct transfer *t = assigned;
	uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0) |
			  (what & CURL_POLL_OUT ? EPOLLOUT : 0);
	int err;

	if (what == CURL_POLL_REMOVE) {
		if (t)
			unwatch(t);
		return 0;
	}
	if (t) {
		err = loop_modify(b->loop, &t->source, events);
	} else {
		t = transfer_of(easy);
		t->source = (struct loop_source){ fd, ready, t };
		curl_multi_assign(b->multi, fd, t);
		err = loop_add(b->loop, &t->source, events);
	}
	/* Any result but 0 would end every transfer. */
	if (err)
		t->probe->broken = -err;
	return 0;
}

/* ---- one transfer ---- */

static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
	static const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	struct transfer *t = context;
	int fd = probe_socket(t->probe);

	(void)purpose, (void)to;
	if (fd < 0) {
		t->probe->broken = errno;
		return CURL_SOCKET_BAD;
	}
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	t->fd = fd;
	return fd;
}

/*
 * curl closes its descriptor as soon as the transfer ends, and that resets a connection without
 * an answer: nobody needs to remember it. One with a whole answer goes on under another descriptor.
 */
static void keep_connection(struct transfer *t)
{
	static const struct linger none = { .l_onoff = 0 };

	setsockopt(t->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	t->kept_fd = fcntl(t->fd, F_DUPFD_CLOEXEC, 0);
}

/* Gets a whole line, with its end. A result other than its length ends the transfer. */
static size_t on_header(char *line, size_t size, size_t len, void *context)
{
	struct transfer *t = context;

	(void)size;
	t->header_bytes += len;
	if (t->header_bytes > HEADERS_MAX)
		return 0;
	if (line[0] != '\r' && line[0] != '\n')
		return len;
	if (status_of(t->easy) <= STATUS_INFORMAL)
		return len;
	t->complete = true;
	keep_connection(t);
	return 0;
}

static size_t on_body(char *bytes, size_t size, size_t len, void *context)
{
	(void)bytes, (void)size, (void)len, (void)context;
	return 0;
}

/* The headers of a request; host NULL: curl makes the Host header of the URL. NULL: no memory. */
static struct curl_slist *headers_new(const char *host)
{
	struct curl_slist *list = curl_slist_append(NULL, "Connection: close"), *longer;
	char line[sizeof("Host: ") + sizeof(((struct check *)0)->host)];

	if (!list || !host)
		return list;
	snprintf(line, sizeof(line), "Host: %s", host);
	longer = curl_slist_append(list, line);
	if (!longer)
		curl_slist_free_all(list);
	return longer;
}

static CURLcode set_target(struct transfer *t)
{
	const struct probe *p = t->probe;
	bool tls = p->how.kind == CHECK_HTTPS;
	char endpoint[ENDPOINT_TEXT];
	const char *host;
	char url[sizeof(p->how.host) + ENDPOINT_TEXT], to[ENDPOINT_TEXT + 2];

	endpoint_print(&p->to, p->port, endpoint);
	host = p->how.host[0] ? p->how.host : endpoint;
	snprintf(url, sizeof(url), "%s://%s/", tls ? "https" : "http",
		 p->how.sni[0] ? p->how.sni : host);
	snprintf(to, sizeof(to), "::%s", endpoint);
	if (p->how.sni[0] && !(t->headers = headers_new(host)))
		return CURLE_OUT_OF_MEMORY;
	t->connect_to = curl_slist_append(NULL, to);
	if (!t->connect_to)
		return CURLE_OUT_OF_MEMORY;
	return curl_easy_setopt(t->easy, CURLOPT_URL, url) ?:
	       curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers ?: t->browser->headers) ?:
	       curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect_to) ?:
	       curl_easy_setopt(t->easy, CURLOPT_REQUEST_TARGET,
				p->how.path[0] ? p->how.path : "/");
}

/*
 * Each probe is independent: it keeps nothing of the one before, and uses nothing of the
 * environment.
 */
static CURLcode set_manners(struct transfer *t)
{
	return curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1l) ?:
	       curl_easy_setopt(t->easy, CURLOPT_PROXY, "") ?:
	       curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1l) ?:
	       curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1l) ?:
	       curl_easy_setopt(t->easy, CURLOPT_DNS_CACHE_TIMEOUT, 0l) ?:
	       curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ?:
	       curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "xring/" XRING_VERSION) ?:
	       curl_easy_setopt(t->easy, CURLOPT_BUFFERSIZE, READ_BYTES) ?:
	       curl_easy_setopt(t->easy, CURLOPT_SSL_SESSIONID_CACHE, 0l);
}

static CURLcode set_proof(const struct transfer *t)
{
	const struct check *how = &t->probe->how;

	/*
	 * Otherwise every connection would read the host's certificate authorities, which takes
	 * some milliseconds.
	 */
	if (!how->verify)
		return curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 0l) ?:
		       curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 0l) ?:
		       curl_easy_setopt(t->easy, CURLOPT_CAINFO, NULL) ?:
		       curl_easy_setopt(t->easy, CURLOPT_CAPATH, NULL);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* What curl has read it uses again: a renewed file counts after a minute. */
	curl_easy_setopt(t->easy, CURLOPT_CA_CACHE_TIMEOUT, 60l);
#endif
	if (!how->ca[0])
		return CURLE_OK;
	return curl_easy_setopt(t->easy, CURLOPT_CAINFO, how->ca) ?:
	       curl_easy_setopt(t->easy, CURLOPT_CAPATH, NULL);
}

static CURLcode set_callbacks(struct transfer *t)
{
	return curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t) ?:
	       curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error) ?:
	       curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, on_open) ?:
	       curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, t) ?:
	       curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header) ?:
	       curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t) ?:
	       curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
}

static void http_start(struct probe *p)
{
	struct browser *b = p->engine;
	struct transfer *t = p->transfer = calloc(1, sizeof(*t));
	CURLcode code;

	if (!t)
		return probe_unable(p, ENOMEM, "");
	t->browser = b;
	t->probe = p;
	t->source.fd = t->kept_fd = -1;
	t->easy = curl_easy_init();
	if (!t->easy)
		return probe_unable(p, ENOMEM, "");
	code = set_callbacks(t) ?: set_manners(t) ?: set_proof(t) ?: set_target(t);
	if (code == CURLE_OUT_OF_MEMORY)
		return probe_unable(p, ENOMEM, "");
	if (code)
		return probe_end(p, PROBE_NOT_CHECKED, "not checked: %s", curl_easy_strerror(code));
	if (curl_multi_add_handle(b->multi, t->easy))
		probe_unable(p, ENOMEM, "");
}

static void http_stop(struct probe *p)
{
	struct transfer *t = p->transfer;

	if (!t)
		return;
	if (t->easy) {
		curl_multi_remove_handle(t->browser->multi, t->easy);
		curl_easy_cleanup(t->easy);
	}
	unwatch(t);
	if (t->kept_fd >= 0)
		probe_part(p, t->kept_fd);
	curl_slist_free_all(t->connect_to);
	curl_slist_free_all(t->headers);
	free(t);
}

static const char *http_phase(const struct probe *p)
{
	const struct transfer *t = p->transfer;
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	curl_off_t greeted = 0;

	/* curl reports its time of connecting only after TLS, so the socket is asked. */
	if (getpeername(t->source.fd, (struct sockaddr *)&peer, &len))
		return " while connecting";
	curl_easy_getinfo(t->easy, CURLINFO_APPCONNECT_TIME_T, &greeted);
	if (p->how.kind == CHECK_HTTPS && !greeted)
		return " in the TLS handshake";
	return t->header_bytes ? " in the headers" : " without an answer";
}

/* ---- what all transfers share ---- */

static void http_close(void *engine)
{
	struct browser *b = engine;

	if (b->multi)
		curl_multi_cleanup(b->multi);
	curl_slist_free_all(b->headers);
	loop_timer_close(b->loop, &b->timer);
	free(b);
	curl_global_cleanup();
}

static int http_open(struct loop *loop, void **ret)
{
	struct browser *b = calloc(1, sizeof(*b));
	int err;

	if (!b)
		return -ENOMEM;
	b->loop = loop;
	err = loop_timer_new(loop, &b->timer, expired, b);
	if (err) {
		free(b);
		return err;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	b->multi = curl_multi_init();
	b->headers = headers_new(NULL);
	if (!b->multi || !b->headers) {
		http_close(b);
		return -ENOMEM;
	}
	curl_multi_setopt(b->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(b->multi, CURLMOPT_SOCKETDATA, b);
	curl_multi_setopt(b->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(b->multi, CURLMOPT_TIMERDATA, b);
	*ret = b;
	return 0;
}

const struct probe_kind probe_http = {
	.open = http_open,
	.close = http_close,
	.start = http_start,
	.stop = http_stop,
	.phase = http_phase,
};
