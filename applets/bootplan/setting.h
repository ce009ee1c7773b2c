/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kernel parameters can set, and how several of them combine. */
#ifndef APPLETS_BOOTPLAN_SETTING_H
#define APPLETS_BOOTPLAN_SETTING_H

enum setting {
	S_NONE,
	S_MODE,
	S_IMAGE,
	S_HOST,
	S_PART,
	S_PERSIST,
	S_GENERATIONS,
	S_SIZE,
	S_TORAM,
	S_VERIFY,
	S_WAITS, /* every wish for a time limit; S_TIMEOUT is made of them */
	S_TIMEOUT,
	S_PATIENCE,
	S_NET,
	S_BOOTIF,
	S_ETHDEVICE,
	S_DNS,
	S_LINKS,
	S_ISO,
	S_SNAPSHOTS,
	S_ROOT,
	S_FSTYPE,
	S_FLAGS,
	S_ACCESS,
	S_INIT,
	S_FSCK,
	S_KEYMAP,
	S_MODULES,
	S_BLACKLIST,
	S_HOSTMOUNT,
	S_RESUME,
	S_RESUME_OFFSET,
	S_NO_RESUME,
	S_SHELL,
	S_DEBUG,
	S_BREAK,
	S_PLAN,
	S_PANIC,
	S_QUIET,
	S_VERBOSE,
	S_CONSOLES,
	S_LIVE,
	S_LIVE_HOST,
	S_LIVE_DIR,
	S_LIVE_FILE,
	S_LIVE_URL,
	S_LIVE_ARCH,
	S_LIVE_LABEL,
	S_LIVE_KIND,
	S_LIVE_NFS,
	S_LIVE_NFSOPTS,
	S_LIVE_NETBOOT,
	S_LIVE_LOAD,
	S_LIVE_NOLOAD,
	S_RD_LIVE,
	S_COW_HOST,
	S_COW_DIR,
	S_COW_FLAGS,
	S_ARCHISO_NBD,
	S_ARCHISO_NBD_NAME,
	S_CASPER_PATH,
	S_NFSROOT,
	S_ALSO,
	S_MARK,
	S_CHECKS,
	S_KEEP_RO,
	S_NOEJECT,
	S_NOPROMPT,
	S_NORESTORE,
	S_PROTECT,
	S_BINDS,
	S_TCE,
	S_SWAP,
	S_NO_TCE,
	S_NO_ZRAM,
	S_NO_SWAP,
	S_TC_WORDS,
	S_TC_RESTORE,
	S_TC_MYDATA,
	S_TC_EXTRAS,
	S_RUNLEVEL,
	S_PAUSE,
	S_AUTOMOUNT,
	S_TOHD,
	S_TOHD_DEVICE,
	S_TOHD_PATH,
	S_PERCH_MODE,
	S_PERCH_SIZE,
	S_LVM,
	S_LVM_OFF,
	S_ON_LVM,
	S_LUKS,
	S_LUKS_OFF,
	S_DEGRADED,
	S_MD,
	S_MD_OFF,
	S_USR,
	S_NO_FSTAB,
	S_USR_FSTYPE,
	S_USR_FLAGS,
	S_ROOT_IS_HOST,
	S_PERSIST_OPEN,
	S_COMPAT,
	S_ARGUMENTS,
	S_KNOWN,
	SETTINGS,
};

enum combine {
	ONE, /* the highest rank counts, within a rank the later */
	ALL, /* all that the highest rank says, in order */
	SUM, /* what every rank says, the highest last */
};

struct setting_info {
	const char *variable; /* of the shell; NULL: not told */
	const char *what;     /* for people, NULL for what only other settings are made of */
	enum combine combine;
	char separator;	 /* between the values of ALL and SUM; '\n': after each */
	const char *off; /* what =0 of a switch sets */
};

extern const struct setting_info setting_info[SETTINGS];

#endif
