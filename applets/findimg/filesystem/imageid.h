/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --id: the content that the image must have, beside its name. */
#ifndef APPLETS_FINDIMG_FILESYSTEM_IMAGEID_H
#define APPLETS_FINDIMG_FILESYSTEM_IMAGEID_H

#include "common/error.h"

enum image_id_kind { IMAGE_ID_NONE, IMAGE_ID_UUID, IMAGE_ID_LABEL, IMAGE_ID_SHA256 };

struct image_id {
	enum image_id_kind kind;
	char value[256]; /* hash: lower-case hex, a prefix of 8 digits or more */
};

/*
 * UUID=X or X alone: of the file system inside the image; LABEL=X; sha256:HEX, also 64 hex digits
 * alone: of the image file. NULL or "": none. 0 or -EINVAL.
 */
int image_id_parse(const char *text, struct image_id *ret, struct error **err) _must_check_;

/*
 * Does the file that fd (O_PATH suffices) stands for have the id? 0; -ENOENT: no, and err says what
 * was found instead; other -errno: cannot be read.
 */
int image_id_check(const struct image_id *id, int fd, struct error **err) _must_check_;

#endif
