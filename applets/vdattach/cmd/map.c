// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>

#include "applets/vdattach/cmd/cmd.h"

static const char *yes(bool value)
{
	return value ? "true" : "false";
}

/* The keys of `qemu-img map --output=json`. */
static void cmd_map_print_json(uint64_t start, const struct vd_map_entry *entry)
{
	printf("%s{ \"start\": %" PRIu64 ", \"length\": %" PRIu64
	       ", \"depth\": %u, \"present\": %s, \"zero\": %s, \"data\": %s",
	       start ? ",\n" : "[", start, entry->length, entry->depth, yes(entry->present),
	       yes(entry->zero), yes(entry->data));
	if (entry->offset_valid)
		printf(", \"offset\": %" PRIu64, entry->offset);
	putchar('}');
}

/* Like `qemu-img map`, text shows only what takes space in a file. */
static void cmd_map_print_text(uint64_t start, const struct vd_map_entry *entry)
{
	if (!entry->data)
		return;
	if (entry->offset_valid)
		printf("%-16" PRIu64 " %-16" PRIu64 " %-16" PRIu64 " %s\n", start, entry->length,
		       entry->offset, entry->file->name);
	else
		printf("%-16" PRIu64 " %-16" PRIu64 " %-16s -\n", start, entry->length, "-");
}

static bool cmd_map_continues(const struct vd_map_entry *a, const struct vd_map_entry *b)
{
	return a->depth == b->depth && a->present == b->present && a->zero == b->zero &&
	       a->data == b->data && a->offset_valid == b->offset_valid &&
	       (!a->offset_valid || (a->file == b->file && a->offset + a->length == b->offset));
}

/* Entries that continue each other are printed as one. */
static int cmd_map_walk(struct vd_image *image,
			void (*print)(uint64_t, const struct vd_map_entry *), struct error **err)
{
	struct vd_map_entry run = { .length = 0 }, entry;
	uint64_t start = 0, offset = 0;

	while (offset < image->size) {
		int r = vd_image_map(image, offset, &entry, err);

		if (r < 0)
			return r;
		if (run.length && cmd_map_continues(&run, &entry)) {
			run.length += entry.length;
		} else {
			if (run.length)
				print(start, &run);
			start = offset;
			run = entry;
		}
		offset += entry.length;
	}
	print(start, &run);
	return 0;
}

int cmd_map(const struct options *options, struct error **err)
{
	_cleanup_disk_ struct open_disk disk = { .image = NULL };
	int r = disk_open(options, true, &disk, err);

	if (r < 0)
		return r;
	disk_warn(&disk);
	if (!options->json)
		printf("%-16s %-16s %-16s %s\n", "Offset", "Length", "Mapped to", "File");
	r = cmd_map_walk(disk.image, options->json ? cmd_map_print_json : cmd_map_print_text, err);
	if (r < 0)
		return r;
	if (options->json)
		puts("]");
	return finish_stdout(err);
}
