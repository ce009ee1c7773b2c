// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/profile/lex.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "builder/util/strbuf.h"

#define MAX_LINE_LENGTH 65536

/* One physical line while its words are cut out. */
struct line {
	const char *text; /* without its line end */
	const char *p;	  /* what is not read yet */
	bool continued;	  /* the directive continues on the next line */
	bool bad;
};

static void _printf_(4, 5)
	complain(struct lexer *lx, struct line *line, const char *at, const char *fmt, ...)
{
	_cleanup_free_ char *message = NULL;
	struct srcloc loc = lx->loc;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&message, fmt, ap) < 0)
		message = NULL;
	va_end(ap);
	loc.col = (unsigned)(at - line->text) + 1;
	line->bad = true;
	diag_add(lx->diag, DIAG_ERROR, loc, line->text, NULL, "%s",
		 message ? message : "out of memory");
}

static void refuse_binary(struct lexer *lx, const char *nul)
{
	struct srcloc loc = { lx->loc.file, 1, 0 };
	const char *line = lx->pos, *eol;

	while ((eol = memchr(line, '\n', (size_t)(nul - line)))) {
		line = eol + 1;
		loc.line++;
	}
	loc.col = (unsigned)(nul - line) + 1;
	diag_add(lx->diag, DIAG_ERROR, loc, NULL, NULL,
		 "NUL byte: a profile is a text file in UTF-8 or ASCII, this one is not");
	lx->pos = lx->end;
}

void lexer_init(struct lexer *lx, const char *file, const char *text, size_t len, struct vec *lines,
		struct diag *diag)
{
	const char *nul = len ? memchr(text, '\0', len) : NULL;

	*lx = (struct lexer){ .pos = text, .end = text + len, .lines = lines, .diag = diag };
	lx->loc.file = file;
	if (nul)
		refuse_binary(lx, nul);
	else if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		lx->pos += 3;
}

/* Copies the next line for messages and steps over it. 1, 0 at the end of the text, -ENOMEM. */
static int next_line(struct lexer *lx, struct line *line)
{
	const char *start = lx->pos, *eol;
	size_t len;
	char *copy;

	if (start == lx->end)
		return 0;
	eol = memchr(start, '\n', (size_t)(lx->end - start));
	lx->pos = eol ? eol + 1 : lx->end;
	len = (size_t)((eol ? eol : lx->end) - start);
	if (len && start[len - 1] == '\r')
		len--;
	lx->loc.line++;
	copy = strndup(start, MIN(len, MAX_LINE_LENGTH));
	if (!copy || vec_push(lx->lines, copy) < 0) {
		free(copy);
		return -ENOMEM;
	}
	*line = (struct line){ .text = copy, .p = copy };
	line->continued = len && start[len - 1] == '\\';
	if (len > MAX_LINE_LENGTH)
		complain(lx, line, copy, "the line has %zu bytes; at most %d are allowed", len,
			 MAX_LINE_LENGTH);
	return 1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

static void complain_control(struct lexer *lx, struct line *line)
{
	complain(lx, line, line->p, "control character 0x%02x in the line",
		 (unsigned char)*line->p);
}

/* What a backslash inside quotes stands for. */
static void scan_escape(struct lexer *lx, struct line *line, struct strbuf *word)
{
	char c = line->p[1];

	if (c == '"' || c == '\\') {
		strbuf_add_mem(word, &c, 1);
		line->p += 2;
	} else {
		complain(lx, line, line->p, "unknown escape in quotes; only \\\" and \\\\ exist");
	}
}

static void scan_quoted(struct lexer *lx, struct line *line, struct strbuf *word)
{
	const char *open = line->p++;

	while (!line->bad && *line->p != '"') {
		if (!*line->p || (*line->p == '\\' && !line->p[1]))
			complain(lx, line, open, "this quote has no closing '\"' on its line");
		else if (*line->p == '\\')
			scan_escape(lx, line, word);
		else if (is_control(*line->p))
			complain_control(lx, line);
		else
			strbuf_add_mem(word, line->p++, 1);
	}
	if (!line->bad)
		line->p++;
}

static void complain_backslash(struct lexer *lx, struct line *line)
{
	if (!*skip_blanks(line->p + 1))
		complain(
			lx, line, line->p + 1,
			"white space after the '\\' that should be the last character of the line");
	else
		complain(lx, line, line->p,
			 "'\\' in the middle of a line; inside double quotes, \\\\ stands for one");
}

/* Reads one word into *text; the line is bad when it has an error. */
static void scan_word(struct lexer *lx, struct line *line, struct strbuf *word)
{
	while (!line->bad && *line->p && !is_blank(*line->p)) {
		if (*line->p == '"')
			scan_quoted(lx, line, word);
		else if (*line->p == '\\' && !line->p[1])
			return;
		else if (*line->p == '\\')
			complain_backslash(lx, line);
		else if (is_control(*line->p))
			complain_control(lx, line);
		else
			strbuf_add_mem(word, line->p++, 1);
	}
}

static void word_release(void *p)
{
	struct word *word = p;

	free(word->text);
	free(word);
}

void words_release(struct vec *words)
{
	vec_clear(words, word_release);
}

static int add_word(struct vec *words, struct strbuf *text, struct srcloc loc, const char *line)
{
	struct word *word = calloc(1, sizeof(*word));

	if (!word)
		return -ENOMEM;
	*word = (struct word){ .text = strbuf_steal(text), .loc = loc, .line = line };
	if (word->text && vec_push(words, word) == 0)
		return 0;
	word_release(word);
	return -ENOMEM;
}

static int scan_line(struct lexer *lx, struct line *line, struct vec *words)
{
	while (!line->bad) {
		_cleanup_strbuf_ struct strbuf text = { 0 };
		struct srcloc loc = lx->loc;

		line->p = skip_blanks(line->p);
		if (*line->p == '#')
			line->continued = false;
		if (!*line->p || *line->p == '#' || (*line->p == '\\' && !line->p[1]))
			return 0;
		loc.col = (unsigned)(line->p - line->text) + 1;
		scan_word(lx, line, &text);
		if (!line->bad && add_word(words, &text, loc, line->text) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* All physical lines of one logical line. 1, 0 at the end, -ENOMEM; *bad is set for an error in any
 * of them. */
static int scan_logical_line(struct lexer *lx, struct vec *words, bool *bad)
{
	struct line line = { 0 };
	int r;

	do {
		r = next_line(lx, &line);
		if (r > 0 && scan_line(lx, &line, words) < 0)
			r = -ENOMEM;
		if (r == 0 && line.continued)
			complain(lx, &line, line.text + strlen(line.text) - 1,
				 "the text ends after a '\\' that promises another line");
		*bad |= line.bad;
	} while (r > 0 && line.continued);
	return r == 0 && line.text ? 1 : r;
}

int lexer_next(struct lexer *lx, struct vec *words)
{
	int r;

	do {
		bool bad = false;

		r = scan_logical_line(lx, words, &bad);
		if (r < 0 || bad)
			words_release(words);
	} while (r > 0 && !words->len);
	return r;
}
