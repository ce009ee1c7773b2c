// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/report/explain.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "builder/cmd/command.h"
#include "common/msg.h"

static int list_codes(void)
{
	const struct boot_error *error;

	for (size_t i = 0; (error = boot_error_at(i)); i++)
		printf("%s  %s\n", error->code, error->title);
	return STATUS_OK;
}

/* A code, unless a file has that name. */
static const struct boot_error *named_code(const char *name)
{
	return access(name, F_OK) == 0 ? NULL : boot_error_find(name, strlen(name));
}

int cmd_explain(const struct options *options)
{
	_cleanup_error_ struct error *err = NULL;
	const struct boot_error *error = options->argc ? named_code(options->argv[0]) : NULL;
	bool found = false;

	if (!options->argc)
		return list_codes();
	if (error) {
		explain_code(error, stdout);
		return STATUS_OK;
	}
	if (explain_log(options->argv[0], stdout, &found, &err) < 0) {
		msg(MSG_ERROR, "explain: %s", error_msg(err));
		return STATUS_FAILED;
	}
	return found ? STATUS_OK : STATUS_FAILED;
}
