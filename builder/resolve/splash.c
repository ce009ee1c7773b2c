// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/splash.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "builder/host/places.h"
#include "builder/util/readfile.h"
#include "builder/util/strbuf.h"

#define CONFIG	 "/etc/plymouth/plymouthd.conf"
#define DEFAULTS "/usr/share/plymouth/plymouthd.defaults"

/* The file of the target, or NULL: what is missing says nothing. */
static char *read_target(const struct host *host, const char *path)
{
	_cleanup_free_ char *real = NULL;
	char *text = NULL;

	if (host_resolve_any(host, path, &real, NULL) < 0 || read_file(real, &text, NULL, NULL) < 0)
		return NULL;
	return text;
}

/* The value in a line 'KEY = value', NULL in all others. */
static const char *line_value(const char *line, const char *key)
{
	const size_t len = strlen(key);

	line += strspn(line, " \t");
	if (strncmp(line, key, len) != 0)
		return NULL;
	line += len;
	line += strspn(line, " \t");
	if (*line != '=')
		return NULL;
	return line + 1 + strspn(line + 1, " \t");
}

static const char *following_line(const char *line)
{
	const char *end = strchrnul(line, '\n');

	return *end ? end + 1 : end;
}

/* The first value of the key, owned by the caller; NULL: none, or no memory. */
static char *key_value(const char *text, const char *key)
{
	for (const char *line = text ? text : ""; *line; line = following_line(line)) {
		const char *value = line_value(line, key);

		if (value && strcspn(value, " \t\r\n"))
			return strndup(value, strcspn(value, " \t\r\n"));
	}
	return NULL;
}

static char *theme_file(const char *name)
{
	char *path;

	return asprintf(&path, SPLASH_THEMES "/%s/%s.plymouth", name, name) < 0 ? NULL : path;
}

/* The text of the theme, or NULL. */
static char *read_theme(const struct host *host, const char *name)
{
	_cleanup_free_ char *path = name && *name ? theme_file(name) : NULL;

	return path ? read_target(host, path) : NULL;
}

/* default.plymouth is a link to a theme's file, maybe by way of /etc/alternatives. */
static char *linked_theme(const struct host *host)
{
	_cleanup_free_ char *real = NULL;
	char *dot, *slash;

	if (host_resolve(host, SPLASH_THEMES "/default.plymouth", &real, NULL) < 0)
		return NULL;
	slash = strrchr(real, '/');
	dot = slash ? strrchr(slash, '.') : NULL;
	return dot ? strndup(slash + 1, (size_t)(dot - slash - 1)) : NULL;
}

/* *ret_text is that of the theme; NULL: there is none. */
static char *system_theme(const struct host *host, char **ret_text)
{
	_cleanup_free_ char *config = read_target(host, CONFIG);
	_cleanup_free_ char *defaults = read_target(host, DEFAULTS);
	char *names[] = { key_value(config, "Theme"), key_value(defaults, "Theme"),
			  linked_theme(host),	      strdup("bgrt"),
			  strdup("spinner"),	      strdup("text") };
	char *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!found && (*ret_text = read_theme(host, names[i])))
			found = steal_ptr(&names[i]);
		free(names[i]);
	}
	return found;
}

static int no_theme(const struct host *host, const char *name, struct error **err)
{
	_cleanup_strbuf_ struct strbuf there = { 0 };
	struct vec paths = { 0 };
	const char *path;
	int r = host_glob(host, SPLASH_THEMES "/*/*.plymouth", &paths, err);

	vec_foreach(i, path, &paths) {
		const char *file = strrchr(path, '/') + 1;

		strbuf_printf(&there, " %.*s", (int)strcspn(file, "."), file);
	}
	vec_clear(&paths, free);
	if (r < 0)
		return r;
	if (name)
		return error_make(err, ENOENT, "there is no theme '%s' in " SPLASH_THEMES ":%s",
				  name, there.len ? there.text : " none at all");
	return error_make(err, ENOENT,
			  "no theme of plymouth is in " SPLASH_THEMES ": install one, or plymouth");
}

/* The settings of the system beside its theme. */
static char *make_config(const struct host *host, const char *name)
{
	_cleanup_free_ char *text = read_target(host, CONFIG);
	_cleanup_strbuf_ struct strbuf config = { 0 };

	strbuf_printf(&config, "[Daemon]\nTheme=%s\n", name);
	for (const char *line = text ? text : ""; *line; line = following_line(line))
		if (!strchr("#[\r\n", *line) && !line_value(line, "Theme"))
			strbuf_printf(&config, "%.*s\n", (int)strcspn(line, "\r\n"), line);
	return strbuf_steal(&config);
}

int splash_find(const struct host *host, const char *name, struct splash_theme *ret,
		struct error **err)
{
	_cleanup_free_ char *text = NULL;

	*ret = (struct splash_theme){ .name = name ? strdup(name) : system_theme(host, &text) };
	if (name)
		text = read_theme(host, name);
	if (!ret->name || !text)
		return no_theme(host, name, err);
	ret->images = key_value(text, "ImageDir");
	ret->module = key_value(text, "ModuleName");
	if (!ret->module)
		return error_make(err, EINVAL,
				  "the theme '%s' of plymouth has no line ModuleName=", ret->name);
	ret->config = make_config(host, ret->name);
	return ret->config ? 0 : error_no_memory(err);
}

int splash_plugins(const struct host *host, const char *module, char **ret, struct error **err)
{
	static const char *const places[] = { "/usr/lib/*/plymouth", "/usr/lib64/plymouth",
					      "/usr/lib/plymouth" };
	struct vec paths = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(places); i++) {
		_cleanup_free_ char *pattern = NULL;

		if (asprintf(&pattern, "%s/%s.so", places[i], module) < 0)
			r = error_no_memory(err);
		else
			r = host_glob(host, pattern, &paths, err);
	}
	if (r == 0 && !paths.len)
		r = error_make(err, ENOENT,
			       "plymouth has no plugin '%s.so' in /usr/lib/*/plymouth, which its "
			       "theme needs: install the package of the theme",
			       module);
	if (r == 0) {
		const char *path = paths.items[0];

		*ret = strndup(path, (size_t)(strrchr(path, '/') - path));
		r = *ret ? 0 : error_no_memory(err);
	}
	vec_clear(&paths, free);
	return r;
}

void splash_theme_release(struct splash_theme *theme)
{
	free(theme->name);
	free(theme->module);
	free(theme->images);
	free(theme->config);
}
