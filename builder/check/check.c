// SPDX-License-Identifier: GPL-2.0-or-later
/* Walks an image as the kernel would, and compares the hash in its sentinel with the members. */
#include "builder/check/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "builder/check/internal.h"
#include "builder/image/program.h"
#include "common/bytes.h"

static void finding_free(void *item)
{
	struct check_finding *finding = item;

	free(finding->text);
	free(finding);
}

void check_report_release(struct check_report *report)
{
	vec_clear(&report->findings, finding_free);
	vec_clear(&report->notes, free);
}

void check_add(struct check *check, const char *rule, uint64_t offset, const char *fmt, ...)
{
	struct check_finding *finding = calloc(1, sizeof(*finding));
	va_list ap;

	if (!finding)
		return;
	*finding = (struct check_finding){ .rule = rule, .offset = offset };
	va_start(ap, fmt);
	if (vasprintf(&finding->text, fmt, ap) < 0)
		finding->text = NULL;
	va_end(ap);
	if (vec_push(&check->report->findings, finding) < 0)
		finding_free(finding);
}

void check_note(struct check *check, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	if (text && vec_push(&check->report->notes, text) < 0)
		free(text);
}

bool check_is_ours(const struct check *check)
{
	return image_tree_find(&check->tree, "etc/mkvinitrd/image");
}

/* check_add keeps the rule's name: image_walk gives names that stay. */
static int on_violation(void *context, const char *rule, uint64_t offset, const char *text,
			struct error **err)
{
	struct check *check = context;

	check->broken_walk = true;
	check_add(check, rule, offset, "%s", text);
	return 0;
}

static int on_segment(void *context, const struct image_segment *segment, struct error **err)
{
	struct check *check = context;
	struct image_segment *copy = malloc(sizeof(*copy));

	if (!copy || vec_push(&check->segments, copy) < 0) {
		free(copy);
		return error_no_memory(err);
	}
	*copy = *segment;
	check->report->segments++;
	return 0;
}

static int keep_sentinel(struct check *check, const struct image_entry *entry, struct error **err)
{
	free(check->sentinel);
	check->sentinel = strndup((const char *)entry->data, (size_t)entry->size);
	check->sealed = check->stats;
	return check->sentinel ? 0 : error_no_memory(err);
}

static int check_on_entry(void *context, const struct image_entry *entry, struct error **err)
{
	struct check *check = context;
	bool regular = S_ISREG(entry->mode);
	int r = image_tree_add(&check->tree, entry, err);

	if (r)
		return r;
	check->report->members++;
	check->report->unpacked += regular ? entry->size : 0;
	if (regular && strcmp(entry->path, SENTINEL_PATH) == 0)
		return keep_sentinel(check, entry, err);
	cpio_stats_add_bytes(&check->stats, entry->member, entry->member_size,
			     regular ? entry->size : 0);
	return 0;
}

static int on_content(void *context, struct tree_file *file, const struct image_entry *entry,
		      struct error **err)
{
	check_see_module(context, entry);
	file->facts = program_read(entry->data, (size_t)entry->size);
	return 0;
}

/* The last member of our images tells how many came before it, and what they were. */
static void check_sentinel(struct check *check)
{
	_cleanup_free_ char *expected = NULL;

	/* members behind it are someone's additions, and as good as those of any other image */
	if (!check_is_ours(check) || check->broken_walk)
		return;
	if (!check->sentinel) {
		check_add(check, "truncated", CHECK_NO_OFFSET,
			  "the last member, /%s, is missing: the image is not whole; copy or build"
			  " it again",
			  SENTINEL_PATH);
		return;
	}
	expected = cpio_sentinel(&check->sealed);
	if (expected && strcmp(check->sentinel, expected) != 0)
		check_add(check, "truncated", CHECK_NO_OFFSET,
			  "/%s does not match the %" PRIu64
			  " members before it: some are missing or damaged; copy or build the image"
			  " again",
			  SENTINEL_PATH, check->sealed.members);
}

int check_run(const uint8_t *image, size_t len, const char *name, const struct host *host,
	      struct check_report *report, struct error **err)
{
	struct check check = { .report = report, .host = host };
	const struct image_visitor visitor = { .segment = on_segment,
					       .entry = check_on_entry,
					       .violation = on_violation,
					       .context = &check };
	int r;

	check.tree.content = on_content;
	check.tree.context = &check;
	check.tree.free_facts = program_free;
	r = image_walk(image, len, name, &visitor, err);
	if (r >= 0) {
		image_tree_finish(&check.tree);
		check_kernel(&check);
		if (!check.broken_walk) {
			check_start(&check);
			check_machine(&check);
		}
		check_sentinel(&check);
	}
	image_tree_release(&check.tree);
	vec_clear(&check.segments, free);
	free(check.sentinel);
	return r;
}
