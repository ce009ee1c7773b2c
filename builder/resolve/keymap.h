/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keyboard layouts as busybox's loadkmap reads them: "bkeymap", 256 flags, and for each that is set
 * 128 little-endian numbers (busybox, console-tools/loadkmap.c). loadkeys of kbd and ckbcomp of
 * console-setup make them, the only programs that the builder runs.
 */
#ifndef BUILDER_RESOLVE_KEYMAP_H
#define BUILDER_RESOLVE_KEYMAP_H

#include "builder/host/host.h"

/* As XKB names it, or a name of console keymaps; values may be lists ("us,ru"), "" is none. */
struct keymap_want {
	char *layout, *variant, *model, *options; /* of XKB; layout NULL: */
	char *console;				  /* "de-latin1-nodeadkeys" */
	char *file; /* of the target, where console is from; or NULL */
};

struct keymap {
	char *name; /* "de", "de-nodeadkeys", "us,ru": of a file, without '/' */
	char *data;
	size_t len;
	char *keys; /* what switches to the other layout ("Alt+Shift"); NULL: there is only one */
};

/*
 * The layout of the target: KEYMAP or XKBLAYOUT of etc/vconsole.conf, else etc/default/keyboard,
 * else what other inits read. Both layout and console NULL: it says nothing, or has the kernel's
 * own (us).
 */
int keymap_of_system(const struct host *host, struct keymap_want *ret,
		     struct error **err) _must_check_;

/* What a profile calls NAME: a console keymap of the target or this machine, or LAYOUT[-VARIANT] of
 * XKB. -ENOMEM */
int keymap_of_name(const char *name, struct keymap_want *ret, struct error **err) _must_check_;

/*
 * Makes it. One without Latin letters gets the layout us in front, with keys that switch. -ENOENT:
 * no such layout, or the program that makes it is not installed.
 */
int keymap_make(const struct host *host, const struct keymap_want *want, struct keymap *ret,
		struct error **err) _must_check_;

void keymap_want_release(struct keymap_want *want);
void keymap_release(struct keymap *keymap);

#endif
