/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text -> logical lines of words.
 *
 * Words are separated by spaces and tabs. "..." keeps them together; inside, \" and \\ stand for "
 * and \. A '#' where a word could begin starts a comment. A '\' at the end of a line continues the
 * directive on the next one. Lines end in LF or CR LF.
 */
#ifndef BUILDER_PROFILE_LEX_H
#define BUILDER_PROFILE_LEX_H

#include <stdbool.h>

#include "builder/util/diag.h"

struct word {
	char *text; /* unquoted; owned */
	struct srcloc loc;
	const char *line; /* the source line it stands on; owned by the lexer's `lines` */
};

struct lexer {
	const char *pos, *end;
	struct srcloc loc; /* file, and the line read last */
	struct vec *lines; /* gets a copy of each source line: char * */
	struct diag *diag;
};

/*
 * Starts on text[len], which must stay until the end. A byte order mark in front is skipped; a text
 * with NUL bytes is reported to diag and has no lines.
 */
void lexer_init(struct lexer *lx, const char *file, const char *text, size_t len, struct vec *lines,
		struct diag *diag);

/*
 * The words of the next logical line that has any: struct word *, owned by the caller
 * (words_release). 1 = a line, 0 = the end, -ENOMEM. A line with an error goes to diag and gives no
 * words.
 */
int lexer_next(struct lexer *lx, struct vec *words);

void words_release(struct vec *words);

#endif
