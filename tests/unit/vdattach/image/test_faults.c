// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each allocation and each system call of a small workload fails in turn, on every format that is
 * written: there is an error or none was needed, never a crash, nothing that was flushed is lost,
 * the image opens again, check finds no error in it, and nothing leaks (the sanitizers see that).
 * What is no failure, a short transfer or a signal, changes nothing at all.
 */
#include "tests/unit/vdattach/crash/crash.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "applets/vdattach/image/open.h"
#include "tests/unit/common/scratch.h"
#include "tests/unit/vdattach/fake/faulty.h"
#include "tests/unit/vdattach/fake/faulty_disks.h"

enum { SECTOR = 512, SEEN = 1024, MAX_CALLS = 5000 };

/* What a sector may hold: zeros, what it held at first, what write number n put there */
enum { ZEROS = 1, FIRST = 2 };
#define WRITTEN(n) (4u << (n))

struct trial {
	const struct vd_case *c;
	struct world world; /* the files as they are at first */
	uint8_t *first;	    /* the sectors that are looked at, and where they are */
	uint64_t where[SEEN];
	size_t n;
	uint32_t now[SEEN], flushed[SEEN];
	struct faulty fault;
	bool failing; /* errors are allowed */
	struct file_resolver resolver;
	struct vd_image *image;
	struct source *disk;
};

static void give_up(const struct trial *t, const char *what, struct error *err)
{
	fail_msg("%s: call of kind %d, the %uth, %s %d%s: %s %s", t->c->name, (int)t->fault.call,
		 t->fault.at, t->fault.error > 0 ? strerror(t->fault.error) : "short",
		 t->fault.error, t->fault.lasting ? ", and all later ones" : "", what,
		 err ? error_msg(err) : "");
}

/* Errors are for faults only. */
static int expected(struct trial *t, int r, const char *what, struct error **err)
{
	if (r < 0 && !t->failing)
		give_up(t, what, *err);
	error_release(err);
	return r;
}

static void put_files(struct trial *t)
{
	static uint8_t bytes[MIB];

	for (unsigned int i = 0; i < t->world.n; i++) {
		const struct world_file *file = t->world.files + i;
		int fd = open(file->name, O_RDWR | O_CREAT | O_TRUNC, 0600);

		if (fd < 0 || ftruncate(fd, (off_t)file->now.size) < 0)
			abort();
		for (uint64_t at = 0; at < file->now.size; at += PAGED_SIZE) {
			size_t n = (size_t)MIN((uint64_t)PAGED_SIZE, file->now.size - at);

			if (!file->now.pages[at / PAGED_SIZE])
				continue;
			paged_read(&file->now, bytes, n, at);
			if (pwrite(fd, bytes, n, (off_t)at) != (ssize_t)n)
				abort();
		}
		close(fd);
	}
}

static int trial_open(struct trial *t, bool read_only, struct error **err)
{
	const char *name = t->world.files[0].name;
	struct vd_open_how how = { .resolver = &t->resolver.resolver };
	struct source *source = NULL;
	int r = file_resolver_init(&t->resolver, name, NULL, err);

	if (r == 0)
		r = source_file_open(name, read_only, &source, err);
	if (r == 0)
		r = vd_image_open_how(source, &how, &t->image, err);
	if (r < 0)
		source_close(&source);
	if (r == 0)
		r = vd_image_view(t->image, &t->disk, err);
	return r;
}

static void trial_close(struct trial *t)
{
	source_close(&t->disk);
	vd_image_close(&t->image);
	file_resolver_release(&t->resolver);
	t->resolver = (struct file_resolver){ .n_opened = 0 };
}

static uint32_t tell(const struct trial *t, size_t i, const uint8_t *bytes)
{
	uint32_t found = 0;

	if (bytes[0] >= 0x80 && bytes[0] < 0x90)
		found |= WRITTEN(bytes[0] - 0x80u);
	for (size_t k = 1; k < SECTOR; k++) {
		if (bytes[k] != bytes[0])
			found = 0;
	}
	if (memcmp(bytes, source_zeros(), SECTOR) == 0)
		found |= ZEROS;
	if (memcmp(bytes, t->first + i * SECTOR, SECTOR) == 0)
		found |= FIRST;
	return found;
}

