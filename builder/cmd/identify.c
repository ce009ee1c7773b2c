// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/identify/identify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "builder/cmd/command.h"
#include "builder/cmd/image.h"
#include "common/msg.h"
#include "common/print.h"

/* NAME='text', whatever text has, for eval. */
static void print_assignment(const char *name, const char *text)
{
	printf("%s='", name);
	for (const char *p = text ? text : ""; *p; p++) {
		if (*p == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*p);
	}
	fputs("'\n", stdout);
}

static void print_shell(const char *path, const struct root_facts *facts)
{
	char size[24];

	snprintf(size, sizeof(size), "%" PRIu64, facts->virtual_size);
	print_assignment("file", path);
	print_assignment("kind", facts->kind);
	print_assignment("compression", facts->compression);
	print_assignment("format", facts->format);
	print_assignment("mode", root_mode_name(facts->mode));
	print_assignment("virtual_size", facts->virtual_size ? size : "");
	print_assignment("label", facts->label);
	print_assignment("uuid", facts->uuid);
}

static void print_member(const char *name, const char *text)
{
	printf(", \"%s\": ", name);
	if (text && *text)
		print_json_text(stdout, text);
	else
		fputs("null", stdout);
}

/* One object a line, so that one file gives one object. */
static void print_json(const char *path, const struct root_facts *facts, const char *problem)
{
	fputs("{\"file\": ", stdout);
	print_json_text(stdout, path);
	print_member("kind", facts->kind);
	print_member("compression", facts->compression);
	print_member("format", facts->format);
	print_member("mode", facts->kind ? root_mode_name(facts->mode) : NULL);
	printf(", \"size\": %" PRIu64 ", \"virtual_size\": ", facts->size);
	if (facts->virtual_size)
		printf("%" PRIu64, facts->virtual_size);
	else
		fputs("null", stdout);
	print_member("label", facts->label);
	print_member("uuid", facts->uuid);
	print_member("problem", problem);
	fputs("}\n", stdout);
}

static void print_field(const char *name, const char *text)
{
	if (!*text)
		return;
	printf(", %s=", name);
	image_print_name(text);
}

static void print_size(uint64_t size)
{
	bool small = size < MIB;
	uint64_t tenths = size * 10 >> (small ? 10 : 20);

	printf("%" PRIu64 ".%u %s", tenths / 10, (unsigned)(tenths % 10), small ? "KiB" : "MiB");
}

/* "root.sqfs: squashfs (zstd), 12.3 MiB, mode overlay" */
static void print_facts(const char *path, const struct root_facts *facts)
{
	bool disk = !strcmp(facts->kind, "disk");

	image_print_name(path);
	if (disk)
		printf(": %s disk", facts->format);
	else
		printf(": %s", facts->kind);
	if (facts->compression)
		printf(" (%s)", facts->compression);
	fputs(", ", stdout);
	print_size(facts->virtual_size ? facts->virtual_size : facts->size);
	printf(", mode %s", root_mode_name(facts->mode));
	print_field("LABEL", facts->label);
	print_field("UUID", facts->uuid);
	putchar('\n');
}

/* The mode that was asked for becomes that of facts. */
static int identify_path(const struct options *options, const char *path,
			 const enum root_mode *mode, struct error **err)
{
	struct root_facts facts = { .kind = NULL };
	int r = identify_root(path, &facts, err);

	if (r == 0 && mode) {
		r = identify_check_mode(path, &facts, *mode, err);
		facts.mode = r == 0 ? *mode : facts.mode;
	}
	if (options->json)
		print_json(path, &facts, r < 0 ? error_msg(*err) : NULL);
	else if (r == 0 && options->shell)
		print_shell(path, &facts);
	else if (r == 0 && !options->quiet)
		print_facts(path, &facts);
	return r;
}

int cmd_identify(const struct options *options)
{
	enum exit_status status = STATUS_OK;
	enum root_mode mode = ROOT_OVERLAY;

	if (options->mode && root_mode_parse(options->mode, &mode) < 0) {
		msg(MSG_ERROR, "--mode is overlay, tmpfs or loop, not '%s'", options->mode);
		return STATUS_USAGE;
	}
	for (int i = 0; i < options->argc; i++) {
		_cleanup_error_ struct error *err = NULL;

		if (identify_path(options, options->argv[i], options->mode ? &mode : NULL, &err) <
		    0) {
			msg(MSG_ERROR, "%s", error_msg(err));
			status = STATUS_FAILED;
		}
	}
	return status;
}
