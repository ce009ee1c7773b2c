// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "applets/vdattach/cmd/cmd.h"
#include "applets/vdattach/dm/disk.h"
#include "applets/vdattach/export/control.h"
#include "applets/vdattach/source/sysfs.h"
#include "common/msg.h"
#include "common/print.h"

struct listing {
	bool json;
	unsigned int n; /* printed */
};

struct entry {
	const char *device, *exporter, *image;
	uint64_t offset, size;
	long pid, worker; /* of the supervisor, 0 = no daemon */
	bool read_only;
};

static void cmd_list_print_json(const struct entry *e, bool first)
{
	printf("%s\n  { \"device\": \"/dev/%s\", \"image\": ", first ? "" : ",", e->device);
	print_json_text(stdout, e->image);
	printf(", \"exporter\": \"%s\"", e->exporter);
	if (e->pid)
		printf(", \"pid\": %ld, \"worker\": %ld", e->pid, e->worker);
	printf(", \"offset\": %" PRIu64 ", \"size\": %" PRIu64 ", \"read-only\": %s }", e->offset,
	       e->size, e->read_only ? "true" : "false");
}

static void print_entry(struct listing *listing, const struct entry *e)
{
	if (listing->json) {
		cmd_list_print_json(e, listing->n == 0);
	} else {
		printf("/dev/%s %s %s %ld %" PRIu64 " %" PRIu64 " ", e->device,
		       e->read_only ? "ro" : "rw", e->exporter, e->pid, e->offset, e->size);
		print_text(stdout, e->image);
		putchar('\n');
	}
	listing->n++;
}

/* The value of "key=value" in the lines of text; up to the end of the line, in place. "" = none */
static char *value_of(char *text, const char *key)
{
	static char none[] = "";
	size_t n = strlen(key);

	for (char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, n) == 0 && line[n] == '=')
			return line + n + 1;
	}
	return none;
}

static char *cut(char *value)
{
	value[strcspn(value, "\n")] = '\0';
	return value;
}

/* A daemon that ends while it is asked is not attached any more. */
static int list_daemon(void *arg, const char *device)
{
	char answer[CONTROL_TEXT_MAX];
	struct entry e = { .device = device };
	_cleanup_error_ struct error *err = NULL;
	int r = control_ask(device, "info", false, answer, &err);

	if (r == -ETIMEDOUT)
		msg(MSG_WARNING, "/dev/%s: %s", device, error_msg(err));
	if (r < 0)
		return 0;
	e.pid = strtol(value_of(answer, "supervisor"), NULL, 10);
	e.worker = strtol(value_of(answer, "worker"), NULL, 10);
	e.size = strtoull(value_of(answer, "size"), NULL, 10);
	e.read_only = *value_of(answer, "read-only") == '1';
	/* the image is the last, and may have newlines in its name */
	e.image = value_of(answer, "image");
	e.exporter = cut(value_of(answer, "exporter"));
	print_entry(arg, &e);
	return 0;
}

static int list_loops(struct listing *listing, struct error **err)
{
	struct loop_info *infos = NULL;
	size_t n = 0;
	int r = sysfs_loops(&infos, &n, err);

	for (size_t i = 0; i < n && r == 0; i++) {
		_cleanup_free_ char *above = NULL;
		bool mapped = dm_disk_above(infos[i].name, &above);
		struct entry e = {
			.device = mapped ? above : infos[i].name,
			.exporter = mapped ? "dm" : "loop",
			.image = infos[i].backing_file,
			.offset = infos[i].offset,
			.size = infos[i].size,
			.read_only = infos[i].read_only,
		};

		/* the files below a disk without a daemon: each is a line of its own */
		if (mapped && sysfs_read_u64(above, "size", &e.size) == 0)
			e.size *= 512;
		if (!control_exists(e.device))
			print_entry(listing, &e);
	}
	loop_infos_free(infos, n);
	return r;
}

/* Disks that lie straight on a device of the host: nothing tells of their files. */
static int list_direct(const char *name, void *arg)
{
	struct listing *listing = arg;
	struct entry e = { .device = name, .exporter = "direct" };
	_cleanup_free_ char *whole = NULL, *below = NULL, *image = NULL;
	uint64_t ro = 0;

	if (!dm_disk_is_ours(name) || dm_disk_whole(name, &whole) < 0 || strcmp(whole, name) != 0 ||
	    control_exists(name) || !dm_disk_below(name, &below))
		return 0;
	if (sysfs_read_u64(name, "size", &e.size) < 0 || sysfs_read_u64(name, "ro", &ro) < 0 ||
	    asprintf(&image, "/dev/%s", below) < 0)
		return 0;
	e.size *= 512;
	e.read_only = ro;
	e.image = image;
	print_entry(listing, &e);
	return 0;
}

int cmd_list(const struct options *options, struct error **err)
{
	struct listing listing = { .json = options->json };
	int r;

	if (options->json)
		putchar('[');
	r = list_loops(&listing, err);
	if (r < 0)
		return r;
	(void)dm_disk_all(list_direct, &listing);
	control_each(list_daemon, &listing);
	if (options->json)
		puts(listing.n ? "\n]" : "]");
	return finish_stdout(err);
}
