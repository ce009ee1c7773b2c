// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "builder/plan/internal.h"
#include "builder/plan/print.h"
#include "common/print.h"

static const char *segment_name(enum segment_kind segment)
{
	static const char *const names[] = { "early", "base", "modules", "stored" };

	return segment < SEGMENT_COUNT ? names[segment] : "?";
}

static const char *kind_name(enum entry_kind kind)
{
	static const char *const names[] = { "file", "dir", "symlink", "node", "pipe", "socket" };

	return names[kind];
}

/*
 * "needed by profile overlay.profile:7 'module virtio_blk'", "needed by virtio_net
 * (overlay.profile:7)", or the reason alone when no line of a profile is behind it.
 */
static void print_reason(const struct plan_item *item, FILE *to)
{
	_cleanup_free_ char *where = plan_location(item);
	bool direct = strncmp(item->reason, "profile '", 9) == 0;

	if (!where || !*where)
		fprintf(to, "%s", item->reason);
	else if (direct)
		fprintf(to, "needed by profile %s %s", where, item->reason + 8);
	else
		fprintf(to, "%s (%s)", item->reason, where);
}

static void print_text_item(const struct plan_item *item, FILE *to)
{
	const struct fs_entry *entry = &item->entry;

	fputs(entry->path, to);
	if (entry->kind == ENTRY_SYMLINK)
		fprintf(to, " -> %s", entry->target);
	fputs("  ", to);
	print_reason(item, to);
	fputc('\n', to);
}

static void plan_print_print_text(const struct plan *plan, FILE *to)
{
	const struct plan_item *item;

	fprintf(to,
		"# kernel %s, profile %s, compressor %s: %" PRIu64 " members, %" PRIu64 " bytes\n",
		plan->kver, plan->profile, plan->compressor, plan->members + 1, plan->bytes);
	vec_foreach(i, item, &plan->items)
		if (item->entry.kind != ENTRY_DIR || item->rank == PLAN_PROFILE)
			print_text_item(item, to);
}

static void print_json_field(const char *name, const char *value, FILE *to)
{
	if (!value)
		return;
	fprintf(to, ", \"%s\": ", name);
	print_json_text(to, value);
}

static void print_json_item(const struct plan_item *item, FILE *to)
{
	const struct fs_entry *entry = &item->entry;
	_cleanup_free_ char *where = plan_location(item);

	fputs("    { \"path\": ", to);
	print_json_text(to, entry->path);
	print_json_field("kind", kind_name(entry->kind), to);
	print_json_field("segment", segment_name(entry->segment), to);
	fprintf(to, ", \"mode\": \"%04o\", \"uid\": %u, \"gid\": %u", entry->mode & 07777,
		entry->uid, entry->gid);
	if (entry->kind == ENTRY_FILE)
		fprintf(to, ", \"size\": %" PRIu64, entry->size);
	if (entry->kind == ENTRY_NODE)
		fprintf(to, ", \"major\": %u, \"minor\": %u", major(entry->rdev),
			minor(entry->rdev));
	print_json_field("source", entry->source, to);
	print_json_field("target", entry->target, to);
	print_json_field("reason", item->reason, to);
	print_json_field("profile", where && *where ? where : NULL, to);
	fputs(" }", to);
}

static void plan_print_json_items(const struct plan *plan, FILE *to)
{
	const struct plan_item *item;
	const char *note;

	fputs("{\n  \"kernel\": ", to);
	print_json_text(to, plan->kver);
	print_json_field("profile", plan->profile, to);
	print_json_field("compressor", plan->compressor, to);
	fprintf(to, ",\n  \"members\": %" PRIu64 ", \"bytes\": %" PRIu64 ",\n  \"notes\": [",
		plan->members + 1, plan->bytes);
	vec_foreach(i, note, &plan->notes) {
		fputs(i ? ", " : " ", to);
		print_json_text(to, note);
	}
	fputs(" ],\n  \"items\": [\n", to);
	vec_foreach(i, item, &plan->items) {
		print_json_item(item, to);
		fputs(i + 1 < plan->items.len ? ",\n" : "\n", to);
	}
	fputs("  ]\n}\n", to);
}

int plan_print(const struct plan *plan, enum plan_format format, const char *spill, FILE *to,
	       struct error **err)
{
	switch (format) {
	case PLAN_TEXT:
		plan_print_print_text(plan, to);
		return 0;
	case PLAN_JSON:
		plan_print_json_items(plan, to);
		return 0;
	case PLAN_LIST:
		return plan_print_list(plan, spill, to, err);
	}
	return error_make(err, EINVAL, "unknown format");
}
