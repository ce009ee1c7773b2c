// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "builder/cmd/command.h"
#include "builder/report/record.h"
#include "common/msg.h"
#include "common/print.h"

static void print_chain(const struct record *record, const struct why *why)
{
	/* no chain is longer than the list, even in an image made to confuse */
	for (size_t depth = 0; why && depth <= record->whys.len; depth++) {
		printf("%*s/", (int)(depth > 20 ? 40 : depth * 2), "");
		print_text(stdout, why->path);
		fputs(": ", stdout);
		if (strncmp(why->reason, "profile '", 9) == 0) {
			fputs("needed by profile ", stdout);
			print_text(stdout, why->where);
			putchar(' ');
			print_text(stdout, why->reason + 8);
		} else {
			print_text(stdout, why->reason);
		}
		putchar('\n');
		why = record_cause(record, why);
	}
}

/* What the booted system finds at the path, when links of the image lead there. */
static const char *behind_links(const struct record *record, const char *wanted)
{
	const struct tree_node *node =
		strchr(wanted, '/') ? image_tree_resolve(&record->tree, wanted, NULL) : NULL;

	return node && strcmp(node->path, wanted + strspn(wanted, "/")) != 0 ? node->path : NULL;
}

static int why_explain(const struct record *record, const char *name, const char *wanted)
{
	const struct why *why = record_find(record, wanted);
	const char *path = wanted + strspn(wanted, "/"), *real;

	if (why) {
		print_chain(record, why);
		return STATUS_OK;
	}
	if (image_tree_find(&record->tree, path)) {
		printf("/%s: part of every image, or the directory of something else\n", path);
		return STATUS_OK;
	}
	real = behind_links(record, wanted);
	if (real) {
		printf("/%s: by links of the image this is /", path);
		print_text(stdout, real);
		putchar('\n');
		return why_explain(record, name, real);
	}
	msg(MSG_ERROR, "'%s' has no member or module '%s'; 'mkvinitrd ls' lists them", name,
	    wanted);
	return STATUS_FAILED;
}

int cmd_why(const struct options *options)
{
	_cleanup_error_ struct error *err = NULL;
	struct record record = { 0 };
	int status = STATUS_FAILED;

	if (record_read(&record, options->argv[0], &err) < 0 ||
	    record_require(&record, options->argv[0], &err) < 0)
		msg(MSG_ERROR, "%s", error_msg(err));
	else
		status = why_explain(&record, options->argv[0], options->argv[1]);
	record_release(&record);
	return status;
}
