/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories of a container layer that hide what the layers below have in them (OCI image-spec,
 * layer.md, "Opaque Whiteout"): a member DIR/.wh..wh..opq, before or after others of DIR. */
#ifndef APPLETS_UNPACKROOT_TREE_OPAQUE_H
#define APPLETS_UNPACKROOT_TREE_OPAQUE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

struct opaque {
	/* the archive is such a layer: its directories replace symlinks of the layers below, too */
	bool layer;
	char **dirs; /* relative to the root, "." for the root itself */
	size_t count;
};

/* Notes the directory if path is such a member. 0 or -ENOMEM. */
int opaque_note(struct opaque *opaque, const char *path, struct error **err) _must_check_;

/* Empties the directories that are there, relative to the current directory, without following a
 * symlink in their last part. 0 or -errno. */
int opaque_apply(const struct opaque *opaque, struct error **err) _must_check_;

void opaque_release(struct opaque *opaque);

#endif
