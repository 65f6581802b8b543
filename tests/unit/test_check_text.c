// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/why.h"
#include "base/util.h"
#include "core/model/check_text.h"

static struct check parse(const char *text)
{
	struct why why;
	struct check c;

	if (check_parse(text, &c, &why))
		fail_msg("%s: %s", text, why.text);
	return c;
}

static void a_type_alone_has_the_defaults(void **state)
{
	struct check c = parse("http");
	(void)state;

	assert_int_equal(c.kind, CHECK_HTTP);
	assert_int_equal(c.port, 0);
	assert_int_equal(c.interval_ms, 2000);
	assert_int_equal(c.timeout_ms, 1000);
	assert_int_equal(c.rise, 2);
	assert_int_equal(c.fall, 3);
	assert_int_equal(c.jitter, 100);
	assert_string_equal(c.path, "/");
	assert_string_equal(c.host, "");
	assert_int_equal(c.status_min, 200);
	assert_int_equal(c.status_max, 399);
}

static void what_has_no_meaning_for_a_type_is_empty(void **state)
{
	struct check c = parse("tcp");
	(void)state;

	assert_int_equal(c.kind, CHECK_TCP);
	assert_string_equal(c.path, "");
	assert_int_equal(c.status_min, 0);
	assert_int_equal(c.status_max, 0);
}

static void every_key_is_read_in_any_order(void **state)
{
	struct check c = parse("https,jitter=0,fall=100,rise=1,timeout=1.5s,interval=5s,"
			       "expect=204,host=www.example.org:8443,path=/a=b,port=8443");
	(void)state;

	assert_int_equal(c.kind, CHECK_HTTPS);
	assert_int_equal(c.port, 8443);
	assert_string_equal(c.path, "/a=b");
	assert_string_equal(c.host, "www.example.org:8443");
	assert_int_equal(c.status_min, 204);
	assert_int_equal(c.status_max, 204);
	assert_int_equal(c.interval_ms, 5000);
	assert_int_equal(c.timeout_ms, 1500);
	assert_int_equal(c.rise, 1);
	assert_int_equal(c.fall, 100);
	assert_int_equal(c.jitter, 0);
}

static void tls_is_verified_only_if_asked_for(void **state)
{
	struct check c = parse("https");
	(void)state;

	assert_false(c.verify);
	c = parse("https,verify=true,ca=/etc/ca.pem,sni=www.example.org,host=other.example:8443");
	assert_true(c.verify);
	assert_string_equal(c.ca, "/etc/ca.pem");
	assert_string_equal(c.sni, "www.example.org");
	assert_string_equal(c.host, "other.example:8443");
}

static void a_timeout_that_is_not_given_is_at_most_the_interval(void **state)
{
	(void)state;
	assert_int_equal(parse("tcp,interval=0.5s").timeout_ms, 500);
	assert_int_equal(parse("tcp,interval=1s").timeout_ms, 1000);
	assert_int_equal(parse("tcp,interval=1h").timeout_ms, 1000);
}

static void none_is_no_check(void **state)
{
	struct check none = parse("none");
	(void)state;

	assert_int_equal(none.kind, CHECK_NONE);
	assert_true(check_equal(&none, &(struct check){ 0 }));
}

static void a_text_that_is_no_check_is_refused_with_the_reason(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "", "check type : want tcp, http, https, icmp or exec" },
		{ "foo", "check type foo: want tcp, http, https, icmp or exec" },
		{ "tcp,", "check : want KEY=VALUE" },
		{ "none,rise=2", "check type none: want tcp, http, https, icmp or exec" },
		{ "tcp,rise", "check rise: want KEY=VALUE" },
		{ "tcp,rise=", "check rise : want 1 to 100" },
		{ "tcp,rise=2,rise=2", "check rise: want it once" },
		{ "tcp,type=tcp", "check key type: want port, via, path, host, expect, verify, ca, "
				  "sni, program, args, interval, timeout, rise, fall or jitter" },
		{ "tcp,path=/", "check path /: want none, as a check of type tcp has no path" },
		{ "icmp,port=80", "check port 80: want none, as a check of type icmp has no port" },
		{ "http,verify=true", "check verify true: want none, as a check of type http has "
				      "no verify" },
		{ "http,sni=a", "check sni a: want none, as a check of type http has no sni" },
		{ "https,verify=yes", "check verify yes: want true or false" },
		{ "https,ca=/a", "check ca /a: want verify true beside it" },
		{ "https,verify=true,ca=a", "check ca a: want / and at most 254 printable ASCII "
					    "characters without spaces behind it" },
		{ "https,sni=10.0.0.1", "check sni 10.0.0.1: want the name of a host, of at most "
					"255 bytes" },
		{ "https,sni=a:443", "check sni a:443: want the name of a host, of at most 255 bytes" },
		{ "tcp,timeout=3s", "check timeout 3s: want at most the interval, 2s" },
		{ "http,path=a", "check path a: want / and at most 254 printable ASCII characters "
				 "without spaces behind it" },
	};
	struct check c = { .rise = 7 };
	struct why why;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(check_parse(bad[i].text, &c, &why), -EINVAL);
		assert_string_equal(why.text, bad[i].why);
	}
	assert_int_equal(c.rise, 7);
}

