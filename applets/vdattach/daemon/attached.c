// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/daemon/attached.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/vdattach/dm/disk.h"
#include "applets/vdattach/export/control.h"
#include "applets/vdattach/source/sysfs.h"

struct search {
	const struct source *source;
	struct stat mine;
	struct error **err;
};

static int attached_compare(const struct search *search, const char *path, const char *device)
{
	struct stat other;

	if (stat(path, &other) < 0 || search->mine.st_dev != other.st_dev ||
	    search->mine.st_ino != other.st_ino)
		return 0;
	return error_make(search->err, EBUSY,
			  "%s: already attached for writing as /dev/%s: detach that first, or use "
			  "-r",
			  search->source->name, device);
}

static int look_at_daemon(void *arg, const char *device)
{
	char answer[CONTROL_TEXT_MAX];
	const struct search *search = arg;
	const char *image;
	int r = control_ask(device, "info", false, answer, NULL);

	if (r == -ETIMEDOUT)
		return error_make(search->err, EBUSY,
				  "%s: the daemon of /dev/%s does not answer and may have it "
				  "attached for writing: try again, or use -r",
				  search->source->name, device);
	if (r < 0)
		return 0;
	image = strstr(answer, "\nimage=");
	return image && strstr(answer, "\nread-only=0\n")
		       ? attached_compare(arg, image + strlen("\nimage="), device)
		       : 0;
}

static int look_at_loops(const struct search *search)
{
	struct loop_info *infos = NULL;
	size_t n = 0;
	int r = 0;

	if (sysfs_loops(&infos, &n, NULL) < 0)
		return 0;
	for (size_t i = 0; i < n && r == 0; i++) {
		_cleanup_free_ char *above = NULL;
		const char *name = dm_disk_above(infos[i].name, &above) ? above : infos[i].name;

		if (!infos[i].read_only)
			r = attached_compare(search, infos[i].backing_file, name);
	}
	loop_infos_free(infos, n);
	return r;
}

int attached_refuse(const struct source *source, struct error **err)
{
	struct search search = { .source = source, .err = err };
	int r;

	if (stat(source->name, &search.mine) < 0)
		return 0;
	r = look_at_loops(&search);
	return r < 0 ? r : control_each(look_at_daemon, &search);
}
