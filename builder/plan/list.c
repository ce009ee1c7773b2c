// SPDX-License-Identifier: GPL-2.0-or-later
/* The plan as a list for the kernel's usr/gen_init_cpio. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "builder/plan/internal.h"
#include "builder/plan/print.h"
#include "builder/util/sentinel.h"

#define SPILL_DEFAULT "spill"

/* gen_init_cpio takes words apart with scanf and puts environment variables in for ${...}. */
static int check_word(const char *word, struct error **err)
{
	if (!strpbrk(word, " \t\n\r\v\f") && !strstr(word, "${"))
		return 0;
	return error_make(
		err, EINVAL,
		"'%s' has a blank or '${': the format of gen_init_cpio has no way to write it",
		word);
}

static int write_spill(const char *path, const struct fs_entry *entry, struct error **err)
{
	FILE *file = fopen(path, "we");
	bool failed;

	if (!file)
		return error_sys(err, errno, "cannot write '%s'", path);
	failed = fwrite(entry->data, 1, entry->size, file) != entry->size;
	if (fclose(file) != 0 || failed)
		return error_sys(err, errno ? errno : EIO, "cannot write '%s'", path);
	return 0;
}

static int print_file(const struct fs_entry *entry, const char *spill, size_t number, FILE *to,
		      struct error **err)
{
	_cleanup_free_ char *spilled = NULL;
	const char *source = entry->source;
	int r = 0;

	if (entry->data) {
		if (asprintf(&spilled, "%s/%zu", spill ? spill : SPILL_DEFAULT, number) < 0)
			return error_no_memory(err);
		if (spill)
			r = write_spill(spilled, entry, err);
		source = spilled;
	}
	if (r == 0)
		r = check_word(source, err);
	if (r == 0)
		fprintf(to, "file /%s %s 0%o %u %u\n", entry->path, source, entry->mode, entry->uid,
			entry->gid);
	return r;
}

static int print_link(const struct fs_entry *entry, FILE *to, struct error **err)
{
	int r = check_word(entry->target, err);

	if (r == 0)
		fprintf(to, "slink /%s %s 0777 %u %u\n", entry->path, entry->target, entry->uid,
			entry->gid);
	return r;
}

static void print_special(const struct fs_entry *entry, const char *word, FILE *to)
{
	fprintf(to, "%s /%s 0%o %u %u", word, entry->path, entry->mode & 07777, entry->uid,
		entry->gid);
	if (entry->kind == ENTRY_NODE)
		fprintf(to, " %c %u %u", S_ISBLK(entry->mode) ? 'b' : 'c', major(entry->rdev),
			minor(entry->rdev));
	fputc('\n', to);
}

static int print_item(const struct fs_entry *entry, const char *spill, size_t number, FILE *to,
		      struct error **err)
{
	int r = check_word(entry->path, err);

	if (r < 0)
		return r;
	switch (entry->kind) {
	case ENTRY_FILE:
		return print_file(entry, spill, number, to, err);
	case ENTRY_SYMLINK:
		return print_link(entry, to, err);
	case ENTRY_DIR:
		print_special(entry, "dir", to);
		return 0;
	case ENTRY_NODE:
		print_special(entry, "nod", to);
		return 0;
	case ENTRY_PIPE:
		print_special(entry, "pipe", to);
		return 0;
	case ENTRY_SOCKET:
		print_special(entry, "sock", to);
		return 0;
	}
	return 0;
}

int plan_print_list(const struct plan *plan, const char *spill, FILE *to, struct error **err)
{
	const struct plan_item *item, *last = NULL;
	int r = 0;

	if (spill && mkdir(spill, 0777) < 0 && errno != EEXIST)
		return error_sys(err, errno, "cannot make the directory '%s'", spill);
	vec_foreach(i, item, &plan->items) {
		if (strcmp(item->entry.path, SENTINEL_PATH) == 0)
			last = item;
		else
			r = print_item(&item->entry, spill, i, to, err);
		if (r < 0)
			return r;
	}
	return last ? print_item(&last->entry, spill, plan->items.len, to, err) : 0;
}
