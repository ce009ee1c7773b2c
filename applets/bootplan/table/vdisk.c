// SPDX-License-Identifier: GPL-2.0-or-later
/* Systems in disk images and on volumes: vfuseloop, kloop, vloop, WUBI, grub4dos; LVM and LUKS of
 * dracut. */
#include "applets/bootplan/table/value.h"

static const struct parameter parameters[] = {
	{ "rd.hostdev=*", USE, .sets = { { S_HOST, "%" }, { S_COMPAT, "1" } } },
	{ "rd.vdisk=*", USE, .sets = { { S_MODE, "loop" }, { S_IMAGE, "%" }, { S_COMPAT, "1" } } },
	{ "rd.vdloop=/dev/vdhost/Partition*", CALL, .sets = { { S_PART, NULL } }, .call = take_part,
	  .expected = "/dev/vdhost/PartitionN or /dev/vdhost/EntireDisk" },
	{ "rd.vdloop=/dev/vdhost/EntireDisk", USE, .sets = { { S_PART, "whole" } } },
	{ "rd.vdloop=*", WRONG, .expected = "/dev/vdhost/PartitionN or /dev/vdhost/EntireDisk" },
	{ "rd.snapshot=?*", USE, .sets = { { S_SNAPSHOTS, "%" } } },
	{ "rd.snapshot=", WRONG, .expected = "the name of a file beside rd.vdisk=" },
	{ "rd.ntfsloop=?*:/*", CALL,
	  .sets = { { S_MODE, "loop" }, { S_HOST, NULL }, { S_IMAGE, NULL } },
	  .call = take_ntfsloop },
	{ "rd.ntfsloop=*", WRONG, .expected = "DEVICE:/path" },
	{ "kloop=/*", USE,
	  .sets = { { S_MODE, "loop" }, { S_IMAGE, "%" }, { S_ROOT_IS_HOST, "1" } } },
	{ "vloop=/*", USE,
	  .sets = { { S_MODE, "loop" }, { S_IMAGE, "%" }, { S_ROOT_IS_HOST, "1" } } },
	{ "loop=/*", USE,
	  .sets = { { S_MODE, "loop" }, { S_IMAGE, "%" }, { S_ROOT_IS_HOST, "1" } } },
	{ "squashfs=/*", USE,
	  .sets = { { S_MODE, "overlay" }, { S_IMAGE, "%" }, { S_ROOT_IS_HOST, "1" } } },
	{ "kloop=*", WRONG, .expected = "a path that begins with /" },
	{ "vloop=*", WRONG, .expected = "a path that begins with /" },
	{ "vlooppart=p[0-9]*", CALL, .sets = { { S_PART, NULL } }, .call = take_part,
	  .expected = "pNUMBER" },
	{ "vlooppart=*", WRONG, .expected = "pNUMBER" },
	{ "kloopfstype=*", USE, .sets = { { S_FSTYPE, "%" } } },
	{ "vloopfstype=*", USE, .sets = { { S_FSTYPE, "%" } } },
	{ "hostfstype=*", KEEP, .call = NULL }, /* findimg knows it by looking */
};

const struct table table_vdisk = { "vfuseloop, kloop, WUBI", NULL, RANK_FOREIGN, parameters,
				   ARRAY_SIZE(parameters),   NULL, NULL };

static const struct parameter volumes[] = {
	{ "klvm=?*", USE, .sets = { { S_LVM, "%" } } },
	{ "kroot=/dev/mapper/loop[0-9]*p[0-9]*", CALL, .sets = { { S_PART, NULL } },
	  .call = take_kroot, .expected = "/dev/loop0p1, /dev/loop0, /dev/mapper/VG-LV and a VG" },
	{ "kroot=/dev/loop[0-9]*p[0-9]*", CALL, .sets = { { S_PART, NULL } }, .call = take_kroot,
	  .expected = "/dev/loop0p1, /dev/loop0, /dev/mapper/VG-LV and a VG" },
	{ "kroot=/dev/loop[0-9]*", USE, .sets = { { S_PART, "whole" } } },
	{ "kroot=/dev/?*/?*", USE, .sets = { { S_PART, "%" } } },
	{ "kroot=*", WRONG, .expected = "/dev/loop0p1, /dev/loop0, /dev/mapper/VG-LV and a VG" },
	{ "klvm=*", WRONG, .expected = "/dev/loop0p1, /dev/loop0, /dev/mapper/VG-LV and a VG" },
	{ "rd.lvm.vg=?*", USE, .sets = { { S_LVM, "%" } } },
	{ "rd.lvm.lv=?*/?*", USE, .sets = { { S_LVM, "%" } } },
	{ "rd.lvm.lv=*", WRONG, .expected = "VG/LV" },
	{ "rd.lvm", ON, .sets = { { S_LVM_OFF, "1" } } },
	{ "rd.lvm.conf=0", USE, .sets = { { S_LVM_OFF, "" } } },
	{ "rd.luks.uuid=?*", CALL, .sets = { { S_LUKS, NULL } }, .call = take_luks_uuid },
	{ "rd.luks.name=?*=?*", CALL, .sets = { { S_LUKS, NULL } }, .call = take_luks_name },
	{ "rd.luks.name=*", WRONG, .expected = "UUID=NAME" },
	{ "rd.luks", ON, .sets = { { S_LUKS_OFF, "1" } } },
	{ "rd.luks.options=?*", CALL, .sets = { { S_LUKS_OPTIONS, NULL } },
	  .call = take_luks_options },
	{ "rd.luks.allow-discards", CALL, .sets = { { S_LUKS_OPTIONS, NULL } },
	  .call = take_luks_discards },
	{ "rd.luks.allow-discards=?*", CALL, .sets = { { S_LUKS_OPTIONS, NULL } },
	  .call = take_luks_discards },
	{ "luks.uuid=?*", CALL, .sets = { { S_LUKS, NULL } }, .call = take_luks_uuid },
	{ "luks.name=?*=?*", CALL, .sets = { { S_LUKS, NULL } }, .call = take_luks_name },
	{ "luks.options=?*", CALL, .sets = { { S_LUKS_OPTIONS, NULL } },
	  .call = take_luks_options },
	{ "luks", ON, .sets = { { S_LUKS_OFF, "1" } } },
	{ "cryptdevice=?*:?*", CALL, .sets = { { S_LUKS, NULL } }, .call = take_cryptdevice },
	{ "luksdev=?*", CALL, .sets = { { S_LUKS, NULL } },
	  .call = take_luksdev }, /* of Slackware */
	{ "cryptdevice=*", WRONG, .expected = "DEVICE:NAME" },
};

static const char volumes_unsupported[] = "cryptkey crypto rd.luks* luks* rd.lvm*";

const struct table table_volumes = { "LVM, LUKS (dracut, kloop, mkinitcpio)",
				     NULL,
				     RANK_FOREIGN,
				     volumes,
				     ARRAY_SIZE(volumes),
				     volumes_unsupported,
				     NULL };
