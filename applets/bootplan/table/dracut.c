// SPDX-License-Identifier: GPL-2.0-or-later
/* dracut.cmdline(7), with the old names of its parameters. */
#include "applets/bootplan/table/value.h"

#define BREAK(name, phase)                                           \
	{                                                            \
		"rd.break" name, USE, .sets = { { S_BREAK, phase } } \
	}

static const struct parameter parameters[] = {
	{ "root=live:*", CALL,
	  .sets = { { S_MODE, "overlay" }, { S_LIVE, NULL }, { S_LIVE_HOST, NULL } },
	  .call = take_root_live },
	{ "root=virtfs:*", USE, .sets = { { S_MODE, "share" }, { S_IMAGE, "9p:@" } } },
	{ "root=9p:*", USE, .sets = { { S_MODE, "share" }, { S_IMAGE, "%" } } },
	{ "root=virtiofs:*", USE, .sets = { { S_MODE, "share" }, { S_IMAGE, "%" } } },
	{ "root=nfs:*", CALL, .sets = { { S_MODE, "share" }, { S_IMAGE, NULL } },
	  .call = take_root_nfs, .expected = NFS_FORM },
	{ "root=nfs4:*", CALL, .sets = { { S_MODE, "share" }, { S_IMAGE, NULL } },
	  .call = take_root_nfs, .expected = NFS_FORM },
	{ "root=nfs", CALL, .sets = { { S_NETROOT, NULL } }, .call = take_root_nfs },
	{ "root=nfs4", CALL, .sets = { { S_NETROOT, NULL } }, .call = take_root_nfs },
	{ "root=dhcp", USE, .sets = { { S_MODE, "share" }, { S_NETROOT, "dhcp" } } },
	{ "root=dhcp6", USE, .sets = { { S_MODE, "share" }, { S_NETROOT, "dhcp6" } } },
	{ "netroot=dhcp", USE, .sets = { { S_MODE, "share" }, { S_NETROOT, "dhcp" } } },
	{ "netroot=dhcp6", USE, .sets = { { S_MODE, "share" }, { S_NETROOT, "dhcp6" } } },
	REFUSED("netroot=iscsi*"),
	REFUSED("netroot=fcoe*"),
	REFUSED("netroot=aoe*"),
	REFUSED("netroot=cifs*"),
	REFUSED("netroot=nvmf*"),
	REFUSED("root=iscsi*"),
	REFUSED("root=fcoe*"),
	REFUSED("root=aoe:*"),
	REFUSED("root=cifs:*"),
	REFUSED("root=nvmf*"),
	REMOTE("rd.nvmf.discover=?*"),
	REMOTE("nvmf.discover=?*"),
	REMOTE("rd.iscsi.firmware"),
	REMOTE("rd.iscsi.firmware=?*"),
	REMOTE("rd.iscsi.ibft"),
	REMOTE("rd.iscsi.ibft=?*"),
	REMOTE("rd.iscsi.target.*=?*"),
	REMOTE("rd.iscsi.transport=?*"),
	REMOTE("iscsiroot=?*"),
	REMOTE("iscsi_firmware"), /* dracut's of old, which open-iscsi for initramfs-tools has, too
				   */
	REMOTE("iscsi_firmware=?*"),
	REMOTE("iscsi_target_*=?*"),
	REMOTE("iscsi_auto"),	   /* of open-iscsi for initramfs-tools */
	REMOTE("iscsi_target=?*"), /* of genkernel */
	REMOTE("iscsi_address=?*"),
	REMOTE("fcoe=?*"),
	REFUSED("root=zfs*"),
	REFUSED("root=ZFS=*"),
	REFUSED("root=ubi*"),
	REFUSED("root=mtd*"),
	REFUSED("root=ceph:*"),
	REFUSED("root=glusterfs:*"),
	REFUSED("root=/dev/cifs"),
	REFUSED("root=overlay:*"), /* of kiwi */
	REFUSED("root=install:*"),
	REFUSED("root=gpt-auto*"), /* of systemd */
	REFUSED("root=fstab"),
	REFUSED("root=tmpfs"),
	REFUSED("root=off"),
	REFUSED("root=bind:*"),
	REFUSED("root=import:*"),
	{ "root=block:?*", USE, .sets = { { S_ROOT, "@" } } },
	{ "netroot=?*", CALL, .sets = { { S_NETDISK, NULL }, { S_MODE, NULL }, { S_IMAGE, NULL } },
	  .call = take_netroot,
	  .expected = "dhcp, nbd:SERVER:EXPORT, nfs:SERVER:/path or http://SERVER/path" },
	{ "root=http://*", CALL, .sets = { { S_MODE, NULL }, { S_IMAGE, NULL } },
	  .call = take_root_url },
	{ "root=https://*", CALL, .sets = { { S_MODE, NULL }, { S_IMAGE, NULL } },
	  .call = take_root_url },
	{ "root=ftp://*", CALL, .sets = { { S_MODE, NULL }, { S_IMAGE, NULL } },
	  .call = take_root_url },
	{ "root=tftp://*", CALL, .sets = { { S_MODE, NULL }, { S_IMAGE, NULL } },
	  .call = take_root_url },
	{ "root=nbd:?*:?*", CALL, .sets = { { S_MODE, "disk" }, { S_IMAGE, NULL } },
	  .call = take_root_nbd, .expected = "root=" NBD_FORM },
	{ "root=nbd:*", WRONG, .expected = "root=" NBD_FORM },
	{ "rd.vconsole.keymap=@kernel", KEEP, .call = NULL },
	{ "rd.vconsole.keymap=*", CALL, .sets = { { S_KEYMAP, NULL } }, .call = take_keymap },
	{ "KEYMAP=?*", CALL, .sets = { { S_KEYMAP, NULL } }, .call = take_keymap }, /* of old */
	{ "KEYTABLE=?*", CALL, .sets = { { S_KEYMAP, NULL } }, .call = take_keymap },
	{ "rd.live.image", SWITCH, .sets = { { S_RD_LIVE, "1" } } },
	{ "rd.live.overlay.overlayfs", KEEP, .call = NULL },
	{ "rd.live.overlay.overlayfs=1", KEEP, .call = NULL },
	{ "rd.live.dir=*", USE, .sets = { { S_LIVE_DIR, "%" } } },
	{ "rd.live.squashimg=*", USE, .sets = { { S_LIVE_FILE, "%" } } },
	{ "rd.live.ram", SWITCH, .sets = { { S_TORAM, "1" } } },
	{ "rd.overlay=none", USE, .sets = { { S_PERSIST, "ram" } } },
	{ "rd.live.overlay=none", USE, .sets = { { S_PERSIST, "ram" } } },
	{ "rd.overlay", USE, .sets = { { S_PERSIST, "ram" } } },
	{ "rd.overlay=1", USE, .sets = { { S_PERSIST, "ram" } } },
	{ "rd.overlay=0", KEEP, .call = NULL },
	{ "rd.overlay=no", KEEP, .call = NULL },
	{ "rd.overlay=off", KEEP, .call = NULL },
	{ "rd.overlay=", KEEP, .call = NULL },
	{ "rd.overlay=tmpfs", USE, .sets = { { S_PERSIST, "ram" } } },
	{ "rd.overlay=tmpfs:*", CALL, .sets = { { S_PERSIST, NULL } }, .call = take_overlay_tmpfs },
	{ "rd.live.overlay=tmpfs:*", CALL, .sets = { { S_PERSIST, NULL } },
	  .call = take_overlay_tmpfs },
	{ "rd.overlay.crypt=?*", CALL, .sets = { { S_PERSIST, NULL } },
	  .call = take_overlay_crypt },
	{ "rd.overlay.reset", SWITCH, .sets = { { S_RESET, "1" } } },
	{ "rd.live.overlay.reset", SWITCH, .sets = { { S_RESET, "1" } } },
	{ "rd.overlay.readonly", SWITCH, .sets = { { S_KEEP_RO, "1" } } },
	{ "rd.live.overlay.readonly", SWITCH, .sets = { { S_KEEP_RO, "1" } } },
	{ "rd.live.overlayfs.readonly", SWITCH, .sets = { { S_KEEP_RO, "1" } } },
	{ "rd.live.overlay.nouserconfirmprompt*", KEEP, .call = NULL }, /* nobody is asked */
	{ "rd.live.overlay.thin*", KEEP, .call = NULL }, /* what is freed in a tmpfs is free */
	{ "rd.live.debug*", KEEP, .call = NULL },	 /* vi.debug has it */
	{ "rd.overlay=/dev/*", CALL, .sets = { { S_PERSIST, NULL } }, .call = take_overlay_host },
	{ "rd.live.overlay=/dev/*", CALL, .sets = { { S_PERSIST, NULL } },
	  .call = take_overlay_host },
	{ "rd.overlay=*=*", CALL, .sets = { { S_PERSIST, NULL } }, .call = take_overlay_host },
	{ "rd.live.overlay=*=*", CALL, .sets = { { S_PERSIST, NULL } }, .call = take_overlay_host },
	{ "rd.overlay=*:auto", CALL, .sets = { { S_PERSIST, NULL } }, .call = take_overlay_host },
	{ "rd.live.overlay=*:auto", CALL, .sets = { { S_PERSIST, NULL } },
	  .call = take_overlay_host },
	{ "rd.overlay=?*", USE, .sets = { { S_PERSIST, "ram" } } }, /* as dracut has it */
	{ "rd.live.overlay=?*", USE, .sets = { { S_PERSIST, "ram" } } },
	{ "rd.overlay.size=*", CALL, .sets = { { S_SIZE, NULL } }, .call = take_mebibytes,
	  .expected = "a number of MiB" },
	{ "rd.live.overlay.size=*", CALL, .sets = { { S_SIZE, NULL } }, .call = take_mebibytes,
	  .expected = "a number of MiB" },
	{ "rd.retry=*", CALL, .sets = { { S_WAITS, NULL } }, .call = take_seconds,
	  .expected = "a number of seconds" },
	{ "rd.timeout=*", CALL, .sets = { { S_WAITS, NULL } }, .call = take_seconds,
	  .expected = "a number of seconds" },
	BREAK("", "handover"),
	BREAK("=1", "handover"),
	BREAK("=0", ""),
	BREAK("=pre-pivot", "handover"),
	BREAK("=cleanup", "handover"),
	BREAK("=cmdline", "settle"),
	BREAK("=pre-udev", "settle"),
	BREAK("=pre-trigger", "settle"),
	BREAK("=initqueue", "locate"),
	BREAK("=pre-mount", "attach"),
	BREAK("=mount", "assemble"),
	{ "rd.break=*", WRONG,
	  .expected = "cmdline, pre-udev, pre-trigger, initqueue, pre-mount, mount, pre-pivot or "
		      "cleanup" },
	{ "rd.shell", SWITCH, .sets = { { S_SHELL, "1" } } },
	{ "rd.emergency=reboot", USE, .sets = { { S_SHELL, "0" }, { S_PANIC, "-1" } } },
	{ "rd.debug", SWITCH, .sets = { { S_DEBUG, "1" } } },
	{ "rd.info", KEEP, .call = NULL },
	{ "rd.info=*", KEEP, .call = NULL },
	{ "rd.udev.*", KEEP, .call = NULL },
	{ "rd.hostonly=*", KEEP, .call = NULL },
	{ "rd.driver.pre=*", USE, .sets = { { S_MODULES, "%" } } },
	{ "rd.driver.post=*", USE, .sets = { { S_MODULES, "%" } } },
	{ "rd.driver.blacklist=*", USE,
	  .sets = { { S_BLACKLIST, "%" } } }, /* coldplug reads it too */
	{ "rd.fstab", ON, .sets = { { S_NO_FSTAB, "1" } } },
	{ "rd.md.uuid=?*", USE, .sets = { { S_MD, "%" } } },
	{ "rd.md", ON, .sets = { { S_MD_OFF, "1" } } },
	{ "rd_LVM_LV=?*/?*", USE, .sets = { { S_LVM, "%" } } }, /* dracut's of old */
	{ "rd_LVM_VG=?*", USE, .sets = { { S_LVM, "%" } } },
	{ "rd_LUKS_UUID=?*", CALL, .sets = { { S_LUKS, NULL } }, .call = take_luks_uuid },
	{ "rd_NO_LVM", USE, .sets = { { S_LVM_OFF, "1" } } },
	{ "rd_NO_LUKS", USE, .sets = { { S_LUKS_OFF, "1" } } },
	{ "rd_MD_UUID=?*", USE, .sets = { { S_MD, "%" } } },
	{ "rd_NO_MD", USE, .sets = { { S_MD_OFF, "1" } } },
	{ "systemd.volatile=overlay", USE, .sets = { { S_PERSIST, "ram" } } },
	{ "rd.md.conf=*", KEEP, .call = NULL },
	{ "rd.md.waitclean=*", KEEP, .call = NULL }, /* the shutdown always does */
	{ "rd.auto", KEEP, .call = NULL },
	{ "rd.auto=1", KEEP, .call = NULL },
	{ "rd.skipfsck", SWITCH, .sets = { { S_FSCK, "skip" } } },
};

