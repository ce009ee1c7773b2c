// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/modules/name.h"

#include <string.h>

bool module_name(const char *path, size_t len, char *buf, size_t size)
{
	const char *slash = memrchr(path, '/', len);
	const char *name = slash ? slash + 1 : path;
	const char *end = path + len;
	size_t i = 0;

	for (; name < end && *name != '.'; name++) {
		if (i + 1 >= size)
			return false;
		buf[i++] = *name == '-' ? '_' : *name;
	}
	buf[i] = '\0';
	return i > 0;
}

void module_name_fold(char *name)
{
	bool range = false;

	for (; *name; name++) {
		if (*name == '[')
			range = true;
		else if (*name == ']')
			range = false;
		else if (*name == '-' && !range)
			*name = '_';
	}
}
