// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/cmd/command.h"
#include "builder/cmd/image.h"
#include "builder/image/unpack.h"
#include "common/msg.h"

struct unpacking {
	struct unpack *unpack;
	const struct options *options;
	unsigned failed, devices; /* members that did not come out; device nodes among them */
};

/* A member that fails is reported and does not stop the others. */
static int unpack_entry(void *context, const struct image_entry *entry, struct error **err)
{
	struct unpacking *unpacking = context;
	_cleanup_error_ struct error *why = NULL;
	int r = unpack_member(unpacking->unpack, entry, &why);
	bool device = S_ISBLK(entry->mode) || S_ISCHR(entry->mode);

	if (r >= 0) {
		if (unpacking->options->verbose) {
			image_print_name(entry->path);
			putchar('\n');
		}
		return 0;
	}
	if (r == -ENOSPC || r == -EDQUOT || r == -EIO)
		return error_move(err, steal_ptr(&why));
	unpacking->failed++;
	if (r == -EPERM && device)
		unpacking->devices++;
	else
		msg(MSG_ERROR, "unpack: %s", error_msg(why));
	return 0;
}

static int unpack_all(struct image_file *file, struct unpacking *unpacking, struct error **err)
{
	const struct options *options = unpacking->options;
	const char *directory = options->directory ? options->directory : ".";
	int r = unpack_open(directory, &unpacking->unpack, err);

	if (r >= 0)
		r = image_file_walk(file, NULL, unpack_entry, unpacking, err);
	if (r >= 0)
		r = unpack_finish(unpacking->unpack, err);
	unpack_close(unpacking->unpack);
	return r;
}

int cmd_unpack(const struct options *options)
{
	struct unpacking unpacking = { .options = options };
	_cleanup_error_ struct error *err = NULL;
	struct image_file file;
	int r;

	r = image_file_open(&file, options->argv[0], &err);
	if (r >= 0)
		r = unpack_all(&file, &unpacking, &err);
	if (r < 0)
		msg(MSG_ERROR, "unpack: %s", error_msg(err));
	if (unpacking.devices)
		msg(MSG_ERROR, "unpack: %u device nodes were left out: only root can make them",
		    unpacking.devices);
	image_file_close(&file);
	return r < 0 || unpacking.failed || file.damaged ? STATUS_FAILED : STATUS_OK;
}