static const char unsupported[] =
	"netroot rootfallback rd.live.* rd.overlay.* rd.overlay rd.writable.* rd.minmem "
	"rd.emergency rd.driver.export rd.md* rd.dm* rd.multipath rd.noverifyssl rd.nfs.* "
	"rd.nvmf* rd.nonvmf rd.iscsi* rd.fcoe rd.nofcoe rd.vconsole.* rd.locale.* rd.cmdline "
	"rd.ctty rd.caps* rd.fips* rd.memdebug rd.cio_accept "
	"systemd.volatile=yes systemd.volatile=1 systemd.volatile=true systemd.volatile=on "
	"rd.dasd rd.dasd_mod rd.dcssblk rd.zfcp* rd.zipl rd.znet* rd.ccw rd.convertfs "
	"rd.shutdown.* rd.systemd.* rd.usrmount.* rd.zdev rd.znet_ifname rd.lunmask "
	"rd.hostonly rd.network cifsuser cifspass fcoe edd ecryptfskey evmkey evmx509 "
	"masterkey masterkeytype live.updates liveimg live_dir live_locale overlay "
	"reset_overlay readonly_overlay live_ram check ksdevice gateway netmask mtu dns "
	"iscsi_* iscsiroot nvmf.* cio_ignore noddfmd noiswmd nodmraid rd_NO_* rd_LVM_* "
	"rd_LUKS_* rd_MD_* rd_DM_* rd_DASD* rd_ZFCP* rd_ZNET* rdbreak rdshell rdinfo "
	"rdnetdebug rdudevdebug rdudevinfo rdblacklist rdinsmodpost rdloaddriver syslog.* "
	"CONTRANS UNIMAP UNICODE EXT_KEYMAP ib.pkey rd.ethtool";
static const char left[] = "systemd.* SYSTEMD_SULOGIN_FORCE LANG selinux enforcing SYSFONT";

const struct table table_dracut = {
	"dracut", NULL, RANK_FOREIGN, parameters, ARRAY_SIZE(parameters), unsupported, left
};
