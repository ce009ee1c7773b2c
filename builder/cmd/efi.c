// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "builder/cmd/command.h"
#include "builder/cmd/image.h"
#include "builder/host/kernel.h"
#include "builder/image/image.h"
#include "builder/image/pe.h"
#include "builder/write/output.h"
#include "builder/write/pe-join.h"
#include "common/msg.h"
#include "common/print.h"

/* What a file is mapped to. */
struct mapped {
	const uint8_t *data;
	size_t len;
};

static void print_section_json(const struct pe_section *section, bool first)
{
	printf("%s{\"name\":", first ? "" : ",");
	print_json_text(stdout, section->name);
	printf(",\"offset\":%zu,\"address\":%" PRIu32 ",\"size\":%zu}", section->offset,
	       section->address, section->len);
}

static void print_kernel(const char *kver, bool json)
{
	if (json) {
		fputs(",\"kernel\":", stdout);
		print_json_text(stdout, kver);
	} else {
		fputs("kernel ", stdout);
		image_print_name(kver);
		putchar('\n');
	}
}

static int list_sections(const char *path, const struct pe *pe, bool json, struct error **err)
{
	_cleanup_free_ char *kver = NULL;
	struct pe_section section;
	int r = kernel_image_version(path, &kver, NULL);

	printf(json ? "{\"machine\":\"%s\"" : "machine %s\n", pe_machine_name(pe->machine));
	if (r == 0)
		print_kernel(kver, json);
	if (json)
		fputs(",\"sections\":[", stdout);
	for (unsigned i = 0; i < pe->sections; i++) {
		r = pe_section(pe, i, &section, err);
		if (r < 0)
			return r;
		if (json) {
			print_section_json(&section, i == 0);
			continue;
		}
		image_print_name(section.name);
		printf(" offset 0x%zx, address 0x%" PRIx32 ", %zu bytes\n", section.offset,
		       section.address, section.len);
	}
	fputs(json ? "]}\n" : "", stdout);
	return 0;
}

static int print_section(const struct pe *pe, const char *path, const char *name,
			 struct error **err)
{
	struct pe_section section;

	if (!pe_find(pe, name, &section))
		return error_make(err, ENOENT, "'%s' has no section '%s'", path, name);
	fwrite(section.data, 1, section.len, stdout);
	return 0;
}

static int show(const struct options *options, struct error **err)
{
	const char *path = options->argv[0];
	const uint8_t *data;
	struct pe pe;
	size_t len;
	int r = image_map(path, &data, &len, err);

	if (r < 0)
		return r;
	r = pe_open(data, len, &pe, err);
	if (r < 0)
		error_wrap(err, "'%s'", path);
	else if (options->argc > 1)
		r = print_section(&pe, path, options->argv[1], err);
	else
		r = list_sections(path, &pe, options->format == PLAN_JSON, err);
	image_unmap(data, len);
	return r;
}

/* "linux=FILE" */
static int map_section(const char *arg, struct pe_join_section *ret, struct error **err)
{
	size_t n = strcspn(arg, "=");

	if (arg[n] != '=' || n == 0 || n >= PE_NAME_SIZE)
		return error_make(
			err, EINVAL,
			"expected SECTION=FILE with a name of 1 to %d letters, found '%s'",
			PE_NAME_SIZE - 1, arg);
	snprintf(ret->name, sizeof(ret->name), ".%.*s", (int)n, arg);
	return image_map(arg + n + 1, &ret->data, &ret->len, err);
}

/* What firmware will see, read back, is what was to be written. */
static int verify_sections(struct output *out, const struct mapped *stub,
			   const struct pe_join_section *sections, size_t count, struct error **err)
{
	struct pe_section section;
	const uint8_t *data;
	struct pe pe, before;
	size_t len;
	int r = output_fd(out, err);

	if (r >= 0)
		r = image_map(output_temp_path(out), &data, &len, err);
	if (r < 0)
		return r;
	r = pe_open(data, len, &pe, err);
	if (r >= 0)
		r = pe_open(stub->data, stub->len, &before, err);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		r = pe_section(&pe, before.sections + (unsigned)i, &section, err);
		if (r >= 0 && (section.len != sections[i].len ||
			       memcmp(section.data, sections[i].data, section.len) != 0))
			r = error_make(err, EIO, "section %s was not written as it should be",
				       sections[i].name);
	}
	image_unmap(data, len);
	return r;
}

static int write_program(const char *path, const struct mapped *stub,
			 const struct pe_join_section *sections, size_t count, struct error **err)
{
	_cleanup_strbuf_ struct strbuf file = { 0 };
	struct output *out = NULL;
	int r = pe_join(stub->data, stub->len, sections, count, &file, err);

	if (r >= 0)
		r = output_open(path, &out, err);
	if (r >= 0)
		r = output_expect(out, file.len, err);
	if (r >= 0)
		r = sink_write(output_sink(out), file.text, file.len, err);
	if (r >= 0)
		r = verify_sections(out, stub, sections, count, err);
	if (r >= 0)
		r = output_commit(out, err);
	output_close(out);
	return r;
}

static int join_files(const struct options *options, struct error **err)
{
	size_t count = (size_t)options->argc - 1;
	struct pe_join_section *sections = calloc(count + 1, sizeof(*sections));
	struct mapped stub = { 0 };
	int r = sections ? image_map(options->argv[0], &stub.data, &stub.len, err)
			 : error_no_memory(err);

	for (size_t i = 0; r >= 0 && i < count; i++)
		r = map_section(options->argv[i + 1], &sections[i], err);
	if (r >= 0)
		r = write_program(options->output, &stub, sections, count, err);
	for (size_t i = 0; sections && i < count; i++)
		image_unmap(sections[i].data, sections[i].len);
	image_unmap(stub.data, stub.len);
	free(sections);
	return r;
}

int cmd_efi(const struct options *options)
{
	_cleanup_error_ struct error *err = NULL;
	int r;

	if (!options->output && options->argc > 2) {
		msg(MSG_ERROR, "efi: expected FILE [SECTION], or -o FILE STUB SECTION=FILE...");
		return STATUS_USAGE;
	}
	r = options->output ? join_files(options, &err) : show(options, &err);
	if (r >= 0 && fflush(stdout) == EOF)
		r = error_sys(&err, errno, "cannot write");
	if (r < 0)
		msg(MSG_ERROR, "efi: %s", error_msg(err));
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}
