/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image becomes a read-only device of the kernel's dm-verity, which proves each block as it is
 * read. */
#ifndef APPLETS_VERIFYIMG_VERITY_H
#define APPLETS_VERIFYIMG_VERITY_H

#include "common/error.h"
#include "common/macro.h"

#define VERITY_DIGEST_MAX 64u

struct verity_request {
	const char *image;  /* a file or block device */
	const char *hashes; /* the same, of the tree with its header; NULL: appended to the image */
	uint8_t root[VERITY_DIGEST_MAX];
	size_t root_size;
};

/*
 * Makes the device and reads its first block. Files are attached to loop devices that go with it; a
 * block device is used as it is. *ret_device ("/dev/dm-3") is the caller's to free; it is taken
 * away by `vdattach unmap`. 0; -ENODATA: there is no tree; -EKEYREJECTED: it has not that root, or
 * the first block is another; -errno.
 */
int verity_attach(const struct verity_request *request, char **ret_device,
		  struct error **err) _must_check_ _nonnull_(1, 2);

#endif
