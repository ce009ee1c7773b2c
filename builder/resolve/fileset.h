/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exact content of an archive: sorted, unique, parents present, inode numbers ours. */
#ifndef BUILDER_RESOLVE_FILESET_H
#define BUILDER_RESOLVE_FILESET_H

#include <stdint.h>
#include <sys/types.h>

#include "builder/util/vec.h"
#include "common/error.h"

enum entry_kind { ENTRY_FILE, ENTRY_DIR, ENTRY_SYMLINK, ENTRY_NODE, ENTRY_PIPE, ENTRY_SOCKET };

/* Which part of the image an entry lies in; the order of the enum is the order in the image. */
enum segment_kind {
	SEGMENT_EARLY,	 /* microcode, uncompressed, first */
	SEGMENT_BASE,	 /* busybox, applets, skel: compressed once, cached by content */
	SEGMENT_MODULES, /* plain .ko and profile files: compressed */
	SEGMENT_STORED,	 /* payload that is compressed already: uncompressed segment */
	SEGMENT_COUNT
};

struct fs_entry {
	enum entry_kind kind;
	enum segment_kind segment;
	char *path; /* relative to the root of the image: "bin/busybox", never "/..." or "./..." */
	char *source;  /* ENTRY_FILE: host path of the content, or NULL when data is set */
	char *data;    /* ENTRY_FILE: content in memory */
	uint64_t size; /* ENTRY_FILE: length of the content, known when the entry is added */
	char *target;  /* ENTRY_SYMLINK */
	mode_t mode;   /* permission bits only */
	uid_t uid;
	gid_t gid;
	dev_t rdev;	     /* ENTRY_NODE: with S_IFBLK or S_IFCHR in mode */
	uint32_t ino, nlink; /* set by fileset_finish; ino restarts in each segment, segment << 24
				+ 1.. */
};

struct fileset {
	struct vec entries; /* of struct fs_entry, owned */
};

/* Takes *entry over (shallow copy; its strings become owned by the set, also on failure). -ENOMEM.
 */
int fileset_add(struct fileset *set, const struct fs_entry *entry, struct error **err) _must_check_;

/*
 * Sorts by segment and path, adds missing parent directories (0755) to the segment that needs them
 * first, drops exact duplicates (the earliest segment keeps it), and sets ino and nlink. A
 * directory added by the caller moves to the first segment that has a member below it. Refuses
 * conflicts: -EEXIST two different contents for one path; -ENOTDIR something else as parent;
 * -EINVAL a path that is absolute, has '.', '..' or '//', or is too long for the kernel.
 */
int fileset_finish(struct fileset *set, struct error **err) _must_check_;

void fileset_release(struct fileset *set);

#endif
