// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/report/explain.h"

#include <string.h>

#include "builder/report/log.h"
#include "builder/util/strbuf.h"
#include "common/print.h"

struct failure {
	char *line;			/* "locate failed: ... [VI202]"; NULL: none so far */
	const struct boot_error *error; /* NULL: a code that is not known, or none */
	struct strbuf details;		/* "  seen:  ..." and the like, a line each */
	bool in_report;			/* the line before belongs to it */
	unsigned count;
	const char *phase; /* the last that began */
	char *waiting;	   /* the last status line */
};

/* The code in brackets at the end, or NULL. */
static const struct boot_error *code_of(const char *text)
{
	const char *at = strrchr(text, '[');
	size_t len = at ? strcspn(at + 1, "]") : 0;

	return at && strcmp(at + 1 + len, "]") == 0 ? boot_error_find(at + 1, len) : NULL;
}

/* The report is on the console and, without its details, in the kernel's log: both are one. */
static int set_failure(struct failure *failure, const char *text, const struct boot_error *error,
		       struct error **err)
{
	failure->in_report = true;
	if (failure->line && strcmp(failure->line, text) == 0)
		return 0;
	free(failure->line);
	strbuf_release(&failure->details);
	failure->line = strdup(text);
	failure->error = error;
	failure->count++;
	return failure->line ? 0 : error_no_memory(err);
}

/* A line of the report, in front of which the kernel may have put its time. */
static bool is_detail(const char *line, const char **ret)
{
	static const char *const words[] = { "  seen:  ", "  from:  ", "  to do: " };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *at = strstr(line, words[i]);

		if (!at)
			continue;
		*ret = at;
		return true;
	}
	return false;
}

static int explain_ours(struct failure *failure, const char *text, struct error **err)
{
	const char *failed = strstr(text, " failed: "), *phase = log_phase(text);
	bool one_word = failed && strcspn(text, " ") == (size_t)(failed - text);

	if (one_word)
		return set_failure(failure, text, code_of(text), err);
	failure->in_report = false;
	failure->phase = phase ? phase : failure->phase;
	if (!strstr(text, " s)"))
		return 0;
	free(failure->waiting);
	failure->waiting = strdup(text);
	return failure->waiting ? 0 : error_no_memory(err);
}

static int explain_line(void *context, const char *line, struct error **err)
{
	struct failure *failure = context;
	const char *text = log_ours(line), *detail;
	const struct boot_error *kernel;

	if (text)
		return explain_ours(failure, text, err);
	if (failure->in_report && is_detail(line, &detail)) {
		strbuf_add(&failure->details, detail);
		strbuf_add(&failure->details, "\n");
		return 0;
	}
	kernel = boot_error_in_kernel_message(line);
	/* a panic after a report of ours says less than that */
	if (kernel && !(failure->line && failure->error))
		return set_failure(failure, line, kernel, err);
	return 0;
}

void explain_code(const struct boot_error *error, FILE *to)
{
	fprintf(to, "%s: %s\n  cause: %s\n  to do: %s\n", error->code, error->title, error->cause,
		error->advice);
}

/* Line by line, since print_text writes ends of lines as \012 */
static void print_details(char *details, FILE *to)
{
	char *rest = NULL;

	for (char *line = strtok_r(details, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		print_text(to, line);
		putc('\n', to);
	}
}

static int explain_print(struct failure *failure, FILE *to, struct error **err)
{
	_cleanup_free_ char *details = strbuf_steal(&failure->details);

	if (!details)
		return error_no_memory(err);
	if (failure->count > 1)
		fprintf(to, "%u failures; the last one:\n", failure->count);
	print_text(to, failure->line);
	putc('\n', to);
	print_details(details, to);
	if (failure->error)
		explain_code(failure->error, to);
	else
		fputs("This log has no code that this version knows; see mkvinitrd-errors(7).\n",
		      to);
	return 0;
}

static void print_progress(const struct failure *failure, FILE *to)
{
	if (!failure->phase) {
		fputs("The log has no line of mkvinitrd's initramfs: give the whole console or "
		      "kernel log of the boot.\n",
		      to);
		return;
	}
	if (strcmp(failure->phase, "handover") == 0) {
		fputs("No failure: the initramfs came to its last phase, handover. What failed "
		      "later is in the log of the root's system.\n",
		      to);
		return;
	}
	fprintf(to, "No failure is reported; the log ends in the phase %s.\n", failure->phase);
	if (!failure->waiting)
		return;
	fputs("The last status: ", to);
	print_text(to, failure->waiting);
	putc('\n', to);
}

int explain_log(const char *path, FILE *to, bool *ret_found, struct error **err)
{
	struct failure failure = { 0 };
	int r = log_read(path, explain_line, &failure, err);

	if (r == 0 && failure.line)
		r = explain_print(&failure, to, err);
	else if (r == 0)
		print_progress(&failure, to);
	if (r == 0)
		*ret_found = failure.line != NULL;
	strbuf_release(&failure.details);
	free(failure.line);
	free(failure.waiting);
	return r;
}
