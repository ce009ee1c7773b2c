// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Gentoo's genkernel(8) and its linuxrc, stage 1 of NixOS, postmarketOS' initramfs, kiwi's modules
 * of dracut, Void's live images; and what the root's scripts of rescue systems read.
 */
#include "applets/bootplan/table/value.h"

static const struct parameter genkernel[] = {
	{ "real_root=?*", USE, .sets = { { S_ROOT, "%" } } },
	{ "real_rootflags=?*", USE, .sets = { { S_FLAGS, "%" } } },
	{ "real_init=?*", USE, .sets = { { S_INIT, "%" } } },
	{ "real_resume=?*", USE, .sets = { { S_RESUME, "%" } } },
	{ "crypt_root=?*", USE,
	  .sets = { { S_CRYPTROOT, "%" },
		    { S_CRYPTDM, "?root" },
		    { S_ROOT, "?/dev/mapper/root" } } },
	{ "root_trim", SWITCH, .sets = { { S_CRYPTDISCARDS, "1" } } },
	{ "cdroot", SWITCH, .sets = { { S_MODE, "overlay" }, { S_CDROOT, "1" } } },
	{ "cdroot=/dev/?*", USE,
	  .sets = { { S_MODE, "overlay" }, { S_CDROOT, "1" }, { S_HOST, "%" } } },
	{ "cdroot_marker=/?*", USE, .sets = { { S_MARK, "%" } } },
	{ "cdroot_type=*", KEEP, .call = NULL }, /* findimg knows it by looking */
	{ "loop=?*", USE, .sets = { { S_IMAGE, "/%" } } },
	{ "looptype=squashfs", KEEP, .call = NULL },
	{ "looptype=erofs", KEEP, .call = NULL },
	{ "isoboot=/?*", USE, .sets = { { S_ISO, "%" } } },
	{ "isoboot=?*", USE, .sets = { { S_ISO, "/%" } } },
	{ "docache", SWITCH, .sets = { { S_TORAM, "1" } } },
	{ "nocache", USE, .sets = { { S_TORAM, "" } } },
	{ "scandelay", USE, .sets = { { S_WAITS, "+10" } } },
	{ "scandelay=*", CALL, .sets = { { S_WAITS, NULL } }, .call = take_seconds,
	  .expected = "a number of seconds" },
	{ "doload=?*", USE, .sets = { { S_MODULES, "%" } } },
	{ "firstmods=?*", USE, .sets = { { S_MODULES, "%" } } },
	{ "quiet_genkernel", SWITCH, .sets = { { S_QUIET, "1" } } },
	{ "dolvm", KEEP, .call = NULL }, /* volumes and arrays that the root is on are found */
	{ "domdadm", KEEP, .call = NULL },
	{ "domodules", KEEP, .call = NULL },
	{ "doscsi", KEEP, .call = NULL },
	{ "dokeymap", KEEP, .call = NULL }, /* keymap= says which */
};

static const char genkernel_unsupported[] =
	"cdroot= subdir= looptype= dodmraid domultipath dozfs dosshd crypt_root_options= "
	"crypt_swap* crypt_silent root_header* root_key* swap_header* swap_key* keyctl_* "
	"init_opts= lvmraid= nomodules gk.* aufs aufs.* overlayfs overlayfs.* unionfs";
static const char genkernel_left[] = "nounionfs nodetect";

const struct table table_genkernel = { "genkernel",	      NULL,
				       RANK_FOREIGN,	      genkernel,
				       ARRAY_SIZE(genkernel), genkernel_unsupported,
				       genkernel_left };

static const struct parameter nixos[] = {
	{ "boot.trace", SWITCH, .sets = { { S_DEBUG, "1" } } },
	{ "debugtrace", SWITCH, .sets = { { S_DEBUG, "1" } } },
	{ "boot.shell_on_fail", SWITCH, .sets = { { S_SHELL, "1" } } },
	{ "boot.panic_on_fail", USE, .sets = { { S_SHELL, "0" }, { S_PANIC, "-1" } } },
	{ "stage1panic=1", USE, .sets = { { S_SHELL, "0" }, { S_PANIC, "-1" } } },
	{ "boot.debug1", USE, .sets = { { S_BREAK, "settle" } } },
	{ "debug1", USE, .sets = { { S_BREAK, "settle" } } },
	{ "boot.debug1devices", USE, .sets = { { S_BREAK, "locate" } } },
	{ "boot.debug1mounts", USE, .sets = { { S_BREAK, "handover" } } },
};

