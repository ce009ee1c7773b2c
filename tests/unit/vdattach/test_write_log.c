// SPDX-License-Identifier: GPL-2.0-or-later
/* A worker that is killed loses nothing that was answered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "applets/vdattach/backend.h"
#include "tests/unit/vdattach/vdi_make.h"

#define BLOCK	131072u
#define SIZE	(96u * BLOCK)
#define PART	(3u * BLOCK + 512u) /* where the second disk begins that is served */
#define ROUNDS	600u
#define LONGEST (3u * BLOCK)

static uint8_t expected[SIZE], got[SIZE], bytes[LONGEST];

struct worker {
	struct world world;
	struct vd_opener opener;
	struct vd_image *image;
	struct source *whole, *disk;
	struct backend backend;
	struct write_log *log;
	uint64_t start;
};

static void start(struct worker *w)
{
	w->opener = world_opener(&w->world);
	assert_int_equal(world_open(&w->world, &w->opener, false, &w->image, NULL), 0);
	assert_int_equal(vd_image_view(w->image, &w->whole, NULL), 0);
	if (w->start)
		assert_int_equal(source_window(w->whole, "partition", w->start, SIZE - w->start,
					       &w->disk, NULL),
				 0);
	else
		w->disk = w->whole;
	backend_init(&w->backend, w->image, w->disk);
	w->backend.log = w->log;
	assert_int_equal(backend_replay(&w->backend, NULL), 0);
	if (w->log)
		assert_true(write_log_is_empty(w->log));
}

/* Nothing is flushed: what the format has in memory is lost. */
static void die(struct worker *w)
{
	backend_release(&w->backend);
	if (w->disk != w->whole)
		source_close(&w->disk);
	source_close(&w->whole);
	vd_image_close(&w->image);
}

static void put_disk(struct worker *w)
{
	const struct vdi_spec spec = {
		.type = 1, .size = SIZE, .block_size = BLOCK, .id = 1, .modified = 1
	};

	memset(expected, 0, sizeof(expected));
	world_add(&w->world, "disk.vdi", 0);
	vdi_put(&w->world, 0, &spec);
}

static void write_some(struct worker *w, uint64_t *rng)
{
	uint64_t sectors = (SIZE - w->start) / 512, n = 1 + rng_below(rng, LONGEST / 512);
	uint64_t at = rng_below(rng, sectors), fua = rng_below(rng, 16);
	bool zero = rng_below(rng, 4) == 0;

	n = MIN(n, sectors - at);
	memset(bytes, (int)(1 + rng_below(rng, 255)), n * 512);
	assert_int_equal(backend_request(&w->backend, zero ? BACKEND_WRITE_ZEROES : BACKEND_WRITE,
					 bytes, n * 512, at * 512, fua == 0),
			 0);
	memset(expected + w->start + at * 512, zero ? 0 : bytes[0], n * 512);
}

/* True when the disk has what was written. */
static bool is_right(struct worker *w)
{
	assert_int_equal(source_pread(w->whole, got, SIZE, 0, NULL), 0);
	return memcmp(got, expected, SIZE) == 0;
}

static unsigned int lives(struct worker *w, uint64_t seed)
{
	unsigned int wrong = 0;

	put_disk(w);
	start(w);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t what = rng_below(&seed, 32);

		if (what == 0) {
			assert_int_equal(
				backend_request(&w->backend, BACKEND_FLUSH, NULL, 0, 0, false), 0);
		} else if (what < 4) {
			die(w);
			start(w);
			wrong += !is_right(w);
		} else {
			write_some(w, &seed);
		}
	}
	die(w);
	world_release(&w->world);
	return wrong;
}

static void test_answered_writes_survive(void **state)
{
	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct worker w = { .start = seed % 2 ? 0 : PART };

		w.log = calloc(1, sizeof(*w.log));
		assert_non_null(w.log);
		if (lives(&w, seed) != 0)
			fail_msg("seed %u: a disk was wrong", (unsigned int)seed);
		free(w.log);
	}
}

/* Else the test above proves nothing. */
static void test_without_a_log_they_do_not(void **state)
{
	struct worker w = { .log = NULL };

	assert_true(lives(&w, 1) > 0);
}

/* What has its place is not logged: overwriting costs no flush. */
static void test_overwrites_are_not_logged(void **state)
{
	struct worker w = { .log = calloc(1, sizeof(*w.log)) };

	assert_non_null(w.log);
	put_disk(&w);
	start(&w);
	assert_int_equal(backend_request(&w.backend, BACKEND_WRITE, bytes, 512, 512, false), 0);
	assert_int_equal(w.log->n, 1);
	/* in the block whose entry is still in memory alone */
	assert_int_equal(backend_request(&w.backend, BACKEND_WRITE, bytes, 512, 4096, false), 0);
	assert_int_equal(w.log->n, 2);
	assert_int_equal(backend_request(&w.backend, BACKEND_FLUSH, NULL, 0, 0, false), 0);
	assert_int_equal(w.log->n, 0);
	assert_int_equal(backend_request(&w.backend, BACKEND_WRITE, bytes, 512, 8192, false), 0);
	assert_int_equal(w.log->n, 0);
	die(&w);
	world_release(&w.world);
	free(w.log);
}

static void test_full(void **state)
{
	struct write_log *log = calloc(1, sizeof(*log));
	uint64_t offset = 0;

	assert_non_null(log);
	for (; write_log_add(log, bytes, LONGEST, offset); offset += LONGEST)
		;
	assert_int_equal(log->n, 1);
	assert_int_equal(log->entries[0].n, WRITE_LOG_DATA / LONGEST * LONGEST);
	write_log_clear(log);
	for (offset = 0; write_log_add(log, bytes, 512, offset); offset += 1024)
		;
	assert_int_equal(log->n, WRITE_LOG_ENTRIES);
	assert_true(write_log_touches(log, 0, 1, 512));
	assert_false(write_log_touches(log, 512, 512, 512));
	assert_true(write_log_touches(log, 512, 512, 4096));
	free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answered_writes_survive),
		cmocka_unit_test(test_without_a_log_they_do_not),
		cmocka_unit_test(test_overwrites_are_not_logged),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
