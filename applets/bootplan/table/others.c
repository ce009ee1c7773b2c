// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * initramfs-tools(7), mkinitcpio(8), mkinitfs-bootparam(7) of Alpine, LTSP (the client scripts of
 * LTSP 5 as well), and kernel-command-line(7) of systemd: what they do not share with others.
 */
#include "applets/bootplan/table/value.h"

#define BREAK(name, phase)                                        \
	{                                                         \
		"break" name, USE, .sets = { { S_BREAK, phase } } \
	}

static const struct parameter initramfs[] = {
	{ "boot=nfs", USE, .sets = { { S_ROOT, "/dev/nfs" } } },
	BREAK("", "attach"),
	BREAK("=y", "attach"),
	BREAK("=top", "settle"),
	BREAK("=modules", "settle"),
	BREAK("=premount", "attach"),
	BREAK("=mount", "assemble"),
	BREAK("=mountroot", "assemble"),
	BREAK("=bottom", "handover"),
	BREAK("=init", "handover"),
	BREAK("=postmount", "handover"),
	{ "overlayroot=", KEEP, .call = NULL },
	{ "overlayroot=disabled", KEEP, .call = NULL },
	{ "overlayroot=tmpfs", CALL, .sets = { { S_PERSIST, NULL } }, .call = take_overlayroot },
	{ "overlayroot=tmpfs:*", CALL, .sets = { { S_PERSIST, NULL } }, .call = take_overlayroot },
	{ "overlayroot=/dev/?*", CALL, .sets = { { S_PERSIST, NULL } }, .call = take_overlayroot },
	{ "overlayroot=device:*dev=?*", CALL, .sets = { { S_PERSIST, NULL } },
	  .call = take_overlayroot },
	{ "break=*", WRONG,
	  .expected = "top, modules, premount, mount, mountroot, bottom or init" },
};

static const char initramfs_unsupported[] =
	"cryptopts= cryptopts.* dropbear* usr= usrfstype= usrflags= overlayroot overlayroot= "
	"overlayroot_cfgdisk= netbootdev= all_generic_ide initramfs.clear initramfs.runsize= "
	"netconsole=";
static const char initramfs_left[] = "boot= recovery forcefsck fastboot skipfsck";

const struct table table_initramfs = { "initramfs-tools",     NULL,
				       RANK_FOREIGN,	      initramfs,
				       ARRAY_SIZE(initramfs), initramfs_unsupported,
				       initramfs_left };

static const struct parameter mkinitcpio[] = {
	{ "keymap=*", CALL, .sets = { { S_KEYMAP, NULL } },
	  .call = take_keymap }, /* Alpine's too */
	{ "fstype=*", USE, .sets = { { S_FSTYPE, "%" } } },
};

static const char mkinitcpio_unsupported[] =
	"earlymodules= disablehooks= md= fscktype= rd.log rd.log= lvmwait= sleepdevice= "
	"sleeptime= usbdelay=";

const struct table table_mkinitcpio = {
	"mkinitcpio",		NULL, RANK_FOREIGN, mkinitcpio, ARRAY_SIZE(mkinitcpio),
	mkinitcpio_unsupported, NULL
};

static const struct parameter alpine[] = {
	{ "modules=?*", USE, .sets = { { S_MODULES, "%" } } },
	{ "overlaytmpfs", SWITCH, .sets = { { S_PERSIST, "ram" } } },
	{ "cryptroot=?*", USE, .sets = { { S_CRYPTROOT, "%" } } },
	{ "cryptdm=?*", USE, .sets = { { S_CRYPTDM, "%" } } },
	{ "cryptdiscards", SWITCH, .sets = { { S_CRYPTDISCARDS, "1" } } },
	{ "autodetect", KEEP, .call = NULL }, /* coldplug does */
	{ "autodetect=yes", KEEP, .call = NULL },
	{ "debug_init", SWITCH, .sets = { { S_DEBUG, "1" } } },
};

static const char alpine_unsupported[] =
	"alpine_dev= alpine_repo= alpine_start apkovl= modloop= modloop_verify= "
	"ovl_dev= pkgs= ssh_key= overlaytmpfsflags= cryptheader= cryptoffset= "
	"autodetect_serial bootstrap_usr_merged memdisk tinycloud "
	"root_size= init_args= autoraid noautodetect autodetect= aoe_iflist= "
	"aoe_mtu= nodma s390x_net= uevent_buf_size= wireguard= keep_apk_new "
	"chart";
static const char alpine_left[] = "dasd= zfcp= ds=";

const struct table table_alpine = {
	"Alpine", NULL, RANK_FOREIGN, alpine, ARRAY_SIZE(alpine), alpine_unsupported, alpine_left
};

static const struct parameter ltsp[] = {
	{ "ltsp.image=?*", USE, .sets = { { S_LTSP, "%" } } },
	{ "nbdroot=?*,?*", CALL, .sets = { { S_NETDISK, NULL } }, .call = take_nbdroot },
};

static const char ltsp_unsupported[] =
	"ltsp.* nbdroot= nbdport= nfsroot_opts= ltsploop= ltsploopfs=";

const struct table table_ltsp = { "LTSP",	    NULL, RANK_FOREIGN, ltsp, ARRAY_SIZE(ltsp),
				  ltsp_unsupported, NULL };

static const struct parameter systemd[] = {
	{ "rd.modules_load=*", USE, .sets = { { S_MODULES, "%" } } },
};

static const char systemd_unsupported[] = "rd.veritytab resumeflags= roothash= usrhash=";
static const char systemd_left[] =
	"forcequotacheck locale.* modules_load= net.ifname-policy= net.naming-scheme= "
	"quotacheck.mode= udev.* veritytab=";

const struct table table_systemd = { "systemd",		  NULL,
				     RANK_FOREIGN,	  systemd,
				     ARRAY_SIZE(systemd), systemd_unsupported,
				     systemd_left };
