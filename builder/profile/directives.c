// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/profile/directives.h"

#include <string.h>

#define ANY UINT_MAX

static const struct directive directives[STMT_KINDS] = {
	{ "include", STMT_INCLUDE, 1, 1, false, "include FILE|NAME" },
	{ "root", STMT_ROOT, 1, 1, true, "root loop|tmpfs|overlay|disk|share" },
	{ "image", STMT_IMAGE, 1, 1, true,
	  "image /PATH/ON/HOST | file:LOCAL-PATH | http://... | https://... | ftp://... | "
	  "tftp://... | nbd://... | 9p:TAG | "
	  "virtiofs:TAG | "
	  "nfs:SERVER:/PATH" },
	{ "host", STMT_HOST, 1, 1, true,
	  "host any | UUID=... | LABEL=... | PARTUUID=... | PARTLABEL=... | /dev/... | cdrom | "
	  "usb" },
	{ "partition", STMT_PARTITION, 1, 1, true,
	  "partition NUMBER | UUID=... | LABEL=... | /dev/VG/LV | whole" },
	{ "persist", STMT_PERSIST, 1, 1, true,
	  "persist none | ram[:SIZE] | dir:[HOST:]/PATH | file:[HOST:]/PATH[,SIZE] | device:HOST | "
	  "archive:[HOST:]/PATH; dir, file and device: [,rollback=N]" },
	{ "size", STMT_SIZE, 1, 1, true, "size PERCENT% | NUMBER[k|m|g|t]" },
	{ "verify", STMT_VERIFY, 1, 1, true,
	  "verify sha256:HEX | minisign:PUBLIC-KEY | verity:ROOT-HASH" },
	{ "module", STMT_MODULE, 1, ANY, false, "module NAME|GLOB|ALIAS|=GROUP..." },
	{ "firmware", STMT_FIRMWARE, 1, ANY, false, "firmware auto | none | PATH..." },
	{ "blacklist", STMT_BLACKLIST, 1, ANY, false, "blacklist NAME..." },
	{ "binary", STMT_BINARY, 1, ANY, false, "binary /PATH|LIBRARY..." },
	{ "file", STMT_FILE, 2, 3, false, "file /DEST SOURCE [MODE]" },
	{ "dir", STMT_DIR, 1, 2, false, "dir /DEST [MODE]" },
	{ "link", STMT_LINK, 2, 2, false, "link /DEST TARGET" },
	{ "node", STMT_NODE, 2, 5, false,
	  "node /DEST b|c MAJOR MINOR [MODE] | node /DEST p [MODE]" },
	{ "busybox", STMT_BUSYBOX, 1, 1, true, "busybox PATH" },
	{ "compress", STMT_COMPRESS, 1, 1, true, "compress zstd[:LEVEL]|xz|gzip|lz4|none" },
	{ "param", STMT_PARAM, 1, ANY, false, "param KEY[=VALUE]..." },
	{ "hook", STMT_HOOK, 2, 2, false, "hook settle|locate|attach|assemble|handover FILE" },
	{ "microcode", STMT_MICROCODE, 1, ANY, true, "microcode auto | none | PATH..." },
	{ "applet", STMT_APPLET, 1, ANY, false, "applet NAME..." },
	{ "modprobe", STMT_MODPROBE, 1, 1, true, "modprobe auto | system | none" },
	{ "keymap", STMT_KEYMAP, 1, ANY, true, "keymap auto | none | LAYOUT..." },
	{ "hardware", STMT_HARDWARE, 1, ANY, false, "hardware host | FILE..." },
	{ "certificate", STMT_CERTIFICATE, 1, ANY, false, "certificate FILE..." },
	{ "ssh-keys", STMT_SSH_KEYS, 1, ANY, true, "ssh-keys FILE..." },
	{ "ssh-host-key", STMT_SSH_HOST_KEY, 1, ANY, true, "ssh-host-key FILE..." },
	{ "splash", STMT_SPLASH, 1, 1, true, "splash auto | THEME" },
};

const char *const profile_root_modes[] = { "loop", "tmpfs", "overlay", "disk", "share", NULL };

const char *const profile_phases[] = { "settle", "locate", "attach", "assemble", "handover", NULL };

const char *const profile_boot_words[] = {
	"vi.mode",     "vi.image",  "vi.host",	  "vi.part",	 "vi.persist",	 "vi.size",
	"vi.toram",    "vi.verify", "vi.timeout", "vi.net",	 "vi.shell",	 "vi.debug",
	"vi.chart",    "vi.break",  "vi.plan",	  "vi.modules",	 "vi.hostmount", "vi.bind",
	"vi.tce",      "vi.swap",   "vi.report",  "vi.identity", "vi.hostname",	 "vi.lazy",
	"vi.prefetch", "vi.cache",  "vi.trace",	  "vi.exporter", NULL,
};

const struct directive *directive_find(const char *name)
{
	for (size_t i = 0; i < STMT_KINDS; i++)
		if (!strcmp(directives[i].name, name))
			return &directives[i];
	return NULL;
}

const struct directive *directive_of(enum stmt_kind kind)
{
	return &directives[kind];
}

const char *directive_name(const void *context, size_t i)
{
	return i < STMT_KINDS ? directives[i].name : NULL;
}

bool word_in(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(*list, word))
			return true;
	return false;
}
