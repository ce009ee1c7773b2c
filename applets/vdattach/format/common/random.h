/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes for identifiers that must not be met twice. */
#ifndef APPLETS_VDATTACH_FORMAT_COMMON_RANDOM_H
#define APPLETS_VDATTACH_FORMAT_COMMON_RANDOM_H

#include "common/error.h"

/* Fills n bytes, 256 at most. Never waits: early in a boot they are weaker. 0 or -errno. */
int random_bytes(void *buf, size_t n, struct error **err) _must_check_ _nonnull_(1);

#endif
