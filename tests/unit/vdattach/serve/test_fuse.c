// SPDX-License-Identifier: GPL-2.0-or-later
/* The FUSE protocol, spoken over a socket in the place of /dev/fuse. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cmocka.h>
#include <linux/falloc.h>
#include <linux/fuse.h>

#include "applets/vdattach/server/fuse.h"
#include "tests/unit/vdattach/fake/disk.h"
#include "tests/unit/vdattach/fake/memory.h"

#define SIZE 65536u

static uint8_t bytes[SIZE];

struct kernel {
	struct fuse_pending *pending;
	int fds[2];
	uint64_t last;
	struct {
		struct fuse_out_header header;
		uint8_t data[SIZE];
	} answer;
};

static int mount_fuse(void **state)
{
	struct kernel *k = calloc(1, sizeof(*k));
	int memory = memfd_create("pending", MFD_CLOEXEC);

	memset(bytes, 'd', sizeof(bytes));
	if (!k || memory < 0 || fuse_pending_map(memory, &k->pending) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, k->fds) < 0)
		return -1;
	close(memory);
	*state = k;
	return 0;
}

static int unmount_fuse(void **state)
{
	struct kernel *k = *state;

	close(k->fds[0]);
	munmap(k->pending, sizeof(*k->pending));
	free(k);
	return 0;
}

static size_t make_request(struct kernel *k, uint8_t *buf, uint32_t opcode, const void *in,
			   size_t n_in, size_t n_data)
{
	struct fuse_in_header header = {
		.len = (uint32_t)(sizeof(header) + n_in + n_data),
		.opcode = opcode,
		.unique = ++k->last,
		.nodeid = FUSE_ROOT_ID,
	};

	memcpy(buf, &header, sizeof(header));
	memcpy(buf + sizeof(header), in, n_in);
	memset(buf + sizeof(header) + n_in, 'w', n_data);
	return header.len;
}

static void ask(struct kernel *k, uint32_t opcode, const void *in, size_t n_in, size_t n_data)
{
	uint8_t buf[SIZE];
	size_t n = make_request(k, buf, opcode, in, n_in, n_data);

	assert_int_equal(send(k->fds[0], buf, n, 0), n);
}

/* Answers all that was asked, then finds the file system gone. */
static void serve(struct kernel *k, bool discard)
{
	struct vd_server srv = { .size = SIZE, .discard = discard };
	struct backend backend;
	struct vd_image *image;
	struct source *memory, *disk;

	assert_int_equal(source_memory(bytes, SIZE, &memory), 0);
	assert_int_equal(open_format(memory, "raw", &image, NULL), 0);
	assert_int_equal(vd_image_view(image, &disk, NULL), 0);
	backend_init(&backend, image, disk);
	assert_int_equal(shutdown(k->fds[0], SHUT_WR), 0);
	assert_int_equal(fuse_serve(&srv, k->fds[1], k->pending, &backend, NULL), 0);
	close(k->fds[1]);
	backend_release(&backend);
	source_close(&disk);
	vd_image_close(&image);
}

/* The next answer; returns the bytes of its data. */
static size_t answer(struct kernel *k, uint64_t unique, int error)
{
	ssize_t n = recv(k->fds[0], &k->answer, sizeof(k->answer), 0);

	assert_true(n >= (ssize_t)sizeof(k->answer.header));
	assert_int_equal(k->answer.header.len, n);
	assert_int_equal(k->answer.header.unique, unique);
	assert_int_equal(k->answer.header.error, error);
	return (size_t)n - sizeof(k->answer.header);
}

static void test_mount_and_open(void **state)
{
	struct kernel *k = *state;
	const struct fuse_init_in init = { .major = 7, .minor = 45, .flags = ~0u };
	const struct fuse_getattr_in getattr = { 0 };
	const struct fuse_open_in open = { 0 };
	struct fuse_init_out out;
	struct fuse_attr_out attr;
	struct fuse_open_out opened;

	ask(k, FUSE_INIT, &init, sizeof(init), 0);
	ask(k, FUSE_GETATTR, &getattr, sizeof(getattr), 0);
	ask(k, FUSE_OPEN, &open, sizeof(open), 0);
	ask(k, FUSE_LOOKUP, "name", 5, 0);
	serve(k, true);
	assert_int_equal(answer(k, 1, 0), sizeof(out));
	memcpy(&out, k->answer.data, sizeof(out));
	assert_int_equal(out.major, 7);
	assert_int_equal(out.max_write, FUSE_DATA_MAX);
	assert_int_equal(out.max_pages, 256);
	assert_true(out.flags & FUSE_MAX_PAGES);
	assert_false(out.flags & (FUSE_WRITEBACK_CACHE | FUSE_INIT_EXT));
	assert_int_equal(answer(k, 2, 0), sizeof(attr));
	memcpy(&attr, k->answer.data, sizeof(attr));
	assert_int_equal(attr.attr.size, SIZE);
	assert_int_equal(answer(k, 3, 0), sizeof(opened));
	memcpy(&opened, k->answer.data, sizeof(opened));
	assert_true(opened.open_flags & FOPEN_DIRECT_IO);
	assert_int_equal(answer(k, 4, -ENOSYS), 0);
}