static void fail_sector(const struct trial *t, size_t i, uint32_t found, uint32_t allowed)
{
	char what[128];

	snprintf(what, sizeof(what), "sector %llu holds 0x%x, of what 0x%x has",
		 (unsigned long long)(t->where[i] / SECTOR), found, allowed);
	give_up(t, what, NULL);
}

static void look(struct trial *t, const uint32_t *allowed)
{
	for (size_t i = 0; i < t->n; i++) {
		struct error *err = NULL;
		uint8_t bytes[SECTOR];

		if (expected(t, source_pread(t->disk, bytes, SECTOR, t->where[i], &err), "read",
			     &err) == 0 &&
		    !(tell(t, i, bytes) & allowed[i]))
			fail_sector(t, i, tell(t, i, bytes), allowed[i]);
	}
}

/* n sectors from the i-th on become what bit says; which they may be when that fails, too. */
static void note(struct trial *t, size_t i, size_t n, uint32_t bit, bool certain)
{
	for (size_t k = i; k < i + n; k++) {
		t->now[k] = certain ? bit : t->now[k] | bit;
		t->flushed[k] |= bit;
	}
}

static void trial_write(struct trial *t, size_t i, size_t n, unsigned int number)
{
	uint8_t bytes[64 * SECTOR];
	struct error *err = NULL;
	int r;

	memset(bytes, 0x80 + (int)number, n * SECTOR);
	r = source_pwrite(t->disk, bytes, n * SECTOR, t->where[i], &err);
	note(t, i, n, WRITTEN(number), expected(t, r, "write", &err) == 0);
}

static void trial_flush(struct trial *t)
{
	struct error *err = NULL;

	if (expected(t, source_flush(t->disk, &err), "flush", &err) == 0)
		memcpy(t->flushed, t->now, sizeof(t->now));
}

/* The sectors that are looked at are in runs of 64; run k is where blocks meet or begin. */
static void workload(struct trial *t)
{
	size_t half = t->n / 2 / 64 * 64;
	struct error *err = NULL;

	trial_write(t, 3, 20, 1);
	trial_flush(t);
	trial_write(t, half + 1, 60, 2);
	trial_write(t, 10, 40, 3);
	note(t, half, 16, ZEROS,
	     expected(t, source_write_zeroes(t->disk, 16 * SECTOR, t->where[half], &err), "zero",
		      &err) == 0);
	note(t, 32, 16, ZEROS, false);
	expected(t, source_discard(t->disk, 16 * SECTOR, t->where[32], &err), "discard", &err);
	look(t, t->now);
	trial_flush(t);
	trial_write(t, t->n - 40, 33, 4);
	trial_write(t, half + 16, 4, 5);
	trial_flush(t);
	trial_write(t, half + 30, 20, 6);
}

/* The image has no error, and holds what it must. */
static void inspect(struct trial *t)
{
	struct error *err = NULL;

	if (vd_image_check(t->image, &err) < 0)
		give_up(t, "check", err);
	for (size_t i = 0; i < t->image->findings.n; i++) {
		if (t->image->findings.items[i].level == FINDING_ERROR)
			give_up(t, t->image->findings.items[i].text, NULL);
	}
	look(t, t->flushed);
}

static void open_after(struct trial *t, bool read_only)
{
	struct error *err = NULL;

	if (trial_open(t, read_only, &err) < 0)
		give_up(t, "open afterwards", err);
	inspect(t);
}

static unsigned int descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

/* Returns whether the fault came. */
static bool try_fault(struct trial *t, const struct faulty *fault)
{
	unsigned int before = descriptors();
	struct error *err = NULL;
	bool came;

	t->fault = *fault;
	for (size_t i = 0; i < t->n; i++)
		t->now[i] = t->flushed[i] = FIRST;
	put_files(t);
	t->failing = fault->error > 0 && fault->error != EINTR && fault->error != EOPNOTSUPP;
	faulty_begin(fault);
	if (expected(t, trial_open(t, false, &err), "open", &err) == 0)
		workload(t);
	trial_close(t);
	came = faulty_end();
	t->failing = false;
	open_after(t, false);
	memcpy(t->now, t->flushed, sizeof(t->now));
	trial_write(t, 5, 50, 7);
	trial_flush(t);
	trial_close(t);
	open_after(t, true);
	trial_close(t);
	if (descriptors() != before)
		give_up(t, "a file stays open", NULL);
	return came;
}

