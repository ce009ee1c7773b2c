// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "builder/profile/check.h"
#include "builder/profile/directives.h"
#include "builder/profile/value.h"
#include "builder/util/suggest.h"

/* Reports "'VALUE' PROBLEM" for argument i unless problem is NULL. */
static void check_files_report(const struct stmt *stmt, struct diag *diag, size_t i,
			       const char *problem)
{
	if (problem)
		stmt_diag(diag, DIAG_ERROR, stmt, i, "'%s' %s", stmt->argv[i], problem);
}

static void for_each_arg(const struct stmt *stmt, struct diag *diag,
			 const char *(*problem)(const char *))
{
	for (size_t i = 0; i < stmt->argc; i++)
		check_files_report(stmt, diag, i, problem(stmt->argv[i]));
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len > n && !strcmp(text + len - n, end);
}

static const char *bare_module_problem(const char *text)
{
	if (strchr(text, '/'))
		return "is a path; modules are named without it, as modprobe does";
	if (ends_with(text, ".ko") || ends_with(text, ".ko.xz") || ends_with(text, ".ko.zst") ||
	    ends_with(text, ".ko.gz"))
		return "is a file; write the module's name without .ko";
	return strlen(text) > 255 ? "is longer than 255 bytes" : NULL;
}

/* A '?' at the end marks what may be missing. */
static bool is_glob(const char *text)
{
	size_t n = strcspn(text, "*?[");

	return text[n] && (text[n] != '?' || text[n + 1]);
}

static const char *module_problem(const char *text)
{
	if (*text == '=')
		return text[1] ? NULL : "stands for a group of modules and needs its name";
	/* a modalias may hold a '/' (of:N..., dmi:...) */
	return strchr(text, ':') || is_glob(text) ? NULL : bare_module_problem(text);
}

void stmt_check_module(const struct stmt *stmt, struct diag *diag)
{
	for_each_arg(stmt, diag, module_problem);
}

static const char *blacklist_problem(const char *text)
{
	if (*text == '=' || strpbrk(text, "*?[:"))
		return "is not the name of one module";
	return bare_module_problem(text);
}

void stmt_check_blacklist(const struct stmt *stmt, struct diag *diag)
{
	for_each_arg(stmt, diag, blacklist_problem);
}

/* "auto" and "none" stand alone; paths may be many. */
static void check_auto_none(const struct stmt *stmt, struct diag *diag)
{
	for (size_t i = 0; i < stmt->argc; i++) {
		const char *arg = stmt->argv[i];

		if (stmt->argc > 1 && (!strcmp(arg, "auto") || !strcmp(arg, "none")))
			stmt_diag(diag, DIAG_ERROR, stmt, i,
				  "'%s' stands alone, without other arguments", arg);
	}
}

void stmt_check_firmware(const struct stmt *stmt, struct diag *diag)
{
	check_auto_none(stmt, diag);
}

static const char *absolute_problem(const char *text)
{
	if (*text != '/')
		return "is not an absolute path";
	return ends_with(text, "/") || !text[1] ? "is a directory" : NULL;
}

static const char *early_path_problem(const char *text)
{
	return !strcmp(text, "auto") || !strcmp(text, "none") ? NULL : absolute_problem(text);
}

void stmt_check_microcode(const struct stmt *stmt, struct diag *diag)
{
	check_auto_none(stmt, diag);
	for_each_arg(stmt, diag, early_path_problem);
}

/* A library is loaded by the program before it on the line. */
void stmt_check_binary(const struct stmt *stmt, struct diag *diag)
{
	for (size_t i = 0; i < stmt->argc; i++) {
		const char *arg = stmt->argv[i];

		if (strchr(arg, '/') || !strstr(arg, ".so"))
			check_files_report(stmt, diag, i, absolute_problem(arg));
		else if (i == 0)
			check_files_report(
				stmt, diag, i,
				"is a library: name the program that loads it before it");
	}
}

void stmt_check_busybox(const struct stmt *stmt, struct diag *diag)
{
	if (ends_with(stmt->argv[0], "/"))
		check_files_report(stmt, diag, 0, "is a directory");
}

