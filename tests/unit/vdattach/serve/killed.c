// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/serve/killed.h"

#include "tests/unit/vdattach/crash/crash.h"
#include "tests/unit/vdattach/crash/crash_disk.h"
#include "tests/unit/vdattach/fake/paged.h"
#include "tests/unit/vdattach/fake/world.h"

static void killed_put_files(struct killed_run *run)
{
	strcpy(run->directory, "/tmp/killed-XXXXXX");
	if (!mkdtemp(run->directory))
		fail_msg("mkdtemp");
	for (unsigned int i = 0; i < run->world.n; i++) {
		struct world_file *file = run->world.files + i;
		char path[160];
		uint8_t *bytes = malloc(file->now.size + 1);
		int fd;

		snprintf(path, sizeof(path), "%s/%s", run->directory, file->name);
		fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
		paged_read(&file->now, bytes, file->now.size, 0);
		if (fd < 0 || write(fd, bytes, file->now.size) != (ssize_t)file->now.size)
			fail_msg("write %s", path);
		close(fd);
		free(bytes);
		if (i == 0)
			memcpy(run->path, path, sizeof(path));
	}
}

static void killed_remove_files(struct killed_run *run)
{
	for (unsigned int i = 0; i < run->world.n; i++) {
		char path[160];

		snprintf(path, sizeof(path), "%s/%s", run->directory, run->world.files[i].name);
		unlink(path);
	}
	rmdir(run->directory);
}

/* As a worker does it. */
static int killed_open(struct killed_run *run, struct error **err)
{
	struct vd_open_how how = { .resolver = &run->resolver.resolver };
	struct source *source = NULL;
	int r = recovery_init(&run->recovery, run->recovery.fd, err);

	run->image = NULL;
	if (r == 0)
		r = file_resolver_init(&run->resolver, run->path, NULL, err);
	if (r == 0)
		r = source_file_open(run->path, false, &source, err);
	if (r < 0)
		return r;
	run->resolver.recovery = source->recovery = &run->recovery;
	r = source_rescue(source, false, err);
	if (r == 0)
		r = vd_image_open_how(source, &how, &run->image, err);
	if (r == 0)
		r = vd_image_view(run->image, &run->disk, err);
	return r;
}

/* The process that is killed: short writes all over the disk, a flush now and then. */
static void _noreturn_ killed_writer(struct killed_run *run, uint64_t rng)
{
	uint8_t buf[16 * CRASH_SECTOR];

	if (killed_open(run, NULL) < 0)
		_exit(1);
	for (;;) {
		uint64_t n = 1 + rng_below(&rng, 16);
		uint64_t at = rng_below(&rng, run->sectors - n);
		uint32_t serial = ++run->shared->serial;

		for (uint64_t i = 0; i < n; i++) {
			crash_paint(buf + i * CRASH_SECTOR, at + i, serial);
			run->shared->begun[at + i] = serial;
		}
		if (source_pwrite(run->disk, buf, n * CRASH_SECTOR, at * CRASH_SECTOR, NULL) < 0)
			_exit(2);
		for (uint64_t i = 0; i < n; i++)
			run->shared->answered[at + i] = serial;
		if (rng_below(&rng, 300) == 0 && source_flush(run->disk, NULL) < 0)
			_exit(3);
	}
}

static void killed_close(struct killed_run *run)
{
	source_close(&run->disk);
	vd_image_close(&run->image);
	file_resolver_release(&run->resolver);
}

static void killed_kill(struct killed_run *run, uint64_t *rng, const char *name)
{
	const struct timespec pause = { .tv_nsec = 1000000L + (long)rng_below(rng, 30000000) };
	uint32_t before = run->shared->serial;
	int status;
	pid_t pid = fork();

	if (pid == 0)
		killed_writer(run, rng_next(rng));
	while (run->shared->serial == before && waitpid(pid, &status, WNOHANG) == 0)
		nanosleep(&(const struct timespec){ .tv_nsec = 1000000 }, NULL);
	nanosleep(&pause, NULL);
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) == pid && !WIFSIGNALED(status))
		fail_msg("%s: the writer ended with %x", name, status);
}

