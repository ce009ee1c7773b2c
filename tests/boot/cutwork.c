// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Load for tests of power cuts.
 *
 *   cutwork write DIR [noise]
 *     numbered records for ever; says '=== synced N' when record N is on the medium
 *   cutwork one DIR
 *     one more record, says its number alone
 *   cutwork verify DIR N
 *     are record N and those before it in DIR, whole?
 *
 * Record N lies in DIR/(N % SLOTS). Its bytes and its size follow from N. The odd ones are written
 * over what is there, the even ones come by rename.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS 32
/* the writer may be two records ahead of what it could say */
#define SEEN	 (SLOTS - 3)
#define MAX_SIZE 49152

static uint8_t block[MAX_SIZE], have[MAX_SIZE + 1];

static void die(const char *what)
{
	printf("=== FAILED %s: %s\n", what, strerror(errno));
	fflush(stdout);
	exit(1);
}

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* The record in block; its size. */
static size_t make_record(uint64_t n)
{
	uint64_t state = n * 0x9e3779b97f4a7c15ull + 1, word;
	size_t size = 16 + next(&state) % (MAX_SIZE - 16), i;

	for (i = 0; i < size; i += 8) {
		word = i ? next(&state) : n;
		memcpy(block + i, &word, size - i < 8 ? size - i : 8);
	}
	return size;
}

static void slot_name(const char *dir, uint64_t n, char *name)
{
	snprintf(name, 256, "%s/%u", dir, (unsigned int)(n % SLOTS));
}

/* The number of the record in a slot when it is whole, else 0. */
static uint64_t read_slot(const char *dir, uint64_t slot)
{
	char name[256];
	uint64_t n = 0;
	ssize_t size;
	int fd;

	slot_name(dir, slot, name);
	fd = open(name, O_RDONLY);
	if (fd < 0)
		return 0;
	size = read(fd, have, sizeof(have));
	close(fd);
	if (size < 16)
		return 0;
	memcpy(&n, have, 8);
	return n && n % SLOTS == slot && (size_t)size == make_record(n) &&
			       memcmp(block, have, (size_t)size) == 0
		       ? n
		       : 0;
}

static uint64_t newest(const char *dir)
{
	uint64_t slot, n, last = 0;

	for (slot = 0; slot < SLOTS; slot++) {
		n = read_slot(dir, slot);
		if (n > last)
			last = n;
	}
	return last;
}

static int verify(const char *dir, uint64_t last)
{
	uint64_t n, found, bad = 0;

	for (n = last > SEEN ? last - SEEN : 1; n && n <= last; n++) {
		found = read_slot(dir, n % SLOTS);
		if (found == n || (found == n + SLOTS && found > last))
			continue;
		printf("record %llu of %llu is not there: its slot has %llu\n",
		       (unsigned long long)n, (unsigned long long)last, (unsigned long long)found);
		bad = 1;
	}
	return bad ? 1 : 0;
}

/* truncate: a slot that held a longer record keeps no tail of it */
static void put(const char *name, size_t size)
{
	int fd = open(name, O_WRONLY | O_CREAT, 0644);

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0 ||
	    pwrite(fd, block, size, 0) != (ssize_t)size || fsync(fd) < 0)
		die(name);
	close(fd);
}

static void sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	if (fd < 0 || fsync(fd) < 0)
		die(dir);
	close(fd);
}

static void write_record(const char *dir, uint64_t n)
{
	char name[256], fresh[256];
	size_t size = make_record(n);

	slot_name(dir, n, name);
	if (n % 2) {
		put(name, size);
	} else {
		snprintf(fresh, sizeof(fresh), "%s/fresh", dir);
		put(fresh, size);
		if (rename(fresh, name) < 0)
			die(fresh);
	}
	sync_dir(dir);
}

/* What nobody waits for: files that come, grow, shrink, move and go. */
static void make_noise(const char *dir)
{
	uint64_t state = (uint64_t)getpid() * 2654435761u + 7, r;
	char name[256], other[256];
	int fd;

	for (;;) {
		r = next(&state);
		snprintf(name, sizeof(name), "%s/noise%u", dir, (unsigned int)(r % 12));
		snprintf(other, sizeof(other), "%s/noise%u", dir, (unsigned int)(r / 16 % 12));
		fd = open(name, O_WRONLY | O_CREAT, 0600);
		if (fd < 0)
			die(name);
		if (ftruncate(fd, (off_t)(r / 256 % 65536)) < 0 ||
		    pwrite(fd, &state, sizeof(state), (off_t)(r / 512 % 131072)) < 0 ||
		    pwrite(fd, have, 8192, (off_t)(r / 1024 % 131072)) < 0)
			die(name);
		close(fd);
		if (r / 4096 % 4 == 0)
			rename(name, other);
		if (r / 65536 % 4 == 0)
			unlink(other);
		usleep(2000);
	}
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "", *dir = argc > 2 ? argv[2] : "";
	uint64_t n;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strcmp(verb, "verify") == 0 && argc == 4)
		return verify(dir, strtoull(argv[3], NULL, 10));
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		die(dir);
	n = newest(dir);
	if (strcmp(verb, "one") == 0) {
		write_record(dir, n + 1);
		printf("%llu\n", (unsigned long long)n + 1);
		return 0;
	}
	if (strcmp(verb, "write") != 0)
		return 2;
	printf("=== found %llu\n", (unsigned long long)n);
	if (verify(dir, n))
		printf("=== FAILED records are damaged\n");
	/* the directory itself has to be there before a record counts as kept */
	sync();
	if (argc > 3 && fork() == 0)
		make_noise(dir);
	for (;;) {
		write_record(dir, ++n);
		printf("=== synced %llu\n", (unsigned long long)n);
	}
}
