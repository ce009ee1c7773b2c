// SPDX-License-Identifier: GPL-2.0-or-later
/* mkvinitrd profile new|edit */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/cmd/cli/dispatch.h"
#include "builder/cmd/profile/profile.h"
#include "builder/profile/directives.h"
#include "builder/util/readfile.h"
#include "builder/util/strbuf.h"
#include "builder/write/output.h"
#include "common/msg.h"

static bool is_path(const char *name)
{
	return strchr(name, '/') != NULL;
}

static int check_name(const char *name, struct error **err)
{
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("+-._", *p))
			return error_make(
				err, EINVAL,
				"a profile's name has letters, digits and + - . _, not '%c'", *p);
	if (!*name || *name == '.' || *name == '-')
		return error_make(err, EINVAL, "'%s' cannot be the name of a profile", name);
	return 0;
}

/* The file that is written for a name: in the first of the directories, which the user chose or is
 * in /etc. Owned by the caller. */
static int own_path(const struct profile_directories *directories, const char *name, char **ret,
		    struct error **err)
{
	size_t len = strlen(name);
	bool suffix = len > 8 && strcmp(name + len - 8, ".profile") == 0;
	int r = is_path(name) ? 0 : check_name(name, err);

	if (r < 0)
		return r;
	r = is_path(name) ? asprintf(ret, "%s", name)
			  : asprintf(ret, "%s/%s%s", (char *)directories->directories.items[0],
				     name, suffix ? "" : ".profile");
	return r < 0 ? error_no_memory(err) : 0;
}

/* Whether a line of the text, or one that is a comment, begins with the directive. */
static bool uses(const char *text, const char *directive)
{
	size_t len = strlen(directive);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		line += *line == '#';
		if (!strncmp(line, directive, len) &&
		    (!line[len] || isspace((unsigned char)line[len])))
			return true;
	}
	return false;
}

/* "module NAME..." as a comment that is no directive by chance when the '#' is removed */
static char *text_like(const char *name, const char *like, const char *text)
{
	struct strbuf sb = { 0 };

	strbuf_printf(&sb, "# %s: begun as a copy of the profile %s by 'mkvinitrd profile new'\n",
		      name, like);
	strbuf_add(&sb, text);
	strbuf_add(&sb, "\n# Other directives, see mkvinitrd.profile(5):\n");
	for (unsigned i = 0; i < STMT_KINDS; i++)
		if (!uses(text, directive_of((enum stmt_kind)i)->name))
			strbuf_printf(&sb, "#   %s\n", directive_of((enum stmt_kind)i)->usage);
	return strbuf_steal(&sb);
}

/* The directory in /etc is made at the first use. */
static int make_directory_of(const char *path, struct error **err)
{
	_cleanup_free_ char *copy = strdup(path);

	if (!copy)
		return error_no_memory(err);
	for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return error_sys(err, errno, "cannot make the directory '%s'", copy);
		*p = '/';
	}
	return 0;
}

static int write_text(const char *path, const char *text, struct error **err)
{
	struct output *out = NULL;
	struct sink *sink;
	int r = output_open(path, &out, err);

	if (r == 0) {
		sink = output_sink(out);
		r = sink_write(sink, text, strlen(text), err);
	}
	if (r == 0)
		r = output_commit(out, err);
	output_close(out);
	return r;
}

int profile_new(const struct options *options, struct profile_directories *directories,
		struct error **err)
{
	const char *like = options->like ? options->like : "overlay", *name;
	_cleanup_free_ char *path = NULL, *from = NULL, *text = NULL, *written = NULL;
	int r;

	if (options->argc != 2)
		return error_make(err, EINVAL, "'profile new' wants the name of the new profile");
	name = options->argv[1];
	r = own_path(directories, name, &path, err);
	if (r == 0)
		r = profile_directories_find(directories, like, &from, err);
	if (r == 0)
		r = read_file(from, &text, NULL, err);
	if (r < 0)
		return r;
	if (access(path, F_OK) == 0)
		return error_make(err, EEXIST,
				  "'%s' exists; 'mkvinitrd profile edit %s' changes it", path,
				  name);
	written = text_like(name, like, text);
	r = written ? make_directory_of(path, err) : error_no_memory(err);
	if (r == 0)
		r = write_text(path, written, err);
	if (r == 0)
		msg(MSG_INFO, "wrote '%s'; 'mkvinitrd profile edit %s' opens it", path, name);
	return r;
}

/* from and path are equal unless a new file is made. Does not return if all is well. */
static int run_editor(const struct options *options, char *from, char *path, struct error **err)
{
	char *argv[9] = { strdupa("profile-edit"), from, path, options->argv[1] };
	struct host host = { 0 };
	size_t n = 4;
	int r = host_init_paths(&host, err);

	if (options->kver) {
		argv[n++] = strdupa("-k");
		argv[n++] = strdupa(options->kver);
	}
	if (options->sysroot) {
		argv[n++] = strdupa("-r");
		argv[n++] = strdupa(options->sysroot);
	}
	if (r == 0)
		r = dispatch_exec(&host, argv, err);
	host_release(&host);
	return r;
}

/* One of a package, which the next version of it would overwrite. */
static bool is_shipped(const struct profile_directories *directories, const char *path)
{
	size_t n = directories->directories.len;
	const char *last = directories->directories.items[n - 1];
	_cleanup_free_ char *real = realpath(path, NULL), *shipped = realpath(last, NULL);

	return n > 1 && real && shipped && !strncmp(real, shipped, strlen(shipped)) &&
	       real[strlen(shipped)] == '/';
}

/* What the profile includes by its own name is the next one, and not its old text. */
static int edit_in_place(const struct options *options, const char *from, struct error **err)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s%s", strchr(from, '/') ? "" : "./", from) < 0) {
		path = NULL;
		return error_no_memory(err);
	}
	if (setenv("MKVINITRD_EDITED", from, 1) < 0)
		return error_no_memory(err);
	return run_editor(options, path, path, err);
}

int profile_edit(const struct options *options, struct profile_directories *directories,
		 struct error **err)
{
	_cleanup_free_ char *path = NULL, *from = NULL;
	int r;

	if (options->argc != 2)
		return error_make(err, EINVAL, "'profile edit' wants the name of a profile");
	r = profile_directories_find(directories, options->argv[1], &from, err);
	if (r < 0)
		return r;
	if (is_path(options->argv[1]) || !is_shipped(directories, from))
		return edit_in_place(options, from, err);
	r = own_path(directories, options->argv[1], &path, err);
	if (r == 0)
		r = make_directory_of(path, err);
	return r < 0 ? r : run_editor(options, from, path, err);
}
