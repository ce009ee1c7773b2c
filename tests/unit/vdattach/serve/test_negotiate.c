// SPDX-License-Identifier: GPL-2.0-or-later
/* The client's side of the NBD negotiation, with servers that other programs are not; addresses. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cmocka.h>

#include "applets/vdattach/nbd/negotiate.h"
#include "common/bytes.h"

/* What a server says, one after the other; it hangs up at the end. */
struct script {
	uint8_t bytes[2048];
	size_t n;
};

static void say(struct script *script, const void *bytes, size_t n)
{
	memcpy(script->bytes + script->n, bytes, n);
	script->n += n;
}

static void say_hello(struct script *script, uint16_t flags)
{
	uint8_t b[2];

	put_be16(b, flags);
	say(script, "NBDMAGICIHAVEOPT", 16);
	say(script, b, 2);
}

static void say_reply(struct script *script, uint32_t type, const void *data, uint32_t n)
{
	uint8_t b[20];

	put_be64(b, 0x3e889045565a9ULL);
	put_be32(b + 8, 7);
	put_be32(b + 12, type);
	put_be32(b + 16, n);
	say(script, b, 20);
	if (data)
		say(script, data, n);
}

static void say_export(struct script *script, uint64_t size, uint16_t flags)
{
	uint8_t b[12] = { 0 };

	put_be64(b + 2, size);
	put_be16(b + 10, flags);
	say_reply(script, 3, b, 12);
}

static void say_block_size(struct script *script, uint32_t min, uint32_t max)
{
	uint8_t b[14];

	put_be16(b, 3);
	put_be32(b + 2, min);
	put_be32(b + 6, 4096);
	put_be32(b + 10, max);
	say_reply(script, 3, b, 14);
}

/* Negotiates with that server. What the client said goes to said, of *n bytes. */
static int meet(const struct script *script, struct nbd_export *ret, struct error **err,
		uint8_t *said, size_t *n)
{
	int fds[2], r;
	ssize_t got;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(send(fds[1], script->bytes, script->n, 0), script->n);
	shutdown(fds[1], SHUT_WR);
	r = nbd_negotiate(fds[0], 1, "disk", ret, err);
	got = recv(fds[1], said, *n, MSG_DONTWAIT);
	*n = got > 0 ? (size_t)got : 0;
	close(fds[0]);
	close(fds[1]);
	return r;
}

static void expect(const struct script *script, int code, const char *text)
{
	_cleanup_error_ struct error *err = NULL;
	struct nbd_export export;
	uint8_t said[512];
	size_t n = sizeof(said);

	assert_int_equal(meet(script, &export, &err, said, &n), code);
	if (!strstr(error_msg(err), text))
		fail_msg("'%s' does not say '%s'", error_msg(err), text);
}

static void test_all_that_is_told(void **state)
{
	struct script script = { .n = 0 };
	struct nbd_export export;
	uint8_t said[512];
	size_t n = sizeof(said);

	say_hello(&script, 3);
	say_export(&script, 1 << 20, 0x6d);
	say_reply(&script, 3, "\0\7what else there is", 20);
	say_block_size(&script, 4096, 65536);
	say_reply(&script, 1, NULL, 0);
	assert_int_equal(meet(&script, &export, NULL, said, &n), 0);
	assert_int_equal(export.size, 1 << 20);
	assert_int_equal(export.flags, 0x6d);
	assert_int_equal(export.sector, 4096);
	assert_int_equal(export.max, 65536);
	/* flags, then NBD_OPT_GO for "disk" with one wish: block sizes */
	assert_int_equal(n, 4 + 16 + 12);
	assert_memory_equal(said, "\0\0\0\3IHAVEOPT\0\0\0\7\0\0\0\14\0\0\0\4disk\0\1\0\3", 32);
}

