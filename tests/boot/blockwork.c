// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Work on a block device for boot cases: blockwork write|verify DEVICE SEED COUNT [sync]
 * Writes COUNT pieces of 4 to 64 KiB at places that follow from SEED, or looks whether they are
 * there. Later pieces overlay earlier ones. O_DIRECT, so that nothing is answered from a cache.
 * sync: each is durable before the next.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNIT	  4096u
#define PIECE_MAX 16u /* units */
#define UNITS_MAX (1u << 18)

static uint64_t state;
static uint32_t owner[UNITS_MAX]; /* which piece was last to write a unit; 0 = none */

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void paint(uint64_t *unit, uint64_t number, uint32_t piece)
{
	for (unsigned int i = 0; i < UNIT / 8; i++)
		unit[i] = (number << 32 | piece) * 0x9e3779b97f4a7c15ULL + i;
}

static int fail(const char *what, uint64_t number)
{
	fprintf(stderr, "blockwork: %s of unit %llu failed\n", what, (unsigned long long)number);
	return 1;
}

static int write_piece(int fd, uint8_t *buf, uint64_t first, uint64_t n, uint32_t piece)
{
	for (uint64_t i = 0; i < n; i++) {
		paint((uint64_t *)(buf + i * UNIT), first + i, piece);
		owner[first + i] = piece;
	}
	if (fd >= 0 && pwrite(fd, buf, n * UNIT, (off_t)(first * UNIT)) != (ssize_t)(n * UNIT))
		return fail("write", first);
	return 0;
}

static int verify(int fd, uint8_t *buf, uint64_t units)
{
	uint8_t *expected = buf + UNIT;

	for (uint64_t i = 0; i < units; i++) {
		if (!owner[i])
			continue;
		if (pread(fd, buf, UNIT, (off_t)(i * UNIT)) != UNIT)
			return fail("read", i);
		paint((uint64_t *)expected, i, owner[i]);
		if (memcmp(buf, expected, UNIT) != 0)
			return fail("comparison", i);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int sync = argc > 5 ? O_SYNC : 0, writes, fd;
	uint64_t units;
	uint8_t *buf;

	if (argc < 5 || posix_memalign((void **)&buf, UNIT, PIECE_MAX * UNIT) != 0)
		return 2;
	writes = strcmp(argv[1], "write") == 0;
	fd = open(argv[2], O_RDWR | O_DIRECT | sync);
	if (fd < 0) {
		perror(argv[2]);
		return 1;
	}
	units = (uint64_t)lseek(fd, 0, SEEK_END) / UNIT;
	if (units > UNITS_MAX)
		units = UNITS_MAX;
	state = strtoull(argv[3], NULL, 10) * 2654435761u + 1;
	for (uint32_t piece = 1; piece <= (uint32_t)atoi(argv[4]); piece++) {
		uint64_t n = 1 + next() % PIECE_MAX, first = next() % (units - n);

		if (write_piece(writes ? fd : -1, buf, first, n, piece))
			return 1;
	}
	return writes ? fsync(fd) != 0 : verify(fd, buf, units);
}