static void killed_verify(struct killed_run *run, const char *name, uint64_t seed)
{
	const struct killed_shared *shared = run->shared;
	uint8_t buf[CRASH_SECTOR], want[CRASH_SECTOR];

	for (uint64_t at = 0; at < run->sectors; at++) {
		uint32_t serial = shared->answered[at];

		if (source_pread(run->disk, buf, CRASH_SECTOR, at * CRASH_SECTOR, NULL) < 0)
			fail_msg("%s: sector %llu", name, (unsigned long long)at);
		if (serial)
			crash_paint(want, at, serial);
		else
			memcpy(want, run->base + at * CRASH_SECTOR, CRASH_SECTOR);
		if (memcmp(buf, want, CRASH_SECTOR) == 0)
			continue;
		/* the request that was not answered may be there; it would be repeated */
		crash_paint(want, at, shared->begun[at]);
		if (shared->begun[at] == serial || memcmp(buf, want, CRASH_SECTOR) != 0)
			fail_msg("%s: seed %llu: sector %llu lost write %u", name,
				 (unsigned long long)seed, (unsigned long long)at, serial);
		run->shared->answered[at] = shared->begun[at];
	}
	for (uint64_t at = 0; at < run->sectors; at++)
		run->shared->begun[at] = shared->answered[at];
}

static void killed_check(struct killed_run *run, const char *name)
{
	_cleanup_error_ struct error *err = NULL;

	/* a counter may be behind, which no program of ours trusts, until the first flush */
	if (source_flush(run->disk, &err) < 0)
		fail_msg("%s: flush: %s", name, error_msg(err));
	if (vd_image_check(run->image, &err) < 0)
		fail_msg("%s: check: %s", name, error_msg(err));
	for (size_t i = 0; i < run->image->findings.n; i++) {
		if (run->image->findings.items[i].level == FINDING_ERROR)
			fail_msg("%s: %s", name, run->image->findings.items[i].text);
	}
}

/* A sector is written again, as it is: nothing is left behind that no one refers to. */
static void killed_no_leaks(struct killed_run *run, const char *name)
{
	_cleanup_error_ struct error *err = NULL;
	uint8_t buf[CRASH_SECTOR];

	findings_release(&run->image->findings);
	if (source_pread(run->disk, buf, CRASH_SECTOR, 0, &err) < 0 ||
	    source_pwrite(run->disk, buf, CRASH_SECTOR, 0, &err) < 0 ||
	    source_flush(run->disk, &err) < 0 || vd_image_check(run->image, &err) < 0)
		fail_msg("%s: %s", name, error_msg(err));
	if (run->image->findings.n)
		fail_msg("%s: %s", name, run->image->findings.items[0].text);
}

static void killed_start(struct killed_run *run, const struct vd_case *c, uint64_t *rng)
{
	_cleanup_error_ struct error *err = NULL;

	*run = (struct killed_run){ .recovery.fd = memfd_create("recovery", MFD_CLOEXEC) };
	c->make(&run->world, rng);
	killed_put_files(run);
	run->shared = mmap(NULL, sizeof(*run->shared), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (killed_open(run, &err) < 0)
		fail_msg("%s: %s", c->name, error_msg(err));
	run->sectors = MIN(run->disk->size / CRASH_SECTOR, (uint64_t)KILLED_SECTORS);
	run->base = malloc(run->sectors * CRASH_SECTOR);
	if (source_pread(run->disk, run->base, run->sectors * CRASH_SECTOR, 0, NULL) < 0)
		fail_msg("%s: cannot be read", c->name);
	killed_close(run);
}

void killed_format(const struct vd_case *c, uint64_t seed, unsigned int kills)
{
	uint64_t rng = seed * 0x9e3779b97f4a7c15ULL;
	struct killed_run run;

	killed_start(&run, c, &rng);
	for (unsigned int i = 0; i < kills; i++) {
		_cleanup_error_ struct error *err = NULL;

		killed_kill(&run, &rng, c->name);
		if (killed_open(&run, &err) < 0)
			fail_msg("%s: after a kill: %s", c->name, error_msg(err));
		killed_check(&run, c->name);
		killed_verify(&run, c->name, seed);
		if (crash_reclaims(run.image))
			killed_no_leaks(&run, c->name);
		killed_close(&run);
	}
	killed_remove_files(&run);
	munmap(run.shared, sizeof(*run.shared));
	close(run.recovery.fd);
	free(run.base);
	world_release(&run.world);
}
