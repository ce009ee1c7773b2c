// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "builder/cmd/command.h"
#include "builder/cmd/image.h"
#include "common/msg.h"
#include "common/print.h"

struct listing {
	const struct options *options;
	const char *separator; /* of JSON values */
};

static char type_letter(uint32_t mode)
{
	static const char letters[] = "?pc?d?b?-?l?s???";

	return letters[mode >> 12 & 15];
}

/* As ls(1) writes it: "-rwsr-xr-x". */
static void format_mode(uint32_t mode, char text[static 11])
{
	static const char bits[] = "rwxrwxrwx";
	static const struct {
		uint32_t bit;
		int pos;
		const char *letters; /* with and without execute */
	} special[] = { { S_ISUID, 3, "sS" }, { S_ISGID, 6, "sS" }, { S_ISVTX, 9, "tT" } };

	text[0] = type_letter(mode);
	for (int i = 0; i < 9; i++)
		text[1 + i] = mode & (0400U >> i) ? bits[i] : '-';
	for (size_t i = 0; i < ARRAY_SIZE(special); i++)
		if (mode & special[i].bit)
			text[special[i].pos] = special[i].letters[text[special[i].pos] == '-'];
	text[10] = '\0';
}

static void format_time(uint32_t mtime, char text[static 32])
{
	time_t t = mtime;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, 32, "%Y-%m-%d %H:%M", &tm);
}

static bool is_device(uint32_t mode)
{
	return S_ISBLK(mode) || S_ISCHR(mode);
}

static void print_long(const struct image_entry *entry)
{
	char mode[11], date[32], size[32];

	format_mode(entry->mode, mode);
	format_time(entry->mtime, date);
	if (is_device(entry->mode))
		snprintf(size, sizeof(size), "%u, %u", entry->rdev_major, entry->rdev_minor);
	else
		snprintf(size, sizeof(size), "%" PRIu64, entry->size);
	printf("%s %3u %-5u %-5u %10s %s ", mode, entry->nlink, entry->uid, entry->gid, size, date);
}

static int list_entry(void *context, const struct image_entry *entry, struct error **err)
{
	const struct listing *listing = context;

	if (listing->options->long_format)
		print_long(entry);
	image_print_name(entry->path);
	if (listing->options->long_format && entry->link_target) {
		fputs(" -> ", stdout);
		image_print_name(entry->link_target);
	}
	putchar('\n');
	return 0;
}

static int list_segment(void *context, const struct image_segment *segment, struct error **err)
{
	const struct listing *listing = context;

	if (listing->options->verbose)
		printf("# segment %u at offset 0x%" PRIx64 ", compressor %s\n", segment->index,
		       segment->offset, segment->compressor);
	return 0;
}

static int list_json(void *context, const struct image_entry *entry, struct error **err)
{
	struct listing *listing = context;

	printf("%s{\"segment\":%u,\"segment_offset\":%" PRIu64 ",\"compressor\":\"%s\",\"path\":",
	       listing->separator, entry->segment->index, entry->segment->offset,
	       entry->segment->compressor);
	listing->separator = ",\n";
	print_json_text(stdout, entry->path);
	printf(",\"type\":\"%c\",\"mode\":\"%04o\",\"uid\":%u,\"gid\":%u,\"nlink\":%u,\"mtime\":%u,"
	       "\"size\":%" PRIu64,
	       type_letter(entry->mode), entry->mode & 07777, entry->uid, entry->gid, entry->nlink,
	       entry->mtime, entry->size);
	if (is_device(entry->mode))
		printf(",\"major\":%u,\"minor\":%u", entry->rdev_major, entry->rdev_minor);
	if (entry->link_target) {
		fputs(",\"target\":", stdout);
		print_json_text(stdout, entry->link_target);
	}
	putchar('}');
	return 0;
}

static int list(struct image_file *file, const struct options *options, struct error **err)
{
	struct listing listing = { options, "[\n" };
	int r;

	if (options->format != PLAN_JSON)
		return image_file_walk(file, list_segment, list_entry, &listing, err);
	r = image_file_walk(file, NULL, list_json, &listing, err);
	printf("%s]\n", listing.separator[0] == '[' ? "[" : "\n");
	return r;
}

int cmd_ls(const struct options *options)
{
	enum exit_status status = STATUS_OK;

	for (int i = 0; i < options->argc; i++) {
		_cleanup_error_ struct error *err = NULL;
		struct image_file file;
		int r = image_file_open(&file, options->argv[i], &err);

		if (options->argc > 1 && options->format != PLAN_JSON)
			printf("%s%s:\n", i ? "\n" : "", options->argv[i]);
		if (r >= 0)
			r = list(&file, options, &err);
		if (r < 0)
			msg(MSG_ERROR, "ls: %s", error_msg(err));
		if (r < 0 || file.damaged)
			status = STATUS_FAILED;
		image_file_close(&file);
	}
	return status;
}