static void test_io(void **state)
{
	struct kernel *k = *state;
	const struct fuse_write_in write = { .offset = 4096, .size = 512 };
	const struct fuse_write_in beyond = { .offset = SIZE, .size = 512 };
	const struct fuse_read_in read = { .offset = 4096 - 512, .size = 1536 };
	const struct fuse_read_in tail = { .offset = SIZE - 512, .size = 4096 };
	const struct fuse_fsync_in fsync = { 0 };
	const struct fuse_forget_in forget = { .nlookup = 1 };

	ask(k, FUSE_WRITE, &write, sizeof(write), 512);
	ask(k, FUSE_FORGET, &forget, sizeof(forget), 0);
	ask(k, FUSE_READ, &read, sizeof(read), 0);
	ask(k, FUSE_READ, &tail, sizeof(tail), 0);
	ask(k, FUSE_WRITE, &beyond, sizeof(beyond), 512);
	ask(k, FUSE_FSYNC, &fsync, sizeof(fsync), 0);
	serve(k, true);
	assert_int_equal(answer(k, 1, 0), sizeof(struct fuse_write_out));
	assert_int_equal(answer(k, 3, 0), 1536);
	assert_int_equal(k->answer.data[511], 'd');
	assert_int_equal(k->answer.data[512], 'w');
	assert_int_equal(k->answer.data[1023], 'w');
	assert_int_equal(k->answer.data[1024], 'd');
	assert_int_equal(answer(k, 4, 0), 512);
	assert_int_equal(answer(k, 5, -ERANGE), 0);
	assert_int_equal(answer(k, 6, 0), 0);
}

static void ask_hole(struct kernel *k, uint32_t mode)
{
	const struct fuse_fallocate_in in = { .offset = 8192, .length = 4096, .mode = mode };

	ask(k, FUSE_FALLOCATE, &in, sizeof(in), 0);
}

static void test_holes_read_as_zeros(void **state)
{
	struct kernel *k = *state;

	ask_hole(k, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
	ask_hole(k, 0);
	serve(k, true);
	answer(k, 1, 0);
	answer(k, 2, -EOPNOTSUPP);
	assert_int_equal(bytes[8191], 'd');
	assert_int_equal(bytes[8192], 0);
	assert_int_equal(bytes[12287], 0);
	assert_int_equal(bytes[12288], 'd');
}

static void test_no_holes_when_not_wanted(void **state)
{
	struct kernel *k = *state;

	ask_hole(k, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
	serve(k, false);
	answer(k, 1, -EOPNOTSUPP);
	assert_int_equal(bytes[8192], 'd');
}

/* A worker was killed between reading a request and answering it. */
static void test_left_by_a_dead_worker(void **state)
{
	struct kernel *k = *state;
	const struct fuse_write_in write = { .offset = 512, .size = 512 };
	const struct fuse_read_in read = { .offset = 512, .size = 512 };

	make_request(k, k->pending->request, FUSE_WRITE, &write, sizeof(write), 0);
	memset(k->pending->data, 'p', 512);
	ask(k, FUSE_READ, &read, sizeof(read), 0);
	serve(k, true);
	assert_int_equal(answer(k, 1, 0), sizeof(struct fuse_write_out));
	assert_int_equal(answer(k, 2, 0), 512);
	assert_int_equal(k->answer.data[0], 'p');
	assert_int_equal(k->answer.data[511], 'p');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_mount_and_open, mount_fuse, unmount_fuse),
		cmocka_unit_test_setup_teardown(test_io, mount_fuse, unmount_fuse),
		cmocka_unit_test_setup_teardown(test_holes_read_as_zeros, mount_fuse, unmount_fuse),
		cmocka_unit_test_setup_teardown(test_no_holes_when_not_wanted, mount_fuse,
						unmount_fuse),
		cmocka_unit_test_setup_teardown(test_left_by_a_dead_worker, mount_fuse,
						unmount_fuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
