// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/unpackroot/memplan.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

/* Queues, libarchive, stacks. */
#define OWN_MEMORY     (4 * MIB)
#define THREADS_MEMORY (20 * MIB)

static bool magic_in_ram(const struct statfs *fs)
{
	return fs->f_type == TMPFS_MAGIC || fs->f_type == RAMFS_MAGIC;
}

/* MemAvailable plus SwapFree from /proc/meminfo in bytes; UINT64_MAX when that cannot be read. */
static uint64_t memory_available(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long kib, sum = 0;
	char line[128];
	bool found = false;

	if (!file)
		return UINT64_MAX;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "MemAvailable: %llu", &kib) == 1) {
			sum += kib;
			found = true;
		} else if (sscanf(line, "SwapFree: %llu", &kib) == 1) {
			sum += kib;
		}
	}
	fclose(file);
	return found ? sum * KIB : UINT64_MAX;
}

/* Bytes free where newroot lies. A ramfs has no size: it reports none. */
static uint64_t room_in(const struct statfs *fs)
{
	if (fs->f_blocks == 0 && magic_in_ram(fs))
		return UINT64_MAX;
	return (uint64_t)fs->f_bavail * (uint64_t)fs->f_bsize;
}

static int memplan_measure(const struct memplan_input *input, struct memplan *plan,
			   struct error **err)
{
	struct stat archive, root;
	struct statfs fs, archive_fs;

	if (fstatfs(input->newroot, &fs) < 0)
		return error_sys(err, errno, "cannot measure the free space of the new root");
	plan->in_ram = magic_in_ram(&fs);
	plan->room = room_in(&fs);
	plan->memory = memory_available();
	if (!input->consume || !input->file_size)
		return 0;
	/* what the archive takes is there for the tree: bit by bit, as fast as it is read */
	if (fstatfs(input->fd, &archive_fs) == 0 && magic_in_ram(&archive_fs) &&
	    plan->memory != UINT64_MAX)
		plan->memory += input->file_size;
	if (fstat(input->fd, &archive) == 0 && fstat(input->newroot, &root) == 0 &&
	    archive.st_dev == root.st_dev && plan->room != UINT64_MAX)
		plan->room += input->file_size;
	return 0;
}

/* A tree on a tmpfs takes about what its tar takes (rounding to pages is like rounding to tar
 * blocks); inodes are 1/16 more. */
static uint64_t tree_memory(const struct memplan *plan)
{
	return plan->in_ram ? plan->unpacked + plan->unpacked / 16 : 0;
}

static int refuse(uint64_t need, uint64_t have, const char *what, struct error **err)
{
	return error_make(err, ENOSPC, "need %llu MiB, have %llu MiB%s",
			  (unsigned long long)((need + MIB - 1) / MIB),
			  (unsigned long long)(have / MIB), what);
}

static int check(const struct memplan *plan, struct error **err)
{
	uint64_t need = tree_memory(plan) + plan->decoder + OWN_MEMORY;

	if (plan->unpacked > plan->room)
		return refuse(plan->unpacked, plan->room,
			      plan->in_ram ? " (the size of the tmpfs): add memory or raise vi.size"
					   : " free on the file system of the new root",
			      err);
	if (need > plan->memory)
		return refuse(need, plan->memory, " of free memory: add memory", err);
	return 0;
}

/* Threads cost memory: a small fixed amount, so that archive, tree and program are all that a
 * machine has to have; an eighth of what the tree leaves for who asked for threads. */
static void set_limits(const struct memplan_input *input, struct memplan *plan)
{
	uint64_t tree = tree_memory(plan), spare = plan->memory - MIN(tree, plan->memory);

	if (plan->unpacked == 0)
		spare /= 2;
	plan->limits.threads = input->threads;
	plan->limits.soft = input->many_threads ? MAX(spare / 8, THREADS_MEMORY) : THREADS_MEMORY;
	plan->limits.hard = MAX(spare, plan->limits.soft);
}

int memplan_make(const struct memplan_input *input, struct memplan *ret, struct error **err)
{
	struct memplan plan = { 0 };
	int r = unpacked_size(input, &plan.unpacked, err);

	if (r < 0)
		return r;
	if (input->codec->memory)
		plan.decoder = input->codec->memory(input->head, input->head_len);
	r = memplan_measure(input, &plan, err);
	if (r < 0)
		return r;
	r = check(&plan, err);
	if (r < 0)
		return r;
	set_limits(input, &plan);
	*ret = plan;
	return 0;
}
