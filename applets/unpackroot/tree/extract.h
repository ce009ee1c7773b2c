/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the plain bytes of a tar or cpio archive to files below the current root directory. */
#ifndef APPLETS_UNPACKROOT_TREE_EXTRACT_H
#define APPLETS_UNPACKROOT_TREE_EXTRACT_H

#include "applets/unpackroot/stream/blockq.h"
#include "applets/unpackroot/tree/attrs.h"
#include "applets/unpackroot/tree/container.h"
#include "applets/unpackroot/tree/opaque.h"

struct extract {
	struct blockq *in;
	/* called now and then with the bytes written so far; may be NULL */
	void (*progress)(void *data, uint64_t written);
	void *progress_data;
	bool check;  /* only read: nothing is written */
	int removed; /* with over: the removed names go there, each ended by a NUL; or -1 */
	bool over;   /* a member DIR/.wh.NAME removes DIR/NAME, as in the layers of OCI images */
	/* with over: what check has noted, which is emptied first of all otherwise */
	struct opaque *opaque;

	/* results */
	uint64_t members;
	uint64_t written; /* bytes of file content */
	struct attrs attrs;
	struct container container; /* without over */
	int in_code; /* what blockq_full of in returned: when < 0, that is the cause of the failure
		      */
};

/*
 * Unpacks everything into "/": call it after chroot, with the current directory there. Owners are
 * numeric, and a member whose name or hard link target has a '..' is refused. The archive must have
 * its end marker, and nothing but zeros after it.
 * Returns 0 or -errno; -ENOSPC with a message without the size of the file system.
 */
int extract_run(struct extract *x, struct error **err) _must_check_;

#endif
