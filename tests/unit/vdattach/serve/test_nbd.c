// SPDX-License-Identifier: GPL-2.0-or-later
/* The rough edges of the NBD protocol that well-behaved clients never touch. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "applets/vdattach/nbd/server.h"
#include "tests/unit/vdattach/fake/disk.h"
#include "tests/unit/vdattach/fake/memory.h"

#define SIZE  8192u
#define LARGE ((2u << 20) + 512)

static uint8_t bytes[SIZE];

struct peer {
	struct source *disk;
	struct vd_image image; /* the server only hands it on */
	struct backend backend;
	struct nbd_client client;
	int fd; /* our end */
};

static int connect_peer(void **state)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	uint8_t hello[18];
	int fds[2];

	memset(bytes, 'd', sizeof(bytes));
	if (!peer || source_memory(bytes, SIZE, &peer->disk) < 0)
		return -1;
	backend_init(&peer->backend, &peer->image, peer->disk);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0 ||
	    nbd_client_start(&peer->client, fds[0], -1, &peer->backend) < 0)
		return -1;
	peer->fd = fds[1];
	*state = peer;
	return recv(peer->fd, hello, sizeof(hello), 0) == sizeof(hello) ? 0 : -1;
}

static int disconnect_peer(void **state)
{
	struct peer *peer = *state;

	nbd_client_release(&peer->client);
	backend_release(&peer->backend);
	source_close(&peer->disk);
	close(peer->fd);
	free(peer);
	return 0;
}

static void put(const struct peer *peer, const void *data, size_t n)
{
	assert_int_equal(send(peer->fd, data, n, 0), n);
}

static void put_flags(struct peer *peer, uint32_t flags, int result)
{
	uint8_t b[4];

	put_be32(b, flags);
	put(peer, b, 4);
	assert_int_equal(nbd_client_step(&peer->client), result);
}

static void put_option(struct peer *peer, uint32_t option, const void *data, uint32_t n)
{
	uint8_t b[16];

	memcpy(b, "IHAVEOPT", 8);
	put_be32(b + 8, option);
	put_be32(b + 12, n);
	put(peer, b, 16);
	if (data)
		put(peer, data, n);
}

/* Receives one option reply (its data is dropped) and returns its type. */
static uint32_t get_reply(struct peer *peer)
{
	uint8_t b[20], data[256];
	uint32_t n;

	assert_int_equal(recv(peer->fd, b, 20, MSG_WAITALL), 20);
	n = get_be32(b + 16);
	assert_true(n <= sizeof(data));
	if (n)
		assert_int_equal(recv(peer->fd, data, n, MSG_WAITALL), n);
	return get_be32(b + 12);
}

static void put_request(struct peer *peer, uint16_t type, uint64_t offset, uint32_t length)
{
	uint8_t b[28] = { 0 };

	put_be32(b, 0x25609513);
	put_be16(b + 6, type);
	memcpy(b + 8, "cookie!!", 8);
	put_be64(b + 16, offset);
	put_be32(b + 24, length);
	put(peer, b, 28);
}

static uint32_t get_error(struct peer *peer)
{
	uint8_t b[16];

	assert_int_equal(recv(peer->fd, b, 16, MSG_WAITALL), 16);
	assert_int_equal(get_be32(b), 0x67446698);
	assert_memory_equal(b + 8, "cookie!!", 8);
	return get_be32(b + 4);
}

static void start_transmission(struct peer *peer)
{
	static const uint8_t go[6];

	put_flags(peer, 3, 1);
	put_option(peer, 7, go, sizeof(go));
	assert_int_equal(nbd_client_step(&peer->client), 1);
	assert_int_equal(get_reply(peer), 3);
	assert_int_equal(get_reply(peer), 3);
	assert_int_equal(get_reply(peer), 1);
}