static void test_server_without_go(void **state)
{
	struct script script = { .n = 0 };
	struct nbd_export export;
	uint8_t said[512], answer[10 + 124] = { [5] = 0x10, [9] = 3 };
	size_t n = sizeof(said);

	say_hello(&script, 1);
	say_reply(&script, 0x80000001u, "no", 2);
	say(&script, answer, sizeof(answer));
	assert_int_equal(meet(&script, &export, NULL, said, &n), 0);
	assert_int_equal(export.size, 0x100000);
	assert_int_equal(export.flags, 3);
	assert_int_equal(export.sector, 1);
	assert_memory_equal(said + 32, "IHAVEOPT\0\0\0\1\0\0\0\4disk", 20);
	/* newstyle that is not fixed: nothing but the name can be said; no zeroes, as both agree */
	script.n = 0;
	say_hello(&script, 2);
	say(&script, answer, 10);
	n = sizeof(said);
	assert_int_equal(meet(&script, &export, NULL, said, &n), 0);
	assert_memory_equal(said, "\0\0\0\2IHAVEOPT\0\0\0\1\0\0\0\4disk", 24);
	/* the zeroes are cut off, or the server hangs up instead of an answer */
	script.n = 0;
	say_hello(&script, 0);
	say(&script, answer, sizeof(answer) - 1);
	expect(&script, -EPIPE, "hung up");
	script.n = 0;
	say_hello(&script, 0);
	expect(&script, -ENOENT, "hung up when it was asked for the export 'disk'");
}

static void test_refusals(void **state)
{
	static const struct {
		uint32_t type;
		int code;
		const char *text;
	} refusals[] = {
		{ 0x80000006u, -ENOENT, "has no export 'disk': n?t here" },
		{ 0x80000005u, -EACCES, "wants TLS" },
		{ 0x80000002u, -EACCES, "refuse" },
		{ 0x80000007u, -ECONNREFUSED, "going down" },
		{ 0xffffffffu, -EPROTO, "refuses the export" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct script script = { .n = 0 };

		say_hello(&script, 3);
		say_reply(&script, refusals[i].type, "n\033t here", 8);
		expect(&script, refusals[i].code, refusals[i].text);
	}
}

static void test_no_server(void **state)
{
	struct script script = { .n = 0 };

	say(&script, "SSH-2.0-OpenSSH_9.2p1 Debian", 28);
	expect(&script, -EPROTO, "no NBD server");
	script.n = 0;
	say(&script, "NBDMAGIC\0\0\x42\x02\x81\x86\x12\x53", 16);
	expect(&script, -EPROTO, "oldstyle");
	script.n = 0;
	say(&script, "NBDMAGICnextyear", 16);
	expect(&script, -EPROTO, "unknown protocol");
	script.n = 0;
	say(&script, "NBDMA", 5);
	expect(&script, -EPIPE, "hung up");
}

static void go(struct script *script)
{
	script->n = 0;
	say_hello(script, 3);
}

static void test_rules_are_broken(void **state)
{
	struct script script;

	go(&script);
	say_export(&script, 512, 1);
	expect(&script, -EPIPE, "hung up");
	go(&script);
	say_reply(&script, 1, NULL, 0);
	expect(&script, -EPROTO, "size of 'disk'");
	go(&script);
	say_reply(&script, 3, "x", 1);
	expect(&script, -EPROTO, "too short");
	go(&script);
	say_reply(&script, 3, NULL, 0x7fffffff);
	expect(&script, -EPROTO, "rules");
	go(&script);
	say(&script, "IHAVEOPT\0\0\0\7\0\0\0\1\0\0\0\0", 20);
	expect(&script, -EPROTO, "rules");
	/* no flags, blocks that are no power of two, or none, or larger than any request */
	go(&script);
	say_export(&script, 512, 0);
	say_reply(&script, 1, NULL, 0);
	expect(&script, -EPROTO, "impossible");
	for (uint32_t i = 0; i < 3; i++) {
		static const uint32_t sizes[3][2] = { { 0, 4096 }, { 513, 4096 }, { 4096, 512 } };

		go(&script);
		say_export(&script, 8192, 1);
		say_block_size(&script, sizes[i][0], sizes[i][1]);
		say_reply(&script, 1, NULL, 0);
		expect(&script, -EPROTO, "impossible");
	}
}

static void test_replies_without_end(void **state)
{
	struct script script;

	go(&script);
	for (int i = 0; i < 64; i++)
		say_reply(&script, 3, "\0\11", 2);
	expect(&script, -EPROTO, "never comes to an end");
}

static void test_silence(void **state)
{
	_cleanup_error_ struct error *err = NULL;
	struct nbd_export export;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(nbd_negotiate(fds[0], 1, "", &export, &err), -ETIMEDOUT);
	assert_non_null(strstr(error_msg(err), "does not answer"));
	close(fds[0]);
	close(fds[1]);
}

static void *drip(void *arg)
{
	int fd = *(int *)arg;

	/* the first bytes of a greeting, one every tenth of a second, until the client is gone */
	for (size_t i = 0; send(fd, "NBDMAGICIHAVEOPT" + i % 16, 1, MSG_NOSIGNAL) == 1 && i < 15;
	     i++)
		usleep(150000);
	return NULL;
}

/* A server that always has one more byte to say is given up as well. */
static void test_byte_by_byte(void **state)
{
	_cleanup_error_ struct error *err = NULL;
	struct nbd_export export;
	pthread_t server;
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(pthread_create(&server, NULL, drip, fds + 1), 0);
	assert_int_equal(nbd_negotiate(fds[0], 1, "", &export, &err), -ETIMEDOUT);
	close(fds[0]);
	assert_int_equal(pthread_join(server, NULL), 0);
	close(fds[1]);
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text, *host, *port, *socket, *export, *printed;
	} good[] = {
		{ "nbd://10.0.2.2", "10.0.2.2", "10809", "", "", "nbd://10.0.2.2:10809/" },
		{ "nbd://h:1/", "h", "1", "", "", "nbd://h:1/" },
		{ "nbd://h/a/b%20c%25", "h", "10809", "", "a/b c%", "nbd://h:10809/a/b%20c%25" },
		{ "nbd://[::1]:65535/x", "::1", "65535", "", "x", "nbd://[::1]:65535/x" },
		{ "nbd://[fe80::2]", "fe80::2", "10809", "", "", "nbd://[fe80::2]:10809/" },
		{ "nbd+unix:///?socket=/a%3Fb", "", "", "/a?b", "", "nbd+unix:///?socket=/a%3Fb" },
		{ "nbd+unix:///ex?socket=/s", "", "", "/s", "ex", "nbd+unix:///ex?socket=/s" },
	};
	static const char *const bad[] = {
		"nbd://",      "nbd:///x",	  "nbd://:1/x",	       "nbd://h:/x",
		"nbd://h:0/x", "nbd://h:65536/x", "nbd://h:1a/x",      "nbd://[::1/x",
		"nbd://[]/x",  "nbd://[::1]2/x",  "nbd://u@h/x",       "nbd://h/%",
		"nbd://h/%0",  "nbd://h/%zz",	  "nbd://h/%00",       "nbd://h/x?socket=/s",
		"nbd+unix://", "nbd+unix:///x",	  "nbd+unix:///x?s",   "nbd+unix:///?socket=rel",
		"nbds://h/x",  "nbd://[[]/x",	  "nbd://[1.2.3.4]/x",
	};
	char printed[NBD_URI_MAX];
	struct nbd_uri uri;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(nbd_uri_is(good[i].text));
		assert_int_equal(nbd_uri_parse(good[i].text, &uri, NULL), 0);
		assert_string_equal(uri.host, good[i].host);
		assert_string_equal(uri.port, good[i].port);
		assert_string_equal(uri.socket, good[i].socket);
		assert_string_equal(uri.export, good[i].export);
		nbd_uri_print(&uri, printed, sizeof(printed));
		assert_string_equal(printed, good[i].printed);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_true(nbd_uri_is(bad[i]));
		if (nbd_uri_parse(bad[i], &uri, NULL) != -EINVAL)
			fail_msg("'%s' is taken", bad[i]);
	}
	assert_false(nbd_uri_is("/nbd://x"));
	assert_false(nbd_uri_is("nbd.img"));
}

