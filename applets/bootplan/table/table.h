/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of kernel parameters. A parameter is matched whole, and never evaluated; in a table the
 * first pattern (see glob.h) that fits counts, and tables are looked through in the order of
 * table.c.
 */
#ifndef APPLETS_BOOTPLAN_TABLE_TABLE_H
#define APPLETS_BOOTPLAN_TABLE_TABLE_H

#include <stdint.h>

#include "applets/bootplan/plan.h"

/* A parameter as it was given. */
struct word {
	const char *text, *value; /* value: behind the first '=', the text itself without one */
	int rank;
	const char *expected;
};

enum use {
	USE,	/* sets what it says */
	SWITCH, /* the same; also NAME=1, and NAME=0 sets the opposite */
	ON,	/* what is on anyway: NAME=0 sets what it says, NAME and NAME=1 the opposite */
	CALL,	/* its function decides */
	WRONG,	/* spelled so it cannot be used: says what was expected */
	KEEP,	/* used elsewhere, or asks for what is so anyway */
	PASS,	/* as KEEP, and an argument of the root's init as well */
};

struct assignment {
	uint8_t setting;   /* enum setting */
	const char *text;  /* %: the value; @: what is behind its ':'; '?' in front: a guess; NULL:
			      set by the function */
} __attribute__((packed)); /* a third of the table would be padding */

struct parameter {
	const char *pattern;
	uint8_t use; /* enum use */
	struct assignment sets[3];
	void (*call)(struct plan *plan, const struct word *word);
	const char *expected;
};

/* Disks of servers that this version cannot attach: whatever the root is on, or maybe the root */
#define REFUSED(pattern)                                                                  \
	{                                                                                 \
		pattern, CALL, .sets = { { S_REFUSED, NULL } }, .call = parameter_refused \
	}
#define REMOTE(pattern)                                                                 \
	{                                                                               \
		pattern, CALL, .sets = { { S_REMOTE, NULL } }, .call = parameter_remote \
	}

/*
 * Names of parameters that this version recognises only are a text with spaces between them: NAME,
 * NAME= with any value, or NAME*.
 */
struct table {
	const char *system;
	const char *live; /* notes about the rest are given for media of this layout alone */
	enum rank rank;
	const struct parameter *parameters;
	size_t count;
	const char *unsupported; /* reported */
	const char *left; /* for the root's own scripts, which read the command line themselves */
};

extern const struct table *const parameter_tables[];
extern const size_t parameter_table_count;

extern const struct table table_own, table_kernel, table_network, table_vdisk, table_volumes,
	table_tinycore, table_dracut, table_live, table_casper, table_knoppix, table_archiso,
	table_slax, table_mkinitcpio, table_initramfs, table_ltsp, table_alpine, table_systemd,
	table_puppy, table_antix, table_slackware, table_genkernel, table_nixos, table_postmarketos,
	table_kiwi, table_rescue, table_manjaro, table_deployed;

/* Prints every parameter: system, use, pattern, meaning, separated by tabs. */
void table_print(void);

/* Notes that the parameter's value cannot be used. */
void parameter_wrong(struct plan *plan, const struct word *word);

/* The same; the boot is refused as well, unless a parameter of ours names an image. */
void parameter_refused(struct plan *plan, const struct word *word);

/* The same for disks of servers, among which the root may be: it is not waited for as long. Not
 * with =0 or the like. */
void parameter_remote(struct plan *plan, const struct word *word);

/* Notes that the parameter is recognised and nothing else; with a system, on media of that one
 * alone. */
void parameter_unsupported(struct plan *plan, const char *system, const char *text);

#endif
