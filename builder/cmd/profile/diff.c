// SPDX-License-Identifier: GPL-2.0-or-later
/* mkvinitrd profile diff A B: two profiles, by what would be in their images */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/cmd/build.h"
#include "builder/cmd/profile/profile.h"
#include "common/msg.h"
#include "common/print.h"

#define DIFFERENT 1 /* as diff(1) */

struct plan_changes {
	unsigned added, removed, changed;
	bool settings;
};

/* Members that tell of the image itself: they differ whenever anything does. */
static bool tells_of_image(const char *path)
{
	return !strcmp(path, PLAN_WHY_PATH) || !strcmp(path, PLAN_IMAGE_PATH) ||
	       !strcmp(path, "etc/mkvinitrd/sentinel");
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Comments of the defaults name lines of the profile. */
static const char *next_setting(const char *text)
{
	while (*text == '#' || *text == '\n') {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return text;
}

static bool has_setting(const char *text, const char *line, size_t len)
{
	for (text = next_setting(text); *text; text = next_setting(text)) {
		size_t n = strcspn(text, "\n");

		if (n == len && memcmp(text, line, len) == 0)
			return true;
		text += n + (text[n] == '\n');
	}
	return false;
}

/* Lines of `text` that `other` does not have. */
static bool print_settings(char sign, const char *text, const char *other)
{
	bool any = false;

	for (text = next_setting(text); *text; text = next_setting(text)) {
		size_t n = strcspn(text, "\n");

		if (!has_setting(other, text, n)) {
			_cleanup_free_ char *line = strndup(text, n);

			printf("%c default ", sign);
			print_text(stdout, line ? line : "");
			putchar('\n');
			any = true;
		}
		text += n + (text[n] == '\n');
	}
	return any;
}

static const char *settings_of(const struct plan_item *item)
{
	return item && item->entry.data ? item->entry.data : "";
}

static bool same_content(const struct fs_entry *a, const struct fs_entry *b)
{
	if (a->kind != ENTRY_FILE)
		return is_same_text(a->target, b->target) && a->rdev == b->rdev;
	if (a->data && b->data)
		return a->size == b->size && memcmp(a->data, b->data, (size_t)a->size) == 0;
	return a->size == b->size && is_same_text(a->source, b->source) && !a->data && !b->data;
}

static bool same_member(const struct fs_entry *a, const struct fs_entry *b)
{
	return a->kind == b->kind && a->mode == b->mode && a->uid == b->uid && a->gid == b->gid &&
	       same_content(a, b);
}

static void print_member_line(char sign, const struct plan_item *item)
{
	_cleanup_free_ char *where = plan_location(item);

	printf("%c ", sign);
	print_text(stdout, item->entry.path);
	if (item->entry.kind == ENTRY_FILE)
		printf(" (%" PRIu64 " bytes)", item->entry.size);
	fputs("  ", stdout);
	print_text(stdout, item->reason);
	if (where && *where) {
		fputs(" (", stdout);
		print_text(stdout, where);
		putchar(')');
	}
	putchar('\n');
}

static void print_changed(const struct fs_entry *a, const struct fs_entry *b)
{
	fputs("~ ", stdout);
	print_text(stdout, b->path);
	if (a->size != b->size)
		printf(" (%" PRIu64 " -> %" PRIu64 " bytes)", a->size, b->size);
	if (a->mode != b->mode)
		printf(" (mode %04o -> %04o)", a->mode & 07777, b->mode & 07777);
	putchar('\n');
}

static void compare_members(const struct plan_item *a, const struct plan_item *b,
			    struct plan_changes *changes)
{
	const struct plan_item *any = b ? b : a;

	if (!any || tells_of_image(any->entry.path))
		return;
	if (!strcmp(any->entry.path, PLAN_DEFAULTS_PATH)) {
		changes->settings |= print_settings('-', settings_of(a), settings_of(b));
		changes->settings |= print_settings('+', settings_of(b), settings_of(a));
		return;
	}
	if (!a) {
		changes->added++;
		print_member_line('+', b);
	} else if (!b) {
		changes->removed++;
		print_member_line('-', a);
	} else if (!same_member(&a->entry, &b->entry)) {
		changes->changed++;
		print_changed(&a->entry, &b->entry);
	}
}

/* Both are sorted by path. */
static void compare_plans(const struct plan *a, const struct plan *b, struct plan_changes *changes)
{
	size_t i = 0, k = 0;

	while (i < a->items.len || k < b->items.len) {
		const struct plan_item *left = i < a->items.len ? a->items.items[i] : NULL;
		const struct plan_item *right = k < b->items.len ? b->items.items[k] : NULL;
		int order = !left ? 1 : !right ? -1 : strcmp(left->entry.path, right->entry.path);

		compare_members(order <= 0 ? left : NULL, order >= 0 ? right : NULL, changes);
		i += order <= 0;
		k += order >= 0;
	}
}

static bool compare_compression(const struct plan *a, const struct plan *b)
{
	if (!strcmp(a->compressor, b->compressor) && a->level == b->level)
		return false;
	printf("~ compress %s -> %s", a->compressor, b->compressor);
	if (b->level >= 0)
		printf(" %d", b->level);
	putchar('\n');
	return true;
}

static int print_changes(const struct plan *a, const struct plan *b)
{
	struct plan_changes changes = { 0 };
	bool differs;

	compare_plans(a, b, &changes);
	differs = compare_compression(a, b);
	differs |= changes.added || changes.removed || changes.changed || changes.settings;
	if (!differs) {
		puts("no difference in the image");
		return STATUS_OK;
	}
	printf("%u added, %u removed, %u changed; %" PRIu64 " -> %" PRIu64
	       " bytes unpacked (%+" PRId64 ")\n",
	       changes.added, changes.removed, changes.changed, a->bytes, b->bytes,
	       (int64_t)b->bytes - (int64_t)a->bytes);
	return DIFFERENT;
}

int profile_diff(const struct options *options)
{
	struct options of_a = *options, of_b = *options;
	struct job a = { 0 }, b = { 0 };
	int status;

	if (options->argc != 3) {
		msg(MSG_ERROR, "'profile diff' compares two profiles");
		return STATUS_USAGE;
	}
	of_a.profile = options->argv[1];
	of_b.profile = options->argv[2];
	status = job_prepare(&a, &of_a);
	if (status == STATUS_OK)
		status = job_prepare(&b, &of_b);
	/* 1 is for a difference */
	status = status == STATUS_FAILED ? STATUS_USAGE : status;
	if (status == STATUS_OK)
		status = print_changes(&a.plan, &b.plan);
	job_release(&a);
	job_release(&b);
	return status;
}
