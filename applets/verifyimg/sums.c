// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/verifyimg/sums.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/file.h"

/* "HEX  NAME" or, of sha256sum -b, "HEX *NAME"; a path before the name does not count. */
static bool is_line_of(const char *line, const char *name)
{
	const char *file = line + SUMS_HEX + 2;

	if (strspn(line, "0123456789abcdefABCDEF") != SUMS_HEX || line[SUMS_HEX] != ' ' ||
	    (file[-1] != ' ' && file[-1] != '*'))
		return false;
	if (strncmp(file, "./", 2) == 0)
		file += 2;
	return strcmp(file, name) == 0;
}

int sums_find(const char *path, const char *name, char ret[SUMS_HEX + 1], struct error **err)
{
	_cleanup_free_ char *text = NULL;
	char *rest = NULL;
	int found = 0, r = read_text(path, &text, NULL);

	if (r < 0)
		return error_sys(err, r, "cannot read '%s'", path);
	for (char *line = strtok_r(text, "\r\n", &rest); line;
	     line = strtok_r(NULL, "\r\n", &rest)) {
		if (!is_line_of(line, name))
			continue;
		found++;
		memcpy(ret, line, SUMS_HEX);
		ret[SUMS_HEX] = '\0';
	}
	if (found == 1)
		return 0;
	return error_make(err, ENOENT, "'%s' has %s line for '%s'", path,
			  found ? "more than one" : "no", name);
}
