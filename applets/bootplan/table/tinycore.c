// SPDX-License-Identifier: GPL-2.0-or-later
/* Tiny Core's boot codes, Virtual Linux. */
#include "applets/bootplan/table/value.h"

static const struct parameter tinycore[] = {
	{ "clean", SWITCH, .sets = { { S_PERSIST, "ram" }, { S_NORESTORE, "1" } } },
	{ "clean=*", USE, .sets = { { S_PERSIST, "ram" }, { S_NORESTORE, "1" } } },
	{ "nopersistent", SWITCH, .sets = { { S_PERSIST, "ram" } } },
	{ "waitusb=*", CALL, .sets = { { S_WAITS, NULL } }, .call = take_waitusb,
	  .expected = "a number of seconds" },
	{ "norestore", SWITCH, .sets = { { S_NORESTORE, "1" } } },
	{ "base", SWITCH, .sets = { { S_NORESTORE, "1" }, { S_NO_TCE, "1" } } },
	{ "nozswap", SWITCH, .sets = { { S_NO_ZRAM, "1" } } },
	{ "noswap", SWITCH, .sets = { { S_NO_SWAP, "1" } } },
	{ "home=?*", CALL, .sets = { { S_BINDS, NULL } }, .call = take_bind },
	{ "opt=?*", CALL, .sets = { { S_BINDS, NULL } }, .call = take_bind },
	{ "local=?*", CALL, .sets = { { S_BINDS, NULL } }, .call = take_bind },
	{ "tce=?*", CALL, .sets = { { S_TCE, NULL }, { S_TC_WORDS, NULL } }, .call = take_tce },
	{ "protect", SWITCH, .sets = { { S_PROTECT, "1" } } },
	{ "restore", USE, .sets = { { S_TC_RESTORE, "any" } } },
	{ "restore=?*", USE, .sets = { { S_TC_RESTORE, "%" } } },
	{ "mydata=?*", USE, .sets = { { S_TC_MYDATA, "%" } } },
	{ "swapfile=?*", CALL, .sets = { { S_TC_EXTRAS, NULL } }, .call = take_extra },
	{ "tcvd=?*", CALL, .sets = { { S_TC_EXTRAS, NULL } }, .call = take_extra },
	{ "iso=?*", CALL, .sets = { { S_TC_EXTRAS, NULL } }, .call = take_extra },
	{ "nfsmount=?*:/*", CALL, .sets = { { S_TC_EXTRAS, NULL } }, .call = take_extra },
	{ "tftplist=?*/*", CALL, .sets = { { S_TC_EXTRAS, NULL } }, .call = take_extra },
	{ "httplist=?*/*", CALL, .sets = { { S_TC_EXTRAS, NULL } }, .call = take_extra },
	{ "nbd=*", CALL, .sets = { { S_TC_EXTRAS, NULL } }, .call = take_extra },
	{ "aoe=*", CALL, .sets = { { S_TC_EXTRAS, NULL } }, .call = take_extra },
	{ "pause", SWITCH, .sets = { { S_PAUSE, "1" }, { S_TC_WORDS, "1" } } },
	{ "superuser", USE, .sets = { { S_RUNLEVEL, "single" }, { S_TC_WORDS, "1" } } },
	{ "text", USE, .sets = { { S_RUNLEVEL, "?3" }, { S_TC_WORDS, "1" } } },
	{ "kmap=*", CALL, .sets = { { S_KEYMAP, NULL } }, .call = take_keymap },
	{ "blacklist=*", KEEP, .call = NULL }, /* by coldplug */
};

static const char tinycore_unsupported[] = "lst safebackup embed pretce noembed nofstab";
static const char tinycore_left[] =
	"showapps cron syslog rsyslog host secure noautologin autologin user desktop laptop "
	"noicons xsetup xvesa xonly lang tz noutc settime ntpserver multivt vga icons nortc";

const struct table table_tinycore = {
	"Tiny Core, Virtual Linux", NULL,	  RANK_FOREIGN, tinycore, ARRAY_SIZE(tinycore),
	tinycore_unsupported,	    tinycore_left
};