static void test_longest_export(void **state)
{
	char text[8 + 3 * NBD_EXPORT_MAX + 16] = "nbd://h/", printed[NBD_URI_MAX];
	size_t n = strlen(text);
	struct nbd_uri uri;

	for (size_t i = 0; i < NBD_EXPORT_MAX; i++, n += 3)
		memcpy(text + n, "%20", 4);
	assert_int_equal(nbd_uri_parse(text, &uri, NULL), 0);
	assert_int_equal(strlen(uri.export), NBD_EXPORT_MAX);
	nbd_uri_print(&uri, printed, sizeof(printed));
	assert_string_equal(printed + strlen("nbd://h:10809/"), text + strlen("nbd://h/"));
	memcpy(text + n, "x", 2);
	assert_int_equal(nbd_uri_parse(text, &uri, NULL), -EINVAL);
	/* a buffer that is too small is not overrun */
	nbd_uri_print(&uri, printed, 20);
	assert_true(strlen(printed) < 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_that_is_told), cmocka_unit_test(test_server_without_go),
		cmocka_unit_test(test_refusals),	 cmocka_unit_test(test_no_server),
		cmocka_unit_test(test_rules_are_broken), cmocka_unit_test(test_replies_without_end),
		cmocka_unit_test(test_silence),		 cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_addresses),	 cmocka_unit_test(test_longest_export),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
