/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lines of modprobe.d(5), which modules.alias, modules.softdep and modules.weakdep are written
 * in as well: "alias PATTERN MODULE", "softdep MODULE pre: A B post: C", "weakdep MODULE A B".
 */
#ifndef COMMON_MODULES_LINE_H
#define COMMON_MODULES_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* The next line of *cursor, NUL-terminated in place, or NULL. A line that ends in '\' continues in
 * the next one. */
char *text_line(char **cursor);

/* The next word of *cursor (blanks and tabs apart; double quotes keep them together and stay), or
 * NULL. */
char *text_word(char **cursor);

/* A piece of a line, not terminated. */
struct line_part {
	const char *text;
	size_t len;
};

/* A part of line as a string of its own: a NUL is written behind it. */
char *line_cut_part(char *line, struct line_part part);

/*
 * Splits a line of modules.alias. The last word is the module: depmod quotes nothing, so a pattern
 * that a machine's name is in ("dmi*:svnDell Inc.:*") may have blanks. False: another line.
 */
bool line_split_alias(const char *line, size_t len, struct line_part *ret_pattern,
		      struct line_part *ret_module);

/* Splits "KEYWORD MODULE ..." (softdep, weakdep); *ret_rest is what follows. False: another line.
 */
bool line_split_dependency(const char *line, size_t len, const char *keyword,
			   struct line_part *ret_module, struct line_part *ret_rest);

enum dependency_list { DEPENDENCY_NONE, DEPENDENCY_PRE, DEPENDENCY_POST, DEPENDENCY_WEAK };

/*
 * Walks over what follows the module's name. Begin with DEPENDENCY_NONE for a softdep, of which
 * words before the first "pre:" or "post:" mean nothing (as in modprobe), with DEPENDENCY_WEAK for
 * a weakdep.
 */
struct dependency_cursor {
	const char *rest; /* NUL-terminated */
	enum dependency_list list;
};

/* The next name or alias that is in a list, and cursor->list says in which; false at the end. */
bool dependency_next(struct dependency_cursor *cursor, struct line_part *ret);

#endif