static const char nixos_unsupported[] = "boot.* stage1panic=";
static const char nixos_left[] = "live.nixos.*";

const struct table table_nixos = {
	"NixOS", NULL, RANK_FOREIGN, nixos, ARRAY_SIZE(nixos), nixos_unsupported, nixos_left
};

static const struct parameter postmarketos[] = {
	{ "pmos_root_uuid=?*", USE, .sets = { { S_ROOT, "UUID=%" } } },
	{ "pmos_root=?*", USE, .sets = { { S_ROOT, "%" } } },
	{ "pmos_rootfsopts=defaults", KEEP, .call = NULL },
	{ "pmos_rootfsopts=?*", USE, .sets = { { S_FLAGS, "%" } } },
	{ "pmos_boot=*", KEEP, .call = NULL }, /* the root's fstab mounts it */
	{ "pmos_boot_uuid=*", KEEP, .call = NULL },
	{ "pmos.debug-shell", SWITCH, .sets = { { S_BREAK, "locate" } } },
	{ "pmos.nosplash", USE, .sets = { { S_NO_SPLASH, "1" } } },
	{ "PMOS_NOSPLASH", USE, .sets = { { S_NO_SPLASH, "1" } } },
	{ "PMOS_NO_OUTPUT_REDIRECT", KEEP, .call = NULL },
};

static const char postmarketos_unsupported[] = "pmos.* pmos_* PMOS_*";

const struct table table_postmarketos = {
	"postmarketOS",		  NULL, RANK_FOREIGN, postmarketos, ARRAY_SIZE(postmarketos),
	postmarketos_unsupported, NULL
};

static const struct parameter kiwi[] = {
	{ "rd.kiwi.debug", SWITCH, .sets = { { S_DEBUG, "1" } } },
	{ "rd.kiwi.live.reset", SWITCH, .sets = { { S_RESET, "1" } } },
};

static const char kiwi_unsupported[] = "rd.kiwi.* rd.root.overlay.* verityroot= kiwi_*";

const struct table table_kiwi = { "kiwi",	    NULL, RANK_FOREIGN, kiwi, ARRAY_SIZE(kiwi),
				  kiwi_unsupported, NULL };

/* Roots that only their own initramfs finds, and installers */
static const struct parameter deployed[] = {
	REFUSED("ostree=/?*"),
	REFUSED("zfs=?*"),
};

static const char deployed_unsupported[] =
	"ostree= bootfs= rd.zfs* coreos.* ignition.* flatcar.* endless.* cos-img/filename= "
	"snapd_recovery_mode= snapd_recovery_system= inst.stage2= inst.repo= inst.ks= inst.dd "
	"inst.updates= netsetup= autoyast=";
static const char deployed_left[] = "inst.* spl_hostid=";

const struct table table_deployed = { "OSTree, ZFS, CoreOS, Endless, installers",
				      NULL,
				      RANK_FOREIGN,
				      deployed,
				      ARRAY_SIZE(deployed),
				      deployed_unsupported,
				      deployed_left };

static const struct parameter rescue[] = {
	{ "setkmap=?*", CALL, .sets = { { S_KEYMAP, NULL } }, .call = take_keymap },
	{ "nomdlvm", KEEP, .call = NULL }, /* nothing is activated but what the root is on */
	{ "ignore_bootid", KEEP, .call = NULL },
};

static const char rescue_unsupported[] =
	"findroot loadsrm= bootid= ethdevice-timeout= nodhcphostname autourl=";
static const char rescue_left[] =
	"sysrescuecfg= rootpass= rootcryptpass= nofirewall rootshell= dostartx dovnc vncpass= ar_* "
	"autoruns= ocs_* gl_* noautoconfig autoconfig= netconfig= netscript= debs= debnet "
	"partconf= "
	"mypath= ssh= passwd= encpasswd= services= startup= nostartx noblank nobeep nogpm noquick "
	"nolvm lvm swraid noswraid distri= micvol= vol= welcome extract= getfile.retries= "
	"live.autologin live.user= live.shell= live.accessibility";

const struct table table_rescue = { "SystemRescue, Grml, Clonezilla, GParted, Void",
				    NULL,
				    RANK_FOREIGN,
				    rescue,
				    ARRAY_SIZE(rescue),
				    rescue_unsupported,
				    rescue_left };
