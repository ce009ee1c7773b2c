// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Live systems that boot from a directory: Puppy (the README of its initrd), antiX and MX (the
 * README and init of their live initrd), liveslak and Slackware's mkinitrd.
 */
#include "applets/bootplan/table/value.h"

#define MEDIUM(layout)         \
	{ S_MODE, "overlay" }, \
	{                      \
		S_LIVE, layout \
	}

static const struct parameter puppy[] = {
	{ "psubdir=?*", USE, .sets = { MEDIUM("puppy"), { S_LIVE_DIR, "%" } } },
	{ "pdev1=?*", CALL, .sets = { MEDIUM("puppy"), { S_HOST, NULL } }, .call = take_place },
	{ "pupsfs=?*", CALL, .sets = { MEDIUM("puppy"), { S_LIVE_FILE, NULL } },
	  .call = take_pupsfs },
	{ "pmedia=*", KEEP, .call = NULL }, /* all disks are searched */
	{ "pfix=?*", CALL, .sets = { { S_PERSIST, NULL }, { S_TORAM, NULL } }, .call = take_pfix },
	{ "pkeys=?*", CALL, .sets = { { S_KEYMAP, NULL } }, .call = take_keymap },
	{ "pimod=?*", USE, .sets = { { S_MODULES, "%" } } },
	{ "punionfs=overlay", KEEP, .call = NULL },
};

static const char puppy_unsupported[] = "psave= zdrv= fdrv= adrv= ydrv= punionfs=";
static const char puppy_left[] = "plang= nopcmcia";

const struct table table_puppy = {
	"Puppy", NULL, RANK_FOREIGN, puppy, ARRAY_SIZE(puppy), puppy_unsupported, puppy_left
};

/* What from= names in Slax is a directory; these are none that Slax has. */
static const struct parameter antix[] = {
	{ "bdir=?*", USE, .sets = { MEDIUM("antix"), { S_LIVE_DIR, "%" } } },
	{ "bootdir=?*", USE, .sets = { MEDIUM("antix"), { S_LIVE_DIR, "%" } } },
	{ "livedir=?*", USE, .sets = { MEDIUM("antix"), { S_LIVE_DIR, "%" } } },
	{ "ldir=?*", USE, .sets = { MEDIUM("antix"), { S_LIVE_DIR, "%" } } },
	{ "sq=?*", USE, .sets = { MEDIUM("antix"), { S_LIVE_FILE, "/%" } } },
	{ "sqname=?*", USE, .sets = { MEDIUM("antix"), { S_LIVE_FILE, "%" } } },
	{ "bdev=?*", CALL, .sets = { MEDIUM("antix"), { S_HOST, NULL } }, .call = take_place },
	{ "blab=?*", USE, .sets = { MEDIUM("antix"), { S_HOST, "LABEL=%" } } },
	{ "blabel=?*", USE, .sets = { MEDIUM("antix"), { S_HOST, "LABEL=%" } } },
	{ "bootlabel=?*", USE, .sets = { MEDIUM("antix"), { S_HOST, "LABEL=%" } } },
	{ "buuid=?*", USE, .sets = { MEDIUM("antix"), { S_HOST, "UUID=%" } } },
	{ "bootuuid=?*", USE, .sets = { MEDIUM("antix"), { S_HOST, "UUID=%" } } },
	{ "BOOT_IMAGE=/antiX*/vmlinuz*", USE,
	  .sets = { { S_MODE, "overlay" }, { S_LIVE, "?antix" } } },
	{ "BOOT_IMAGE=(loop)/antiX*/vmlinuz*", USE,
	  .sets = { { S_MODE, "overlay" }, { S_LIVE, "?antix" } } },
	{ "from=usb", USE, .sets = { { S_HOST, "?usb" } } },
	{ "from=cd", USE, .sets = { { S_HOST, "?cdrom" } } },
	{ "from=hd", USE, .sets = { { S_HOST, "?any" } } },
	{ "from=all", USE, .sets = { { S_HOST, "?any" } } },
	{ "from=hd,*", USE, .sets = { { S_HOST, "?any" } } },
	{ "from=usb,*", USE, .sets = { { S_HOST, "?any" } } },
	{ "from=cd,*", USE, .sets = { { S_HOST, "?any" } } },
	{ "persist_root", SWITCH, .sets = { { S_PERSIST, "antix:" } } },
	{ "persist_static_root", SWITCH, .sets = { { S_PERSIST, "antix:" } } },
	{ "p_static_root", SWITCH, .sets = { { S_PERSIST, "antix:" } } },
	{ "checkfs", SWITCH, .sets = { { S_FSCK, "force" } } },
	{ "nocheckfs", SWITCH, .sets = { { S_FSCK, "skip" } } },
};