static int set(enum check_key key, const char *value)
{
	struct check_draft d = { 0 };
	int err = check_set(&d, key, value);

	assert_int_equal(d.given, err ? 0 : 1u << key);
	return err;
}

static void a_host_is_a_name_or_an_address_with_or_without_a_port(void **state)
{
	static const char *const good[] = {
		"a", "www.example.org", "www.example.org:80", "10.0.0.1", "10.0.0.1:65535",
		"[2001:db8::1]", "[::1]:8080", "under_score",
	};
	static const char *const bad[] = {
		"", ":", ":80", "a:", "a:0", "a:65536", "a:b", "a b", "::1", "[::1", "::1]",
		"[::1]:", "[]", "[]:80", "[10.0.0.1]", "[a]", "a/b", "a\r\nb", "a@b",
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (set(CHECK_KEY_HOST, good[i]))
			fail_msg("%s is refused", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!set(CHECK_KEY_HOST, bad[i]))
			fail_msg("%s is taken", bad[i]);
}

static void a_status_is_100_to_599_and_the_first_is_the_least(void **state)
{
	static const char *const bad[] = {
		"", "99", "600", "20", "2000", "200-", "-200", "200-199", "200-600", "99-200",
		"200-2990", "200--299", "2xx", "200 ", "200,204", "+20", "0200",
	};
	(void)state;

	assert_int_equal(set(CHECK_KEY_EXPECT, "100-599"), 0);
	assert_int_equal(set(CHECK_KEY_EXPECT, "200-200"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!set(CHECK_KEY_EXPECT, bad[i]))
			fail_msg("%s is taken", bad[i]);
}

static void the_longest_path_and_host_fit(void **state)
{
	char path[258] = "/", host[258];
	(void)state;

	memset(path + 1, 'p', 255);
	memset(host, 'h', 256);
	path[256] = host[256] = '\0';
	assert_int_equal(set(CHECK_KEY_PATH, path), -EINVAL);
	assert_int_equal(set(CHECK_KEY_HOST, host), -EINVAL);
	path[255] = host[255] = '\0';
	assert_int_equal(set(CHECK_KEY_PATH, path), 0);
	assert_int_equal(set(CHECK_KEY_HOST, host), 0);
}

static void keys_are_known_by_their_words(void **state)
{
	enum check_key key;
	(void)state;

	for (int i = 0; i < CHECK_KEYS; i++) {
		assert_int_equal(check_key_parse(check_key_word((enum check_key)i), &key), 0);
		assert_int_equal(key, i);
	}
	assert_int_equal(check_key_parse("every", &key), -EINVAL);
}

static void arguments_are_kept_apart(void **state)
{
	static const char *const args[] = { "-H", "two words", "", "x=\"y\"" };
	struct check_draft d = { .given = 0 };
	struct check c;
	const char *arg = NULL;
	char text[CHECK_VALUE_TEXT];
	enum check_key key;
	struct why why;
	size_t len;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(args); i++)
		assert_int_equal(check_set(&d, CHECK_KEY_ARGS, args[i]), 0);
	assert_int_equal(check_set(&d, CHECK_KEY_ARGS, "a\nb"), -EINVAL);
	assert_int_equal(check_set(&d, CHECK_KEY_ARGS, "\x7f"), -EINVAL);
	assert_int_equal(check_set(&d, CHECK_KEY_PROGRAM, "x"), -EINVAL);
	assert_int_equal(check_set(&d, CHECK_KEY_TYPE, "exec"), 0);
	assert_int_equal(check_finish(&d, &c, &key, &why), -EINVAL);
	assert_int_equal(check_set(&d, CHECK_KEY_PROGRAM, "/x"), 0);
	assert_int_equal(check_finish(&d, &c, &key, &why), 0);
	for (size_t i = 0; i < ARRAY_SIZE(args); i++) {
		arg = check_arg(&c, arg, &len);
		assert_int_equal(len, strlen(args[i]));
		assert_memory_equal(arg, args[i], len);
	}
	assert_null(check_arg(&c, arg, &len));
	assert_string_equal(check_print(&c, CHECK_KEY_ARGS, text), "-H two words  x=\"y\"");
}

static void programs_are_the_same_or_not(void **state)
{
	struct check one = parse("exec,program=/x,args=a"), often = parse("exec,args=a,program=/x,interval=9s");
	struct check other = parse("exec,program=/x,args=b"), less = parse("exec,program=/x");
	(void)state;

	assert_true(check_runs_same(&one, &often));
	assert_false(check_alike(&one, &often));
	assert_false(check_runs_same(&one, &other));
	assert_false(check_alike(&one, &other));
	assert_false(check_runs_same(&one, &less));
}

static void agents_have_keys_of_their_own(void **state)
{
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{ "", "agent : want KEY=VALUE" },
		{ "8101", "agent 8101: want KEY=VALUE" },
		{ "interval=5s", "agent without a port: want 1 to 65535" },
		{ "port=0", "agent port 0: want 1 to 65535" },
		{ "type=tcp,port=1", "agent key type: want port, interval, timeout or jitter" },
		{ "port=1,rise=2", "agent key rise: want port, interval, timeout or jitter" },
		{ "port=1,path=/", "agent key path: want port, interval, timeout or jitter" },
		{ "port=1,port=2", "agent port: want it once" },
		{ "port=1,timeout=3s", "agent timeout 3s: want at most the interval, 2s" },
	};
	struct check c;
	struct why why;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(check_parse_agent(wrong[i].text, &c, &why), -EINVAL);
		assert_string_equal(why.text, wrong[i].why);
	}
	assert_int_equal(check_parse_agent("port=8101,interval=500ms", &c, &why), 0);
	assert_int_equal(c.kind, CHECK_AGENT);
	assert_int_equal(c.port, 8101);
	assert_int_equal(c.interval_ms, 500);
	assert_int_equal(c.timeout_ms, 500);
	assert_int_equal(check_parse_agent("none", &c, &why), 0);
	assert_int_equal(c.kind, CHECK_NONE);
	assert_int_equal(check_parse("agent,port=1", &c, &why), -EINVAL);
}

