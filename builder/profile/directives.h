/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vocabulary of profiles: directives, root modes, phases. */
#ifndef BUILDER_PROFILE_DIRECTIVES_H
#define BUILDER_PROFILE_DIRECTIVES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* One per directive of mkvinitrd.profile(5), in the order of the table in profile/directives.c. */
enum stmt_kind {
	STMT_INCLUDE,
	STMT_ROOT,
	STMT_IMAGE,
	STMT_HOST,
	STMT_PARTITION,
	STMT_PERSIST,
	STMT_SIZE,
	STMT_VERIFY,
	STMT_MODULE,
	STMT_FIRMWARE,
	STMT_BLACKLIST,
	STMT_BINARY,
	STMT_FILE,
	STMT_DIR,
	STMT_LINK,
	STMT_NODE,
	STMT_BUSYBOX,
	STMT_COMPRESS,
	STMT_PARAM,
	STMT_HOOK,
	STMT_MICROCODE,
	STMT_APPLET,
	STMT_MODPROBE,
	STMT_KEYMAP,
	STMT_HARDWARE,
	STMT_CERTIFICATE,
	STMT_SSH_KEYS,
	STMT_SSH_HOST_KEY,
	STMT_SPLASH,
};
#define STMT_KINDS (STMT_SPLASH + 1)

struct directive {
	const char *name;
	enum stmt_kind kind;
	unsigned min_args, max_args; /* max_args UINT_MAX: any number */
	bool single;		     /* a later one replaces an earlier one */
	const char *usage;	     /* "module NAME|GLOB|ALIAS|=GROUP..." */
};

/* The table entry of that name, or NULL. */
const struct directive *directive_find(const char *name);

/* The table entry of a kind; never NULL. */
const struct directive *directive_of(enum stmt_kind kind);

/* i-th name or NULL: candidate function for suggest(). context is not used. */
const char *directive_name(const void *context, size_t i);

/* NULL-terminated lists of the words that an argument may be. */
extern const char *const profile_root_modes[]; /* the values of `root` and vi.mode */
extern const char *const profile_phases[];     /* of init, for `hook` */
extern const char *const profile_boot_words[]; /* vi.*, for `param` */

bool word_in(const char *word, const char *const *list);

#endif
