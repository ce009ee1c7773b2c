// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/report/explain.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
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

/* What was meant for a code, and no file has its name */
static bool looks_like_code(const char *name)
{
	return strncasecmp(name, "VI", 2) == 0 && name[2] &&
	       !name[2 + strspn(name + 2, "0123456789")] && access(name, F_OK) < 0;
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
	if (looks_like_code(options->argv[0])) {
		msg(MSG_ERROR, "explain: there is no code '%s': 'mkvinitrd explain' lists them all",
		    options->argv[0]);
		return STATUS_FAILED;
	}
	if (explain_log(options->argv[0], stdout, &found, &err) < 0) {
		msg(MSG_ERROR, "explain: %s", error_msg(err));
		return STATUS_FAILED;
	}
	return found ? STATUS_OK : STATUS_FAILED;
}
