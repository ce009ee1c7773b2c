// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "builder/cmd/command.h"
#include "builder/report/timeline.h"
#include "common/msg.h"

int cmd_chart(const struct options *options)
{
	_cleanup_error_ struct error *err = NULL;
	struct timeline timeline;
	int r = timeline_read(&timeline, options->argv[0], &err);

	if (r == 0)
		r = chart_print(&timeline, stdout, &err);
	timeline_release(&timeline);
	if (r < 0)
		msg(MSG_ERROR, "chart: %s", error_msg(err));
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}
