// SPDX-License-Identifier: GPL-2.0-or-later
/* mkvinitrd profile list|show|check, and the table of all its verbs */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builder/cmd/command.h"
#include "builder/cmd/profile/load.h"
#include "builder/cmd/profile/profile.h"
#include "builder/util/readfile.h"
#include "builder/util/suggest.h"
#include "common/msg.h"

/* The text of the first comment line that is not the license's. */
static void print_summary(const char *text)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (*line != '#' && *line != '\r' && *line != '\n')
			return;
		line += strspn(line, "# \t");
		if (!*line || *line == '\r' || *line == '\n' || !strncmp(line, "SPDX-", 5))
			continue;
		printf("%.*s", (int)strcspn(line, "\r\n"), line);
		return;
	}
}

static int list_profile(const struct options *options,
			const struct profile_directories *directories, const char *name,
			struct error **err)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	int r = profile_directories_find(directories, name, &path, err);

	if (r < 0)
		return r;
	printf("%-10s ", name);
	if (read_file(path, &text, NULL, NULL) == 0)
		print_summary(text);
	if (options->verbose)
		printf(" (%s)", path);
	putchar('\n');
	return 0;
}

static int list_profiles(const struct options *options, struct profile_directories *directories,
			 struct error **err)
{
	struct vec names = { 0 };
	int r = profile_directories_list(directories, &names, err);
	const char *name;

	vec_foreach(i, name, &names)
		if (r == 0)
			r = list_profile(options, directories, name, err);
	vec_clear(&names, free);
	return r < 0 ? r : STATUS_OK;
}

/* A word as it would have to be written. */
static void print_word(const char *word)
{
	if (*word && *word != '#' && !strpbrk(word, " \t\"\\")) {
		fputs(word, stdout);
		return;
	}
	putchar('"');
	for (; *word; word++) {
		if (*word == '"' || *word == '\\')
			putchar('\\');
		putchar(*word);
	}
	putchar('"');
}

static void print_profile(const struct profile *profile)
{
	const struct stmt *stmt;
	const char *file = NULL;

	vec_foreach(i, stmt, &profile->stmts) {
		if (!file || strcmp(file, stmt->loc.file) != 0) {
			file = stmt->loc.file;
			printf("%s# %s:%u\n", i ? "\n" : "", file, stmt->loc.line);
		}
		fputs(stmt->directive, stdout);
		for (size_t j = 0; j < stmt->argc; j++) {
			putchar(' ');
			print_word(stmt->argv[j]);
		}
		putchar('\n');
	}
}

/* Loads one profile and prints its problems. STATUS_PROFILE when it has any, -errno when it cannot
 * be read. */
static int check_profile(const struct options *options, struct profile_directories *directories,
			 const char *name, struct profile *profile, struct error **err)
{
	_cleanup_free_ char *path = NULL;
	struct diag diag = { 0 };
	int r = profile_directories_find(directories, name, &path, err);

	if (r == 0)
		r = load_profile_file(directories, path, &options->directives, profile, &diag, err);
	if (r == 0 && (diag.errors || !options->quiet))
		diag_print(&diag, stderr);
	if (r == 0 && diag.errors)
		r = STATUS_PROFILE;
	diag_release(&diag);
	return r;
}

static int show_profile(const struct options *options, struct profile_directories *directories,
			struct error **err)
{
	struct profile profile = { 0 };
	const char *name = options->argc > 1 ? options->argv[1] : options->profile;
	int r = check_profile(options, directories, name, &profile, err);

	if (r == STATUS_OK)
		print_profile(&profile);
	profile_release(&profile);
	return r;
}

static int check_one(const struct options *options, struct profile_directories *directories,
		     const char *name, struct error **err)
{
	struct profile profile = { 0 };
	int r = check_profile(options, directories, name, &profile, err);

	profile_release(&profile);
	if (r == STATUS_OK && options->verbose)
		msg(MSG_INFO, "profile '%s' is valid", name);
	return r;
}

static int check_profiles(const struct options *options, struct profile_directories *directories,
			  struct error **err)
{
	int status = STATUS_OK;

	if (options->argc < 2)
		return check_one(options, directories, options->profile, err);
	for (int i = 1; i < options->argc; i++) {
		_cleanup_error_ struct error *problem = NULL;
		int r = check_one(options, directories, options->argv[i], &problem);

		if (r < 0)
			msg(MSG_ERROR, "%s", error_msg(problem));
		status = r ? STATUS_PROFILE : status;
	}
	return status;
}

static int diff_profiles(const struct options *options, struct profile_directories *directories,
			 struct error **err)
{
	return profile_diff(options);
}

static const struct verb {
	const char *name;
	int (*run)(const struct options *options, struct profile_directories *directories,
		   struct error **err);
	int max_args; /* with the verb itself; 0: any number */
	bool writes;  /* a failure is none of the profile's text */
} verbs[] = {
	{ "list", list_profiles, 1, false },   { "show", show_profile, 2, false },
	{ "check", check_profiles, 0, false }, { "new", profile_new, 2, true },
	{ "edit", profile_edit, 2, true },     { "diff", diff_profiles, 3, false },
};

static const char *verb_name(const void *context, size_t i)
{
	return i < ARRAY_SIZE(verbs) ? verbs[i].name : NULL;
}

static const struct verb *find_verb(const struct options *options)
{
	const char *name = options->argc ? options->argv[0] : "list";

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, name) != 0)
			continue;
		if (!verbs[i].max_args || options->argc <= verbs[i].max_args)
			return &verbs[i];
		msg(MSG_ERROR, "'profile %s' has no use for '%s'; see 'mkvinitrd profile --help'",
		    name, options->argv[verbs[i].max_args]);
		return NULL;
	}
	msg(MSG_ERROR, "'profile' can list, show, check, new, edit and diff, not '%s'%s", name,
	    suggest_phrase(name, verb_name, NULL).text);
	return NULL;
}

int cmd_profile(const struct options *options)
{
	_cleanup_error_ struct error *err = NULL;
	const struct verb *verb = find_verb(options);
	struct profile_directories directories = { 0 };
	struct host host = { 0 };
	int r, status;

	if (!verb)
		return STATUS_USAGE;
	r = host_init_paths(&host, &err);
	if (r == 0)
		r = profile_directories_init(&directories, &host, &err);
	status = r < 0 || verb->writes ? STATUS_FAILED : STATUS_PROFILE;
	if (r == 0)
		r = verb->run(options, &directories, &err);
	profile_directories_release(&directories);
	host_release(&host);
	if (r >= 0)
		return r;
	msg(MSG_ERROR, "%s", error_msg(err));
	return r == -ENOMEM ? STATUS_FAILED : status;
}