static void test_unknown_options_are_refused_politely(void **state)
{
	struct peer *peer = *state;

	put_flags(peer, 3, 1);
	put_option(peer, 8, NULL, 0); /* structured replies */
	assert_int_equal(nbd_client_step(&peer->client), 1);
	assert_int_equal(get_reply(peer), 0x80000001);
	put_option(peer, 6, "\0\0\0\5other\0\0", 11);
	assert_int_equal(nbd_client_step(&peer->client), 1);
	assert_int_equal(get_reply(peer), 0x80000006);
	put_option(peer, 7, "\xff\xff\xff\xff\0\0", 6);
	assert_int_equal(nbd_client_step(&peer->client), 1);
	assert_int_equal(get_reply(peer), 0x80000003);
	put_option(peer, 2, NULL, 0);
	assert_int_equal(nbd_client_step(&peer->client), 0);
	assert_int_equal(get_reply(peer), 1);
}

static void test_bad_hello(void **state)
{
	put_flags(*state, 0x80000001, -EPROTO);
}

static void test_huge_option(void **state)
{
	struct peer *peer = *state;

	put_flags(peer, 3, 1);
	put_option(peer, 7, NULL, UINT32_MAX);
	assert_int_equal(nbd_client_step(&peer->client), -EPROTO);
}

static void test_export_name_pads_unless_told(void **state)
{
	struct peer *peer = *state;
	uint8_t answer[134];

	put_flags(peer, 1, 1);
	put_option(peer, 1, NULL, 0);
	assert_int_equal(nbd_client_step(&peer->client), 1);
	assert_int_equal(recv(peer->fd, answer, sizeof(answer), MSG_WAITALL), 134);
	assert_int_equal(get_be64(answer), SIZE);
	assert_int_equal(peer->client.phase, NBD_PHASE_TRANSMIT);
}

static void test_ranges(void **state)
{
	struct peer *peer = *state;
	uint8_t data[512];

	start_transmission(peer);
	put_request(peer, 0, SIZE - 511, 512);
	assert_int_equal(nbd_client_step(&peer->client), 1);
	assert_int_equal(get_error(peer), 22);
	put_request(peer, 0, UINT64_MAX, 1);
	assert_int_equal(nbd_client_step(&peer->client), 1);
	assert_int_equal(get_error(peer), 22);
	memset(data, 'w', sizeof(data));
	put_request(peer, 1, SIZE, 512);
	put(peer, data, sizeof(data));
	assert_int_equal(nbd_client_step(&peer->client), 1);
	assert_int_equal(get_error(peer), 28);
	/* the payload was taken off the wire: the next request is understood */
	put_request(peer, 0, 0, 512);
	assert_int_equal(nbd_client_step(&peer->client), 1);
	assert_int_equal(get_error(peer), 0);
	assert_int_equal(recv(peer->fd, data, 512, MSG_WAITALL), 512);
	assert_int_equal(data[511], 'd');
	put_request(peer, 9, 0, 0);
	assert_int_equal(nbd_client_step(&peer->client), 1);
	assert_int_equal(get_error(peer), 22);
	put_request(peer, 2, 0, 0);
	assert_int_equal(nbd_client_step(&peer->client), 0);
}

static void test_trim_and_write_zeroes(void **state)
{
	struct peer *peer = *state;

	start_transmission(peer);
	put_request(peer, 6, 512, 1024);
	assert_int_equal(nbd_client_step(&peer->client), 1);
	assert_int_equal(get_error(peer), 0);
	assert_int_equal(bytes[511], 'd');
	assert_int_equal(bytes[512] | bytes[1535], 0);
	assert_int_equal(bytes[1536], 'd');
	put_request(peer, 4, 4096, 512);
	assert_int_equal(nbd_client_step(&peer->client), 1);
	assert_int_equal(get_error(peer), 0);
	/* beyond the end: nothing is done */
	put_request(peer, 6, SIZE - 512, 1024);
	assert_int_equal(nbd_client_step(&peer->client), 1);
	assert_int_equal(get_error(peer), 28);
	put_request(peer, 4, SIZE, 512);
	assert_int_equal(nbd_client_step(&peer->client), 1);
	assert_int_equal(get_error(peer), 22);
	assert_int_equal(bytes[SIZE - 1], 'd');
}

