// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/report/size.h"

#include <stdio.h>

#include "builder/cmd/command.h"
#include "common/msg.h"

static int size_print(const struct options *options, const struct size_report *reports, size_t n,
		      struct error **err)
{
	if (options->svg)
		return size_print_svg(reports, stdout, err);
	if (!options->json)
		return size_print_table(reports, n, options->verbose, stdout, err);
	for (size_t i = 0; i < n; i++)
		size_print_json(&reports[i], stdout);
	return 0;
}

int cmd_size(const struct options *options)
{
	_cleanup_error_ struct error *err = NULL;
	size_t n = (size_t)options->argc;
	_cleanup_free_ struct size_report *reports = calloc(n, sizeof(*reports));
	int r = reports ? 0 : error_no_memory(&err);

	if (options->svg && (n != 1 || options->json)) {
		msg(MSG_ERROR, "size: --svg draws a single image, and has no use for --json");
		return STATUS_USAGE;
	}
	for (size_t i = 0; i < n && r == 0; i++)
		r = size_measure(&reports[i], options->argv[i], &err);
	if (r == 0)
		r = size_print(options, reports, n, &err);
	for (size_t i = 0; reports && i < n; i++)
		size_release(&reports[i]);
	if (r < 0)
		msg(MSG_ERROR, "size: %s", error_msg(err));
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}
