/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profile text -> statements with their places. Pure: files are read through a loader that the
 * caller gives. */
#ifndef BUILDER_PROFILE_PROFILE_H
#define BUILDER_PROFILE_PROFILE_H

#include "builder/profile/directives.h"
#include "builder/util/diag.h"
#include "common/error.h"

struct stmt {
	enum stmt_kind kind;
	const char *directive; /* as written: "module" */
	struct srcloc loc;     /* of the directive */
	size_t argc;
	char **argv;	       /* without the directive */
	struct srcloc *argloc; /* one per argument */
	const char *text;      /* the source line, for diagnostics */
	const char *
		*argtext; /* one per argument: its source line, another one after a continuation */
};

struct profile {
	struct vec stmts; /* of struct stmt, in the order read, includes expanded in place; owned */
	struct vec strings; /* file names and source lines that srcloc and stmt point into; owned */
	struct vec files;   /* char *: the canonical names of all files read, a part of strings */
};

struct profile_loader {
	/*
	 * Gives the text of name, which was included from the file `from` (NULL for the first).
	 * *ret_path is the canonical name used in messages and for cycle detection. Both results
	 * are owned by the caller.
	 */
	int (*load)(void *context, const char *name, const char *from, char **ret_path,
		    char **ret_text, size_t *ret_len, struct error **err);
	void *context;
};

/*
 * Reads profile `name` and everything it includes; a file that was read already is not read again,
 * so that two parts may include the same third one. Problems in the text go to diag and reading
 * continues; the return value is 0 then, and diag->errors counts. A first file that cannot be
 * loaded is -errno and *err.
 */
int profile_parse(struct profile *profile, const char *name, const struct profile_loader *loader,
		  struct diag *diag, struct error **err) _must_check_;

/* Parses one directive given on the command line (-s 'DIRECTIVE ARGS') as file "-s", line `index`.
 */
int profile_parse_directive(struct profile *profile, const char *text, unsigned index,
			    const struct profile_loader *loader, struct diag *diag,
			    struct error **err) _must_check_;

/* Looks at the arguments of each statement: counts, spellings, ranges, contradictions. Adds to
 * diag. */
void profile_check(const struct profile *profile, struct diag *diag);

/* The last statement of that kind (later ones override), or NULL. */
const struct stmt *profile_last(const struct profile *profile, enum stmt_kind kind);

/*
 * Adds a problem with argument number `arg` of stmt (or with the directive, when arg is not below
 * argc) and the usage of the directive as what was expected.
 */
void stmt_diag(struct diag *diag, enum diag_level level, const struct stmt *stmt, size_t arg,
	       const char *fmt, ...) _printf_(5, 6);
#define STMT_WHOLE SIZE_MAX /* as arg: the directive itself */

void profile_release(struct profile *profile);

#endif