static void *receive(void *arg)
{
	const struct peer *peer = ((void **)arg)[0];
	uint8_t *large = ((void **)arg)[1];

	recv(peer->fd, large, 16 + LARGE, MSG_WAITALL);
	return NULL;
}

/* More than the buffer of the server holds. */
static void test_large_read(void **state)
{
	struct peer *peer = *state;
	uint8_t *data = malloc(LARGE), *got = malloc(16 + LARGE);
	void *args[] = { peer, got };
	struct source *small = peer->disk;
	pthread_t thread;

	assert_true(data && got);
	for (size_t i = 0; i < LARGE; i++)
		data[i] = (uint8_t)(i / 4096 + i);
	assert_int_equal(source_memory(data, LARGE, &peer->disk), 0);
	peer->backend.disk = peer->client.disk = peer->disk;
	start_transmission(peer);
	put_request(peer, 0, 0, LARGE);
	pthread_create(&thread, NULL, receive, args);
	assert_int_equal(nbd_client_step(&peer->client), 1);
	pthread_join(thread, NULL);
	assert_int_equal(get_be32(got + 4), 0);
	assert_memory_equal(got + 16, data, LARGE);
	source_close(&peer->disk);
	peer->disk = small;
	free(data);
	free(got);
}

static void test_read_only(void **state)
{
	struct peer *peer = *state;

	peer->disk->read_only = true;
	start_transmission(peer);
	put_request(peer, 1, 0, 4);
	put(peer, "evil", 4);
	assert_int_equal(nbd_client_step(&peer->client), 1);
	assert_int_equal(get_error(peer), 1);
	assert_int_equal(bytes[0], 'd');
}

static void test_oversized_and_broken(void **state)
{
	struct peer *peer = *state;

	start_transmission(peer);
	put_request(peer, 0, 0, UINT32_MAX);
	assert_int_equal(nbd_client_step(&peer->client), 1);
	assert_int_equal(get_error(peer), 22);
	put_request(peer, 1, 0, UINT32_MAX);
	assert_int_equal(nbd_client_step(&peer->client), -EPROTO);
	put(peer, "garbage garbage garbage garb", 28);
	assert_int_equal(nbd_client_step(&peer->client), -EPROTO);
}

static void test_hang_up_in_the_middle(void **state)
{
	struct peer *peer = *state;

	start_transmission(peer);
	put_request(peer, 1, 0, 512);
	put(peer, "half", 4);
	shutdown(peer->fd, SHUT_WR);
	assert_int_equal(nbd_client_step(&peer->client), -EPIPE);
	assert_int_equal(bytes[0], 'd');
}

static void test_stop_while_waiting(void **state)
{
	struct peer *peer = *state;
	int stop[2];

	start_transmission(peer);
	assert_int_equal(pipe(stop), 0);
	peer->client.stop_fd = stop[0];
	assert_int_equal(write(stop[1], "x", 1), 1);
	put(peer, "half", 4);
	assert_int_equal(nbd_client_step(&peer->client), -ECANCELED);
	close(stop[0]);
	close(stop[1]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, connect_peer, disconnect_peer)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_unknown_options_are_refused_politely),
		TEST(test_bad_hello),
		TEST(test_huge_option),
		TEST(test_export_name_pads_unless_told),
		TEST(test_ranges),
		TEST(test_trim_and_write_zeroes),
		TEST(test_large_read),
		TEST(test_read_only),
		TEST(test_oversized_and_broken),
		TEST(test_hang_up_in_the_middle),
		TEST(test_stop_while_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
