/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), as VHDX signs its structures. */
#ifndef APPLETS_VDATTACH_FORMAT_COMMON_CRC32C_H
#define APPLETS_VDATTACH_FORMAT_COMMON_CRC32C_H

#include "common/macro.h"

/*
 * Adds n bytes at data to crc, the result over the bytes before them (0 for
 * none). "123456789" gives e3069283 (RFC 3720, B.4).
 */
uint32_t crc32c(uint32_t crc, const void *data, size_t n) _nonnull_(2);

#endif
