/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of a boot: what kernel parameters set, each value with the rank of the parameter that
 * set it.
 *
 * All strings belong to the plan and live until plan_release(). When memory runs out the plan
 * remembers it; plan_failed() tells.
 */
#ifndef APPLETS_BOOTPLAN_PLAN_H
#define APPLETS_BOOTPLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "applets/bootplan/setting.h"
#include "common/macro.h"

/* Whose parameter it is. A guess is what a parameter only suggests. */
enum rank {
	RANK_NONE = -1,
	RANK_GUESS,
	RANK_FOREIGN,
	RANK_KERNEL,
	RANK_OWN,
	RANK_CMDLINE, /* added to each of these for what stands on the command line, and not in the
			 profile */
};

struct entry {
	struct entry *next;
	const char *text;
	int rank;
};

/* A note is for the person at the console; with a system it is only given when the medium is of
 * that one. */
struct note {
	struct note *next;
	const char *text, *system;
};

struct chunk;

/* The parameter that set something, for messages: what led there, and where it stands. */
struct origin {
	const char *text, *place; /* NULL: none did */
	bool in_profile;
};

struct plan {
	struct entry *values[SETTINGS];
	struct origin origins[SETTINGS];
	struct origin current; /* of the parameter that is being read */
	struct note *notes;
	int tail; /* words of the command line from -- on */
	struct chunk *chunks;
	bool failed;
};

/* Reads both texts (may be NULL): the profile's parameters, one a line, and the command line. */
void plan_read(struct plan *plan, const char *defaults, const char *cmdline);

/* The same, where a DHCP server told root_path (may be NULL). */
void plan_read_lease(struct plan *plan, const char *defaults, const char *cmdline,
		     const char *root_path);

/* One parameter. rank: 0, or RANK_CMDLINE. Returns whether the table has it. */
bool plan_parameter(struct plan *plan, const char *text, int rank);

/* Decides what the parameters leave open. */
void plan_settle(struct plan *plan);

/* A value for a setting: see enum combine. */
void plan_set(struct plan *plan, enum setting setting, int rank, const char *text);

/* Forgets what the setting has up to this rank, and lets nothing of a lower rank in any more. */
void plan_clear(struct plan *plan, enum setting setting, int rank);

/* Replaces whatever the setting has, and its rank. */
void plan_force(struct plan *plan, enum setting setting, int rank, const char *text);

/* Its value, of lists the first; "" without any. */
const char *plan_get(const struct plan *plan, enum setting setting);

/* The rank of its value, RANK_NONE without one. */
int plan_rank(const struct plan *plan, enum setting setting);

/* Whether its value is not empty. */
bool plan_has(const struct plan *plan, enum setting setting);

/* All values of a list with its separator between (a newline: after) them. */
const char *plan_join(struct plan *plan, enum setting setting);

/* Text that belongs to the plan; "" when memory ran out. */
const char *plan_text(struct plan *plan, const char *fmt, ...) _printf_(2, 3);

/* A copy that may be changed; NULL when memory ran out. */
char *plan_copy(struct plan *plan, const char *text);

/* A copy without the passwords of addresses, for people. */
const char *plan_shown(struct plan *plan, const char *text);

/* A note; only for media of this system when one is given. */
void plan_note(struct plan *plan, const char *system, const char *fmt, ...) _printf_(3, 4);

bool plan_failed(const struct plan *plan);
void plan_release(struct plan *plan);

#endif
