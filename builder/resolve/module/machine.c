// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/module/machine.h"

#include <stdio.h>
#include <string.h>

#include "builder/host/places.h"
#include "builder/resolve/module/inflate.h"
#include "builder/util/machine.h"
#include "builder/util/readfile.h"

/* A damaged or foreign file among them is said where it is packed. */
#define TRIES 8

static uint16_t machine_of_module(const struct host *host, const char *path)
{
	_cleanup_free_ char *real = NULL, *data = NULL;
	size_t len;

	if (host_resolve_below(host, host->modules_dir, path, &real, NULL) < 0 ||
	    inflate_file(real, &data, &len, NULL) < 0)
		return 0;
	return machine_read(data, len);
}

uint16_t module_machine(const struct host *host)
{
	_cleanup_free_ char *index = NULL, *text = NULL;
	uint16_t machine = 0;
	char *rest = NULL, *line;

	if (asprintf(&index, "%s/modules.dep", host->modules_dir) < 0) {
		index = NULL;
		return 0;
	}
	if (read_file(index, &text, NULL, NULL) < 0)
		return 0;
	line = strtok_r(text, "\n", &rest);
	for (int tries = 0; line && !machine && tries < TRIES; tries++) {
		line[strcspn(line, ":")] = '\0';
		machine = machine_of_module(host, line);
		line = strtok_r(NULL, "\n", &rest);
	}
	return machine;
}