/* Runs of 64 sectors: the first, across the ends of blocks, the last. */
static void choose_sectors(struct trial *t)
{
	uint64_t step = 2 * MAX(t->image->block_size, 64u * SECTOR), size = t->image->size;

	for (uint64_t at = 0; at + 64 * SECTOR <= size && t->n < 4 * 64; at += step) {
		uint64_t from = at ? at - 32 * SECTOR : 0;

		for (unsigned int i = 0; i < 64; i++)
			t->where[t->n++] = from + i * SECTOR;
	}
	t->first = calloc(t->n, SECTOR);
	for (size_t i = 0; i < t->n; i++) {
		if (source_pread(t->disk, t->first + i * SECTOR, SECTOR, t->where[i], NULL) < 0)
			abort();
	}
}

static void trial_start(struct trial *t, const struct vd_case *c)
{
	struct error *err = NULL;
	uint64_t rng = 12345;

	*t = (struct trial){ .c = c };
	c->make(&t->world, &rng);
	put_files(t);
	if (trial_open(t, true, &err) < 0)
		give_up(t, "open", err);
	choose_sectors(t);
	trial_close(t);
}

static const struct faulty kinds[] = {
	{ FAULTY_ALLOC, ENOMEM, 0, false },	{ FAULTY_ALLOC, ENOMEM, 0, true },
	{ FAULTY_READ, EIO, 0, false },		{ FAULTY_READ, EIO, 0, true },
	{ FAULTY_READ, EINTR, 0, false },	{ FAULTY_READ, FAULTY_SHORT, 0, true },
	{ FAULTY_WRITE, EIO, 0, false },	{ FAULTY_WRITE, EIO, 0, true },
	{ FAULTY_WRITE, ENOSPC, 0, false },	{ FAULTY_WRITE, ENOSPC, 0, true },
	{ FAULTY_WRITE, EINTR, 0, false },	{ FAULTY_WRITE, FAULTY_SHORT, 0, true },
	{ FAULTY_SYNC, EIO, 0, false },		{ FAULTY_SYNC, EIO, 0, true },
	{ FAULTY_SIZE, EIO, 0, false },		{ FAULTY_SIZE, ENOSPC, 0, true },
	{ FAULTY_SIZE, EINTR, 0, false },	{ FAULTY_SPACE, EIO, 0, false },
	{ FAULTY_SPACE, ENOSPC, 0, false },	{ FAULTY_SPACE, ENOSPC, 0, true },
	{ FAULTY_SPACE, EINTR, 0, false },	{ FAULTY_SPACE, EOPNOTSUPP, 0, true },
	{ FAULTY_SPACE, EOPNOTSUPP, 0, false },
};

/* Each kind of call is made: what never comes cannot fail, and a flush that is no fdatasync is
 * none. */
static void assert_all_called(struct trial *t)
{
	static const struct faulty first[] = {
		{ FAULTY_ALLOC, ENOMEM, 1, false },
		{ FAULTY_READ, EIO, 1, false },
		{ FAULTY_WRITE, EIO, 1, false },
		{ FAULTY_SYNC, EIO, 1, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		if (!try_fault(t, first + i))
			fail_msg("%s: no call of kind %d", t->c->name, (int)first[i].call);
	}
}

/* FAULT_PART=1 tries all, otherwise one in so many. */
static void test_faults(void **state)
{
	unsigned int part = (unsigned int)crash_setting("FAULT_PART", 10), n = 0, index = 0;
	struct trial t;

	trial_start(&t, *state);
	assert_all_called(&t);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct faulty fault = kinds[i];
		bool came = true;

		for (fault.at = 1 + index++ % part; came && fault.at < MAX_CALLS; n++) {
			came = try_fault(&t, &fault);
			fault.at += part;
		}
	}
	print_message("%s: %u faults\n", t.c->name, n - (unsigned int)ARRAY_SIZE(kinds));
	world_release(&t.world);
	free(t.first);
}

#define TEST(name, what)                                                   \
	{ "faults in " what, test_faults, scratch_setup, scratch_teardown, \
	  (void *)(uintptr_t)&faulty_##name },

int main(void)
{
	const struct CMUnitTest tests[] = { FAULTY_DISKS(TEST) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