/* Places that the builder fills itself. */
static void check_dest(const struct stmt *stmt, struct diag *diag)
{
	static const char *const reserved[] = {
		"/etc/mkvinitrd/sentinel",
		"/etc/mkvinitrd/image",
		"/etc/mkvinitrd/defaults",
		NULL,
	};
	const char *problem = image_path_problem(stmt->argv[0]);

	if (!problem && word_in(stmt->argv[0], reserved))
		problem = "is written by the builder itself";
	check_files_report(stmt, diag, 0, problem);
}

static void check_mode(const struct stmt *stmt, struct diag *diag, size_t i)
{
	mode_t mode;

	if (i < stmt->argc && !parse_mode(stmt->argv[i], &mode))
		check_files_report(stmt, diag, i, "is not a mode in octal, such as 0644");
}

void stmt_check_file(const struct stmt *stmt, struct diag *diag)
{
	check_dest(stmt, diag);
	if (ends_with(stmt->argv[1], "/"))
		check_files_report(stmt, diag, 1, "is a directory; 'file' takes one file");
	check_mode(stmt, diag, 2);
}

void stmt_check_dir(const struct stmt *stmt, struct diag *diag)
{
	check_dest(stmt, diag);
	check_mode(stmt, diag, 1);
}

void stmt_check_link(const struct stmt *stmt, struct diag *diag)
{
	check_dest(stmt, diag);
	if (strlen(stmt->argv[1]) > 4095)
		stmt_diag(diag, DIAG_ERROR, stmt, 1,
			  "the target of the link is longer than 4095 bytes");
}

static void check_number(const struct stmt *stmt, struct diag *diag, size_t i, unsigned max)
{
	uint64_t number;

	if (!parse_number(stmt->argv[i], max, &number))
		stmt_diag(diag, DIAG_ERROR, stmt, i, "'%s' is not a number from 0 to %u",
			  stmt->argv[i], max);
}

void stmt_check_node(const struct stmt *stmt, struct diag *diag)
{
	const char *type = stmt->argv[1];
	size_t device_args = 4;

	check_dest(stmt, diag);
	if (!strcmp(type, "p"))
		device_args = 2;
	else if (strcmp(type, "b") != 0 && strcmp(type, "c") != 0) {
		stmt_diag(diag, DIAG_ERROR, stmt, 1,
			  "unknown type '%s': b is a block device, c a character device, p a pipe",
			  type);
		return;
	}
	if (stmt->argc < device_args) {
		stmt_diag(diag, DIAG_ERROR, stmt, STMT_WHOLE,
			  "a device needs its major and minor number");
		return;
	}
	if (stmt->argc > device_args + 1)
		stmt_diag(diag, DIAG_ERROR, stmt, device_args + 1, "a pipe has no device number");
	if (device_args == 4) {
		/* the width of dev_t in the kernel: 12 and 20 bits */
		check_number(stmt, diag, 2, 4095);
		check_number(stmt, diag, 3, 1048575);
	}
	check_mode(stmt, diag, device_args);
}

/* Names and levels are those of compress-*.c; a unit test compares them. */
static const struct {
	const char *name;
	int level_min, level_max;
} compressors[] = {
	{ "zstd", 1, 22 }, { "xz", 0, 9 }, { "gzip", 1, 9 }, { "lz4", 1, 12 }, { "none", 0, 0 },
};

static const char *compressor_name(const void *context, size_t i)
{
	return i < ARRAY_SIZE(compressors) ? compressors[i].name : NULL;
}

static void check_level(const struct stmt *stmt, struct diag *diag, size_t i, const char *level)
{
	uint64_t number;

	if (!compressors[i].level_max)
		stmt_diag(diag, DIAG_ERROR, stmt, 0, "'%s' has no levels", compressors[i].name);
	else if (!parse_number(level, (uint64_t)compressors[i].level_max, &number) ||
		 number < (uint64_t)compressors[i].level_min)
		stmt_diag(diag, DIAG_ERROR, stmt, 0,
			  "level '%s' is not one of %s: they go from %d to %d", level,
			  compressors[i].name, compressors[i].level_min, compressors[i].level_max);
}

