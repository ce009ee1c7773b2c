/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text that describes a VMDK. Source: VMware "Virtual Disk Format 1.1/5.0", section "Descriptor
 * file". */
#ifndef APPLETS_VDATTACH_FORMAT_VMDK_DESCRIPTOR_H
#define APPLETS_VDATTACH_FORMAT_VMDK_DESCRIPTOR_H

#include <stdbool.h>

#include "common/error.h"
#include "common/macro.h"

#define VMDK_NO_CID	    0xffffffffu /* parentCID of an image without a parent */
#define VMDK_FIRST_CID	    0xfffffffeu /* of an image that was never written to */
#define VMDK_EXTENTS_MAX    4096u
#define VMDK_DESCRIPTOR_MAX (1 * MIB)

enum vmdk_extent_type {
	VMDK_FLAT,   /* FLAT, VMFS: the disk's bytes from an offset of the file */
	VMDK_SPARSE, /* grains and tables */
	VMDK_ZERO,   /* no file */
	VMDK_OTHER,  /* VMFSRDM, ..: not supported */
};

struct vmdk_extent_line {
	bool writable, accessible;
	uint64_t sectors;
	enum vmdk_extent_type type;
	char *file;	 /* owned; NULL for VMDK_ZERO */
	uint64_t offset; /* VMDK_FLAT: in sectors */
};

struct vmdk_descriptor {
	unsigned int version;
	uint32_t cid, parent_cid;
	/* Where the digits of these stand in the text, 0 = nowhere. */
	size_t cid_at, cid_digits, modified_at;
	char *create_type;			  /* owned; NULL = not said */
	char *encoding;				  /* of the names in the text; owned or NULL */
	char *parent_hint;			  /* parentFileNameHint, owned or NULL */
	char *uuid, *modified_uuid;		  /* ddb.uuid.image, .modification: owned or NULL */
	char *parent_uuid, *parent_modified_uuid; /* NULL when absent or all zero */
	struct vmdk_extent_line *extents;
	size_t n_extents;
};

/*
 * Parses n bytes of text, which may end early with a zero byte. Lines that are
 * not known are passed over, as VMware does. Names of files become UTF-8. name: for messages.
 * Returns 0, -EINVAL or -ENOMEM; on failure *ret owns nothing.
 */
int vmdk_descriptor_parse(const char *text, size_t n, const char *name, struct vmdk_descriptor *ret,
			  struct error **err) _must_check_ _nonnull_(1, 3, 4);

/* Whether the first n bytes of a file begin a descriptor of its own. */
bool vmdk_is_descriptor(const void *head, size_t n) _nonnull_(1);

/* Whether the image says that it continues another one. */
bool vmdk_has_parent(const struct vmdk_descriptor *descriptor) _nonnull_(1);

/* Frees what descriptor owns and empties it. NULL-safe. */
void vmdk_descriptor_release(struct vmdk_descriptor *descriptor);

#endif