static const char antix_unsupported[] =
	"persist= persist persist_* f_static_root pdev= pdir= plab= plabel= puuid= "
	"persistdev= "
	"persistdir= persistlabel= persistuuid= frugal frugal= frugal_* fdev= fdir= flab= fuuid= "
	"rollback noremaster md5 checkmd5 mk_swap_file toram_all bluks* pluks* fluks* encrypt "
	"nocrypt sqext= fstab= mount= try= retry= btry= ptry= ftry= passphrase";
static const char antix_left[] =
	"disable= nosysv= desktheme= kbopt= kbvar= xorg= fontsize= dpi= hwclock= hwc= mirror= "
	"norepo "
	"gfxsave menus bootchart splasht dostore nostore savestate nosavestate conwidth= vtblank= "
	"noplink plink noclear noerrlog private pw= fatuid= fatgid= lean mean Xtralean noxtra "
	"bootsave grubsave tty1off hico loco nocolor noco failsafe bp= verb= earlyvid";

const struct table table_antix = { "antiX, MX",	      "antix",		 RANK_FOREIGN, antix,
				   ARRAY_SIZE(antix), antix_unsupported, antix_left };

static const struct parameter slackware[] = {
	{ "rootfs=?*", USE, .sets = { { S_FSTYPE, "%" } } },
	{ "waitforroot=*", CALL, .sets = { { S_WAITS, NULL } }, .call = take_seconds,
	  .expected = "a number of seconds" },
	{ "kbd=?*", CALL, .sets = { { S_KEYMAP, NULL } }, .call = take_keymap }, /* antiX's too */
	{ "livemain=?*", USE, .sets = { MEDIUM("liveslak"), { S_LIVE_DIR, "%" } } },
	{ "livemedia=scandev:/?*", CALL, .sets = { MEDIUM("liveslak"), { S_ISO, NULL } },
	  .call = take_iso_path },
	{ "livemedia=/dev/?*:/?*", CALL, .sets = { MEDIUM("liveslak"), { S_ISO, NULL } },
	  .call = take_iso_path },
	{ "livemedia=/dev/?*", USE, .sets = { MEDIUM("liveslak"), { S_LIVE_HOST, "%" } } },
	{ "persistence=?*:/?*", USE, .sets = { { S_PERSIST, "liveslak:%" } } },
	{ "persistence=/?*", USE, .sets = { { S_PERSIST, "liveslak:%" } } },
	{ "nop", SWITCH, .sets = { { S_PERSIST, "ram" } } },
	{ "nop=wipe", USE, .sets = { { S_RESET, "1" } } },
};

static const char slackware_unsupported[] =
	"livemedia= luksvol= localhd nop= persistence= dhcpwait= nic= cfg= maxloops=";
static const char slackware_left[] = "livepw= rootpw= tweaks= xkb= domain=";

const struct table table_slackware = { "Slackware, liveslak", NULL,
				       RANK_FOREIGN,	      slackware,
				       ARRAY_SIZE(slackware), slackware_unsupported,
				       slackware_left };

static const struct parameter manjaro[] = {
	{ "misobasedir=?*", USE, .sets = { MEDIUM("miso"), { S_LIVE_DIR, "%" } } },
	{ "misolabel=?*", USE, .sets = { MEDIUM("miso"), { S_LIVE_HOST, "LABEL=%" } } },
	{ "misodevice=?*", USE, .sets = { MEDIUM("miso"), { S_LIVE_HOST, "%" } } },
	{ "overlay_root_size=?*", CALL, .sets = { { S_SIZE, NULL } }, .call = take_size,
	  .expected = "a size, as 2G or 50%" },
};

static const char manjaro_unsupported[] =
	"miso_http_srv= miso_nfs_srv= miso_nbd_srv= miso_nfs_opt= miso_nbd_name= miso_http_spc= "
	"copytoram_size= cow_chunksize= dm_snap_prefix= img_flags=";
static const char manjaro_left[] = "driver= xdriver=";

const struct table table_manjaro = { "Manjaro",		  NULL,
				     RANK_FOREIGN,	  manjaro,
				     ARRAY_SIZE(manjaro), manjaro_unsupported,
				     manjaro_left };