void stmt_check_compress(const struct stmt *stmt, struct diag *diag)
{
	const char *arg = stmt->argv[0], *colon = strchr(arg, ':');
	size_t len = colon ? (size_t)(colon - arg) : strlen(arg);
	_cleanup_free_ char *name = strndup(arg, len);

	for (size_t i = 0; name && i < ARRAY_SIZE(compressors); i++) {
		if (strcmp(name, compressors[i].name) != 0)
			continue;
		if (colon)
			check_level(stmt, diag, i, colon + 1);
		return;
	}
	stmt_diag(diag, DIAG_ERROR, stmt, 0, "unknown compressor '%s'%s", name ? name : arg,
		  suggest_phrase(name ? name : arg, compressor_name, NULL).text);
}

/* Kernel parameters that a directive of its own sets. */
static const char *directive_for(const char *key)
{
	static const char *const pairs[][2] = {
		{ "vi.mode", "root" },	    { "vi.image", "image" }, { "vi.host", "host" },
		{ "vi.part", "partition" }, { "vi.size", "size" },   { "vi.persist", "persist" },
		{ "vi.verify", "verify" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (!strcmp(pairs[i][0], key))
			return pairs[i][1];
	return NULL;
}

static void check_key(const struct stmt *stmt, struct diag *diag, size_t i, const char *key)
{
	size_t good =
		strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	if (!*key || key[good])
		stmt_diag(diag, DIAG_ERROR, stmt, i,
			  "'%s' is not a kernel parameter: letters, digits, '.', '_', '-'", key);
	else if (directive_for(key))
		stmt_diag(diag, DIAG_ERROR, stmt, i, "'%s' is set by the directive '%s'", key,
			  directive_for(key));
	else if (after_prefix(key, "vi.") && !word_in(key, profile_boot_words))
		stmt_diag(diag, DIAG_ERROR, stmt, i, "unknown kernel parameter '%s'%s", key,
			  suggest_phrase(key, suggest_from_array, profile_boot_words).text);
}

void stmt_check_param(const struct stmt *stmt, struct diag *diag)
{
	for (size_t i = 0; i < stmt->argc; i++) {
		_cleanup_free_ char *key = strndup(stmt->argv[i], strcspn(stmt->argv[i], "="));

		if (strchr(stmt->argv[i], '"'))
			check_files_report(
				stmt, diag, i,
				"holds a double quote, which the kernel's command line cannot "
				"carry");
		else if (key)
			check_key(stmt, diag, i, key);
	}
}

void stmt_check_hook(const struct stmt *stmt, struct diag *diag)
{
	const char *phase = stmt->argv[0];

	if (!word_in(phase, profile_phases))
		stmt_diag(diag, DIAG_ERROR, stmt, 0, "unknown phase '%s'%s", phase,
			  suggest_phrase(phase, suggest_from_array, profile_phases).text);
	if (ends_with(stmt->argv[1], "/"))
		check_files_report(stmt, diag, 1, "is a directory; 'hook' takes one file");
}

static const char *applet_problem(const char *text)
{
	return strchr(text, '/') ? "is a path; 'binary' takes those, 'applet' takes names" : NULL;
}

void stmt_check_applet(const struct stmt *stmt, struct diag *diag)
{
	for_each_arg(stmt, diag, applet_problem);
}

static const char *modprobe_problem(const char *text)
{
	static const char *const values[] = { "auto", "system", "none", NULL };

	return word_in(text, values) ? NULL : "is none of 'auto', 'system', 'none'";
}

void stmt_check_modprobe(const struct stmt *stmt, struct diag *diag)
{
	for_each_arg(stmt, diag, modprobe_problem);
}

static const char *keymap_problem(const char *text)
{
	return strpbrk(text, "/*?[\\") || *text == '-' ? "is not the name of a keyboard layout"
						       : NULL;
}

void stmt_check_keymap(const struct stmt *stmt, struct diag *diag)
{
	check_auto_none(stmt, diag);
	for_each_arg(stmt, diag, keymap_problem);
}

static const char *splash_problem(const char *text)
{
	return strchr(text, '/') ? "is a path; 'splash' takes the name of a theme" : NULL;
}

void stmt_check_splash(const struct stmt *stmt, struct diag *diag)
{
	for_each_arg(stmt, diag, splash_problem);
}
