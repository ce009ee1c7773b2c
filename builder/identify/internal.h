/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of files that identify.c asks for, one after the other. */
#ifndef BUILDER_IDENTIFY_INTERNAL_H
#define BUILDER_IDENTIFY_INTERNAL_H

#include "applets/vdattach/source/source.h"
#include "builder/identify/identify.h"

#define ROOT_EXPECTED                                                                     \
	"expected a squashfs, erofs or cloop image, a tar or cpio archive, a Linux file " \
	"system, or a disk image"

/* Each returns 1 (recognised, facts are filled), 0 (something else), or -errno with *err set. */
int identify_archive(const char *path, struct root_facts *facts,
		     struct error **err) _must_check_; /* archive.c */
int identify_filesystem(const char *path, struct source *source, struct root_facts *facts,
			struct error **err) _must_check_; /* filesystem.c */
int identify_disk(const char *path, struct source *source, struct root_facts *facts,
		  struct error **err) _must_check_; /* disk.c: one with a format of its own */
int identify_raw_disk(const char *path, struct source *source, struct root_facts *facts,
		      struct error **err) _must_check_; /* disk.c: a partition table */

/* What a file is that is none of them: a few words. Static. (describe.c) */
const char *describe_file(struct source *source);

#endif
