/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VMDKs that test_vmdk.c and test_vmdk_crash.c share. */
#ifndef TESTS_UNIT_VDATTACH_VMDK_VMDK_DISKS_H
#define TESTS_UNIT_VDATTACH_VMDK_VMDK_DISKS_H

#include "tests/unit/vdattach/vmdk/vmdk_make.h"

#define GRAIN	8u
#define SECTORS (600u * GRAIN - 3)
#define BYTES	(SECTORS * 512u)

#define BASE_TEXT                                                              \
	"# Disk DescriptorFile\nversion=1\nCID=1234abcd\nparentCID=ffffffff\n" \
	"createType=\"monolithicSparse\"\n\n# Extent description\n"            \
	"RW 4797 SPARSE \"base.vmdk\"\n\nddb.adapterType = \"ide\"\n"          \
	"ddb.uuid.image=\"01010101-0101-0101-0101-010101010101\"\n"            \
	"ddb.uuid.modification=\"02020202-0202-0202-0202-020202020202\"\n"     \
	"ddb.uuid.parent=\"00000000-0000-0000-0000-000000000000\"\n"
#define CHILD_TEXT                                                            \
	"# Disk DescriptorFile\nversion=1\nCID=aa\nparentCID=1234abcd\n"      \
	"parentFileNameHint=\"base.vmdk\"\ncreateType=\"monolithicSparse\"\n" \
	"RW 4797 SPARSE \"child.vmdk\"\n"
#define SPLIT_TEXT                                                              \
	"# Disk DescriptorFile\nversion=1\nCID=0badcafe\nparentCID=ffffffff\n"  \
	"createType=\"custom\"\n"                                               \
	"RW 800 SPARSE \"s001.vmdk\"\nRW 64 ZERO\nRW 100 FLAT \"flat.bin\" 8\n" \
	"RW 1000 SPARSE \"s002.vmdk\"\n"

static const struct vmdk_spec base = { 1, 2, SECTORS, GRAIN, BASE_TEXT };
static const struct vmdk_spec child = { 2, 2 | 4, SECTORS, GRAIN, CHILD_TEXT };
static const struct vmdk_spec part1 = { 1, 2, 800, GRAIN, NULL };
static const struct vmdk_spec part2 = { 1, 0, 1000, GRAIN, NULL };

void put_split(struct world *world);

#endif