/* What is left out where it is the default, is the same when it is read again. */
static void a_check_reads_back_as_it_is_printed(void **state)
{
	static const char *const texts[] = {
		"tcp", "tcp,via=vip", "icmp", "http", "https,path=/x,host=a:1,expect=200,port=1",
		"http,expect=100-599", "tcp,interval=0.5s", "tcp,interval=0.5s,timeout=10ms",
		"tcp,interval=5s,timeout=5s", "icmp,rise=1,fall=1,jitter=1", "http,path=/",
		"https,verify=true", "https,verify=true,ca=/etc/ca.pem,sni=b.example", "https,sni=b",
		"exec,program=/x", "exec,program=/usr/lib/checks/one,args=-v,port=8080,timeout=20ms",
	};
	char text[1024], value[CHECK_VALUE_TEXT];
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct check c = parse(texts[i]), again;
		size_t len;

		check_print(&c, CHECK_KEY_TYPE, text);
		len = strlen(text);
		for (int key = CHECK_KEY_TYPE + 1; key < CHECK_KEYS; key++)
			if (!check_is_default(&c, (enum check_key)key))
				len += (size_t)snprintf(text + len, sizeof(text) - len, ",%s=%s",
							check_key_word((enum check_key)key),
							check_print(&c, (enum check_key)key, value));
		again = parse(text);
		if (!check_equal(&c, &again))
			fail_msg("%s is printed as %s", texts[i], text);
		assert_true(len <= strlen(texts[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_type_alone_has_the_defaults),
		cmocka_unit_test(what_has_no_meaning_for_a_type_is_empty),
		cmocka_unit_test(every_key_is_read_in_any_order),
		cmocka_unit_test(tls_is_verified_only_if_asked_for),
		cmocka_unit_test(a_timeout_that_is_not_given_is_at_most_the_interval),
		cmocka_unit_test(none_is_no_check),
		cmocka_unit_test(a_text_that_is_no_check_is_refused_with_the_reason),
		cmocka_unit_test(a_host_is_a_name_or_an_address_with_or_without_a_port),
		cmocka_unit_test(a_status_is_100_to_599_and_the_first_is_the_least),
		cmocka_unit_test(the_longest_path_and_host_fit),
		cmocka_unit_test(keys_are_known_by_their_words),
		cmocka_unit_test(arguments_are_kept_apart),
		cmocka_unit_test(programs_are_the_same_or_not),
		cmocka_unit_test(agents_have_keys_of_their_own),
		cmocka_unit_test(a_check_reads_back_as_it_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
