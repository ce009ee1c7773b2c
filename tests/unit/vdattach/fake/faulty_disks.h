/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disk of each format that is written, for test_faults.c. */
#ifndef TESTS_UNIT_VDATTACH_FAKE_FAULTY_DISKS_H
#define TESTS_UNIT_VDATTACH_FAKE_FAULTY_DISKS_H

#include "tests/unit/vdattach/qcow2/qcow2_disks.h"

/* X(name, what it is): faulty_NAME makes it. */
#define FAULTY_DISKS(X)                                     \
	X(vhd, "vhd")                                       \
	X(vhd_child, "vhd child")                           \
	X(vhdx, "vhdx")                                     \
	X(vhdx_child, "vhdx child")                         \
	X(vdi, "vdi")                                       \
	X(vmdk, "vmdk")                                     \
	X(qcow2_v2, "qcow2, version 2")                     \
	X(qcow2_v3, "qcow2, version 3")                     \
	X(qcow2_64k, "qcow2, 64 KiB clusters")              \
	X(qcow2_snapshot, "qcow2 with a snapshot")          \
	X(qcow2_small_tables, "qcow2 with full tables")     \
	X(qcow2_child, "qcow2 with a raw parent")           \
	X(qcow2_extended, "qcow2 with extended L2 entries") \
	X(qcow2_data_file, "qcow2 with a data file")

#define FAULTY_DISK(name, what) extern const struct vd_case faulty_##name;
FAULTY_DISKS(FAULTY_DISK)

#endif
