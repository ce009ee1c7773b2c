// SPDX-License-Identifier: GPL-2.0-or-later
/* `splash auto|THEME`: plugins, theme and fonts for plymouth, as the system has them. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "builder/host/places.h"
#include "builder/plan/internal.h"
#include "builder/resolve/binary.h"
#include "builder/resolve/splash.h"
#include "builder/resolve/tree.h"

static int find_theme(struct planner *planner, const struct stmt *stmt, struct splash_theme *ret,
		      struct error **err)
{
	const char *name = stmt->argv[0];

	return splash_find(planner->host, strcmp(name, "auto") == 0 ? NULL : name, ret, err);
}

/* Themes without pictures write their texts themselves. */
static bool draws_text(const struct splash_theme *theme)
{
	static const char *const plain[] = { "text", "details", "tribar" };

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (strcmp(theme->module, plain[i]) == 0)
			return false;
	return true;
}

/* What is there of the plugins that match. */
static int add_plugins(struct planner *planner, struct binary_set *set, const char *directory,
		       const char *name, struct error **err)
{
	_cleanup_free_ char *pattern = NULL;
	struct vec paths = { 0 };
	const char *path;
	int r;

	if (asprintf(&pattern, "%s/%s", directory, name) < 0)
		return error_no_memory(err);
	r = host_glob(planner->host, pattern, &paths, err);
	vec_foreach(i, path, &paths)
		if (r == 0)
			r = binary_set_add(set, path, err);
	vec_clear(&paths, free);
	return r;
}

int plan_add_splash(struct planner *planner, const struct stmt *stmt, struct binary_set *set,
		    struct error **err)
{
	static const char *const usual[] = { "text.so", "details.so", "renderers/drm.so",
					     "renderers/frame-buffer.so", "label*.so" };
	_cleanup_free_ char *directory = NULL, *module = NULL;
	struct splash_theme theme;
	int r = find_theme(planner, stmt, &theme, err);

	if (r == 0)
		r = splash_plugins(planner->host, theme.module, &directory, err);
	if (r == 0 && asprintf(&module, "%s.so", theme.module) < 0)
		r = error_no_memory(err);
	if (r == 0)
		r = add_plugins(planner, set, directory, module, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(usual) - !draws_text(&theme); i++)
		r = add_plugins(planner, set, directory, usual[i], err);
	splash_theme_release(&theme);
	return r;
}

/* A file or directory of the target, at its place; what is missing is left out. */
static int add_there(struct planner *planner, const char *path, const struct cause *cause,
		     bool *ret_found, struct error **err)
{
	_cleanup_free_ char *source = NULL;
	struct tree_node *node = NULL;
	int r = 0;

	if (host_resolve(planner->host, path, &source, NULL) < 0 ||
	    tree_probe(source, true, &node, NULL) < 0)
		return 0;
	*ret_found = true;
	if (node->kind == ENTRY_DIR)
		r = plan_add_tree(planner, source, path, 0, cause, err);
	else
		r = plan_add_source(planner, SEGMENT_MODULES, path, source, node->size, 0644, cause,
				    err);
	tree_node_free(node);
	return r;
}

/* label.so asks fontconfig, label-freetype.so opens Plymouth.ttf where it cannot. */
static int add_fonts(struct planner *planner, const struct cause *cause, struct error **err)
{
	static const char *const fonts[] = {
		"/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", /* Debian */
		"/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
		"/usr/share/fonts/dejavu/DejaVuSans.ttf",
		"/usr/share/fonts/TTF/DejaVuSans.ttf",
		"/usr/share/fonts/opentype/cantarell/Cantarell-Regular.otf",
		"/usr/share/fonts/abattis-cantarell-vf-fonts/Cantarell-VF.otf",
		"/usr/share/fonts/cantarell/Cantarell-VF.otf",
	};
	const char *first = NULL;
	bool found = false;
	int r = add_there(planner, "/etc/fonts/fonts.conf", cause, &found, err);

	if (r == 0)
		r = add_there(planner, "/etc/fonts/conf.d/60-latin.conf", cause, &found, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(fonts); i++) {
		found = false;
		r = add_there(planner, fonts[i], cause, &found, err);
		if (found && !first)
			first = fonts[i];
	}
	if (r < 0 || !first)
		return r;
	return plan_add_link(planner, SEGMENT_MODULES, "usr/share/fonts/Plymouth.ttf", first, cause,
			     err);
}

static int add_theme(struct planner *planner, struct splash_theme *theme, const struct cause *cause,
		     struct error **err)
{
	_cleanup_free_ char *own = NULL;
	bool found;
	int r;

	if (asprintf(&own, SPLASH_THEMES "/%s", theme->name) < 0)
		return error_no_memory(err);
	const char *const paths[] = { own,
				      SPLASH_THEMES "/text",
				      SPLASH_THEMES "/details",
				      "/usr/share/plymouth/plymouthd.defaults",
				      "/usr/share/plymouth/debian-logo.png",
				      theme->images ? theme->images : own };

	r = plan_add_data(planner, SEGMENT_MODULES, "etc/plymouth/plymouthd.conf", theme->config,
			  strlen(theme->config), 0644, cause, err);
	theme->config = NULL;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(paths); i++)
		r = add_there(planner, paths[i], cause, &found, err);
	if (r == 0 && draws_text(theme))
		r = add_fonts(planner, cause, err);
	return r;
}

int plan_splash(struct planner *planner, struct error **err)
{
	const struct stmt *stmt = profile_last(planner->profile, STMT_SPLASH);
	_cleanup_error_ struct error *problem = NULL;
	_cleanup_free_ char *reason = NULL;
	struct splash_theme theme;
	struct cause cause;
	int r;

	if (!stmt)
		return 0;
	cause = stmt_cause(stmt, &reason);
	r = find_theme(planner, stmt, &theme, &problem);
	if (r == 0)
		r = add_theme(planner, &theme, &cause, err);
	splash_theme_release(&theme);
	/* what is wrong with the theme has been said for its plugin */
	return problem ? 0 : r;
}
