// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/profile/profile.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "builder/profile/directives.h"
#include "builder/profile/lex.h"
#include "builder/util/strbuf.h"
#include "builder/util/suggest.h"

#define MAX_DEPTH 16
#define MAX_FILES 256

/* The files between the first one and the one that is being read. */
struct frame {
	const char *file;
	const struct frame *parent;
	unsigned depth;
};

struct parser {
	struct profile *profile;
	const struct profile_loader *loader;
	struct diag *diag;
};

static void stmt_release(void *p)
{
	struct stmt *stmt = p;

	if (!stmt)
		return;
	for (size_t i = 0; stmt->argv && i < stmt->argc; i++)
		free(stmt->argv[i]);
	free(stmt->argv);
	free(stmt->argloc);
	free(stmt->argtext);
	free(stmt);
}

void profile_release(struct profile *profile)
{
	vec_clear(&profile->stmts, stmt_release);
	vec_clear(&profile->files, NULL);
	vec_clear(&profile->strings, free);
}

/* Moves the words of a line into a statement. NULL when memory is out. */
static struct stmt *stmt_new(const struct directive *directive, const struct vec *words)
{
	struct stmt *stmt = calloc(1, sizeof(*stmt));
	struct word *word = words->items[0];

	if (!stmt)
		return NULL;
	stmt->kind = directive->kind;
	stmt->directive = directive->name;
	stmt->loc = word->loc;
	stmt->text = word->line;
	stmt->argc = words->len - 1;
	stmt->argv = calloc(words->len, sizeof(*stmt->argv));
	stmt->argloc = calloc(words->len, sizeof(*stmt->argloc));
	stmt->argtext = calloc(words->len, sizeof(*stmt->argtext));
	if (!stmt->argv || !stmt->argloc || !stmt->argtext) {
		stmt_release(stmt);
		return NULL;
	}
	for (size_t i = 0; i < stmt->argc; i++) {
		word = words->items[i + 1];
		stmt->argv[i] = steal_ptr(&word->text);
		stmt->argloc[i] = word->loc;
		stmt->argtext[i] = word->line;
	}
	return stmt;
}

void stmt_diag(struct diag *diag, enum diag_level level, const struct stmt *stmt, size_t arg,
	       const char *fmt, ...)
{
	_cleanup_free_ char *message = NULL;
	bool whole = arg >= stmt->argc;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&message, fmt, ap) < 0)
		message = NULL;
	va_end(ap);
	diag_add(diag, level, whole ? stmt->loc : stmt->argloc[arg],
		 whole ? stmt->text : stmt->argtext[arg],
		 level == DIAG_ERROR ? directive_of(stmt->kind)->usage : NULL, "%s",
		 message ? message : "out of memory");
}

static void complain_unknown(const struct parser *ps, const struct word *word)
{
	const char *near = suggest(word->text, directive_name, NULL);
	struct strbuf all = { 0 };
	_cleanup_free_ char *names = NULL;

	for (size_t i = 0; directive_name(NULL, i); i++)
		strbuf_printf(&all, "%s%s", i ? " " : "one of ", directive_name(NULL, i));
	names = strbuf_steal(&all);
	diag_add(ps->diag, DIAG_ERROR, word->loc, word->line,
		 near ? directive_find(near)->usage : names, "unknown directive '%s'%s", word->text,
		 suggest_phrase(word->text, directive_name, NULL).text);
}

static const char *find_file(const struct profile *profile, const char *path)
{
	char *file;

	vec_foreach(i, file, &profile->files)
		if (!strcmp(file, path))
			return file;
	return NULL;
}

/* "a.profile -> b.profile -> a.profile", from the frame that is `path` down to here. */
static void chain_add(struct strbuf *chain, const struct frame *frame, const char *path)
{
	if (strcmp(frame->file, path) != 0 && frame->parent)
		chain_add(chain, frame->parent, path);
	strbuf_printf(chain, "%s -> ", frame->file);
}

/* An include of a file that is still open is a cycle, one of a file that is done is not needed. */
static bool is_open(const struct frame *frame, const char *path)
{
	for (; frame; frame = frame->parent)
		if (!strcmp(frame->file, path))
			return true;
	return false;
}

static void complain_cycle(const struct parser *ps, const struct stmt *stmt,
			   const struct frame *frame, const char *path)
{
	struct strbuf chain = { 0 };
	_cleanup_free_ char *text = NULL;

	chain_add(&chain, frame, path);
	strbuf_add(&chain, path);
	text = strbuf_steal(&chain);
	stmt_diag(ps->diag, DIAG_ERROR, stmt, 0, "include cycle: %s", text ? text : "");
}

