/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressors whose output the kernel's initramfs decoder accepts. */
#ifndef BUILDER_WRITE_COMPRESS_H
#define BUILDER_WRITE_COMPRESS_H

#include "builder/write/sink.h"

struct compressor {
	const char *name;			 /* as in the profile: zstd xz gzip lz4 none */
	const char *config;			 /* what the kernel needs: "RD_ZSTD", or NULL */
	int level_min, level_max, level_default; /* all 0: no levels */
	/*
	 * A sink that compresses into below (not owned), as one stream from the first write to
	 * finish. threads: 0 = all CPUs; the bytes written do not depend on it. -EINVAL: level out
	 * of range.
	 */
	int (*open)(struct sink *below, int level, unsigned threads, struct sink **ret,
		    struct error **err);
};

/* The table entry of that name, or NULL. */
const struct compressor *compressor_find(const char *name);

/* All compressors, ended by NULL, for messages and --help. */
const struct compressor *const *compressor_list(void);

#endif
