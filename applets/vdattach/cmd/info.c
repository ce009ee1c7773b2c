// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/vdattach/cmd/cmd.h"
#include "applets/vdattach/cmd/remote.h"
#include "common/print.h"

/* Bytes that the file takes on its file system. */
static uint64_t allocated(const struct source *source)
{
	struct stat st;

	return fstat(source_file_fd(source), &st) < 0 ? 0 : (uint64_t)st.st_blocks * 512;
}

static void print_format(const struct vd_image *image)
{
	fputs(image->format->name, stdout);
	if (image->variant) {
		fputs(" (", stdout);
		print_text(stdout, image->variant);
		putchar(')');
	}
	putchar('\n');
}

static void cmd_info_print_text(const struct open_disk *disk)
{
	const struct vd_image *image = disk->image;
	const struct partition_table *table = &disk->table;

	fputs("image: ", stdout);
	print_text(stdout, image->source->name);
	fputs("\nformat: ", stdout);
	print_format(image);
	printf("virtual size: %" PRIu64 " bytes\n", image->size);
	printf("file size: %" PRIu64 " bytes, %" PRIu64 " allocated\n", image->source->size,
	       allocated(image->source));
	if (image->block_size)
		printf("block size: %u\n", image->block_size);
	for (const struct vd_image *i = image->parent; i; i = i->parent) {
		fputs("parent: ", stdout);
		print_text(stdout, i->source->name);
		fputs(", format: ", stdout);
		print_format(i);
	}
	printf("partition table: %s%s%s\n", partition_scheme_name(table->scheme),
	       table->hybrid ? " (hybrid)" : "", table->from_backup ? " (from its backup)" : "");
	if (table->scheme == SCHEME_NONE)
		return;
	printf("sector size: %u\n", table->sector_size);
	for (size_t i = 0; i < table->n; i++) {
		const struct partition *p = table->items + i;

		printf("partition %u: start %" PRIu64 " length %" PRIu64 " type %s PARTUUID=%s%s",
		       p->number, p->start, p->length, p->type, p->uuid,
		       *p->label ? " PARTLABEL=" : "");
		print_text(stdout, p->label);
		putchar('\n');
	}
}

static void print_json_chain(const struct vd_image *image)
{
	printf("  \"parents\": [");
	for (const struct vd_image *i = image->parent; i; i = i->parent) {
		printf("%s\n    { \"image\": ", i == image->parent ? "" : ",");
		print_json_text(stdout, i->source->name);
		printf(", \"format\": \"%s\", \"variant\": ", i->format->name);
		if (i->variant)
			print_json_text(stdout, i->variant);
		else
			printf("null");
		printf(", \"virtual-size\": %" PRIu64 " }", i->size);
	}
	puts(image->parent ? "\n  ]," : "],");
}

static void print_json_partitions(const struct partition_table *table)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct partition *p = table->items + i;

		printf("%s\n    { \"number\": %u, \"start\": %" PRIu64 ", \"length\": %" PRIu64
		       ", \"type\": \"%s\", \"uuid\": \"%s\", \"label\": ",
		       i ? "," : "", p->number, p->start, p->length, p->type, p->uuid);
		print_json_text(stdout, p->label);
		printf(", \"extended\": %s }", p->extended ? "true" : "false");
	}
}

static void cmd_info_print_json(const struct open_disk *disk)
{
	const struct vd_image *image = disk->image;
	const struct partition_table *table = &disk->table;

	printf("{\n  \"image\": ");
	print_json_text(stdout, image->source->name);
	printf(",\n  \"format\": \"%s\",\n  \"variant\": ", image->format->name);
	if (image->variant)
		print_json_text(stdout, image->variant);
	else
		printf("null");
	printf(",\n  \"virtual-size\": %" PRIu64 ",\n  \"file-size\": %" PRIu64
	       ",\n  \"allocated\": %" PRIu64 ",\n  \"block-size\": %u,\n",
	       image->size, image->source->size, allocated(image->source), image->block_size);
	print_json_chain(image);
	printf("  \"partition-table\": \"%s\",\n  \"hybrid\": %s,\n  \"from-backup\": %s,\n"
	       "  \"sector-size\": %u,\n  \"partitions\": [",
	       partition_scheme_name(table->scheme), table->hybrid ? "true" : "false",
	       table->from_backup ? "true" : "false", table->sector_size);
	print_json_partitions(table);
	puts(table->n ? "\n  ]\n}" : "]\n}");
}

int cmd_info(const struct options *options, struct error **err)
{
	_cleanup_disk_ struct open_disk disk = { .image = NULL };
	int r;

	if (nbd_uri_is(options->operand))
		return remote_info(options, err);
	r = disk_open(options, true, &disk, err);
	if (r < 0)
		return r;
	disk_warn(&disk);
	if (options->json)
		cmd_info_print_json(&disk);
	else
		cmd_info_print_text(&disk);
	return finish_stdout(err);
}