/* Keeps path as a file that was read. Takes it over, also on failure. */
static int remember_file(struct profile *profile, char *path)
{
	if (vec_push(&profile->strings, path) < 0) {
		free(path);
		return -ENOMEM;
	}
	return vec_push(&profile->files, path);
}

static int parse_text(const struct parser *ps, const struct frame *frame, const char *text,
		      size_t len, unsigned first_line);

/* Loads and reads what an include names. Only -ENOMEM is returned; all else goes to diag. */
static int parse_include(const struct parser *ps, const struct frame *frame,
			 const struct stmt *stmt)
{
	_cleanup_error_ struct error *err = NULL;
	_cleanup_free_ char *text = NULL;
	struct frame inner = { .parent = frame, .depth = frame->depth + 1 };
	char *path = NULL;
	size_t len = 0;
	int r;

	if (inner.depth > MAX_DEPTH) {
		stmt_diag(ps->diag, DIAG_ERROR, stmt, 0, "includes nested more than %d deep",
			  MAX_DEPTH);
		return 0;
	}
	r = ps->loader->load(ps->loader->context, stmt->argv[0], frame->depth ? frame->file : NULL,
			     &path, &text, &len, &err);
	if (r < 0) {
		stmt_diag(ps->diag, DIAG_ERROR, stmt, 0, "cannot include '%s': %s", stmt->argv[0],
			  error_msg(err));
		return r == -ENOMEM ? r : 0;
	}
	if (is_open(frame, path))
		complain_cycle(ps, stmt, frame, path);
	else if (ps->profile->files.len >= MAX_FILES)
		stmt_diag(ps->diag, DIAG_ERROR, stmt, 0, "more than %d files included", MAX_FILES);
	if (find_file(ps->profile, path) || ps->profile->files.len >= MAX_FILES) {
		free(path);
		return 0;
	}
	inner.file = path;
	r = remember_file(ps->profile, path);
	return r < 0 ? r : parse_text(ps, &inner, text, len, 0);
}

static int profile_parse_line(const struct parser *ps, const struct frame *frame,
			      const struct vec *words)
{
	const struct word *word = words->items[0];
	const struct directive *directive = directive_find(word->text);
	struct stmt *stmt;
	int r;

	if (!directive) {
		complain_unknown(ps, word);
		return 0;
	}
	stmt = stmt_new(directive, words);
	if (!stmt)
		return -ENOMEM;
	if (stmt->kind == STMT_INCLUDE) {
		r = 0;
		if (stmt->argc != 1)
			stmt_diag(ps->diag, DIAG_ERROR, stmt, stmt->argc ? 1 : STMT_WHOLE,
				  "'include' takes one file");
		else
			r = parse_include(ps, frame, stmt);
		stmt_release(stmt);
		return r;
	}
	r = vec_push(&ps->profile->stmts, stmt);
	if (r < 0)
		stmt_release(stmt);
	return r;
}

static int parse_text(const struct parser *ps, const struct frame *frame, const char *text,
		      size_t len, unsigned first_line)
{
	struct vec words = { 0 };
	struct lexer lx;
	int r;

	lexer_init(&lx, frame->file, text, len, &ps->profile->strings, ps->diag);
	lx.loc.line = first_line;
	while ((r = lexer_next(&lx, &words)) > 0) {
		r = profile_parse_line(ps, frame, &words);
		words_release(&words);
		if (r < 0)
			return r;
	}
	return r;
}

int profile_parse(struct profile *profile, const char *name, const struct profile_loader *loader,
		  struct diag *diag, struct error **err)
{
	struct parser ps = { .profile = profile, .loader = loader, .diag = diag };
	_cleanup_free_ char *text = NULL;
	struct frame frame = { .depth = 1 };
	char *path = NULL;
	size_t len = 0;
	int r;

	r = loader->load(loader->context, name, NULL, &path, &text, &len, err);
	if (r < 0)
		return r;
	frame.file = path;
	r = remember_file(profile, path);
	if (r == 0)
		r = parse_text(&ps, &frame, text, len, 0);
	return r < 0 ? error_sys(err, r, "cannot read profile '%s'", name) : 0;
}

int profile_parse_directive(struct profile *profile, const char *text, unsigned index,
			    const struct profile_loader *loader, struct diag *diag,
			    struct error **err)
{
	struct parser ps = { .profile = profile, .loader = loader, .diag = diag };
	struct frame frame = { .file = "-s" };
	int r = parse_text(&ps, &frame, text, strlen(text), index ? index - 1 : 0);

	return r < 0 ? error_sys(err, r, "cannot read directive '%s'", text) : 0;
}

const struct stmt *profile_last(const struct profile *profile, enum stmt_kind kind)
{
	const struct stmt *stmt, *last = NULL;

	vec_foreach(i, stmt, &profile->stmts)
		if (stmt->kind == kind)
			last = stmt;
	return last;
}
