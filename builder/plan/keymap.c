// SPDX-License-Identifier: GPL-2.0-or-later
/* `keymap auto|none|LAYOUT...`: etc/keymaps/NAME.kmap, NAME.keys beside one that is two, and the
 * name of the first. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builder/plan/internal.h"
#include "builder/resolve/keymap.h"

static int add_text(struct planner *planner, const char *path, const char *text,
		    const struct cause *cause, struct error **err)
{
	char *line;
	int len = asprintf(&line, "%s\n", text);

	if (len < 0)
		return error_no_memory(err);
	return plan_add_data(planner, SEGMENT_MODULES, path, line, (size_t)len, 0644, cause, err);
}

/* Takes the data over. */
static int add_keymap(struct planner *planner, struct keymap *keymap, const struct cause *cause,
		      struct error **err)
{
	_cleanup_free_ char *path = NULL, *keys = NULL;
	int r;

	if (asprintf(&path, "etc/keymaps/%s.kmap", keymap->name) < 0 ||
	    asprintf(&keys, "etc/keymaps/%s.keys", keymap->name) < 0)
		return error_no_memory(err);
	r = plan_add_data(planner, SEGMENT_MODULES, path, steal_ptr(&keymap->data), keymap->len,
			  0644, cause, err);
	if (r == 0 && keymap->keys)
		r = add_text(planner, keys, keymap->keys, cause, err);
	return r;
}

static int keymap_pack(struct planner *planner, const struct keymap_want *want, bool first,
		       const struct cause *cause, struct error **err, struct error **problem)
{
	struct keymap keymap = { 0 };
	int r = keymap_make(planner->host, want, &keymap, problem);

	if (r < 0)
		return r == -ENOMEM ? error_no_memory(err) : 0;
	r = add_keymap(planner, &keymap, cause, err);
	if (r == 0 && first)
		r = add_text(planner, "etc/keymaps/default", keymap.name, cause, err);
	keymap_release(&keymap);
	return r;
}

static int pack_system(struct planner *planner, struct error **err)
{
	static const struct cause cause = { .reason = "keyboard layout of the system" };
	_cleanup_error_ struct error *problem = NULL;
	struct keymap_want want = { 0 };
	char *note;
	int r = keymap_of_system(planner->host, &want, err);

	if (r == 0 && (want.layout || want.console))
		r = keymap_pack(planner, &want, true, &cause, err, &problem);
	keymap_want_release(&want);
	if (r < 0 || !problem)
		return r;
	if (asprintf(&note,
		     "what is typed at boot will be in the layout us: %s; or say 'keymap none'",
		     error_msg(problem)) < 0)
		note = NULL;
	return plan_note(&planner->plan->notes, note, err);
}

static int pack_named(struct planner *planner, const struct stmt *stmt, struct error **err)
{
	_cleanup_free_ char *reason = NULL;
	const struct cause cause = stmt_cause(stmt, &reason);
	int r = 0;

	for (size_t i = 0; r == 0 && i < stmt->argc; i++) {
		_cleanup_error_ struct error *problem = NULL;
		struct keymap_want want = { 0 };

		r = keymap_of_name(stmt->argv[i], &want, err);
		if (r == 0)
			r = keymap_pack(planner, &want, i == 0, &cause, err, &problem);
		keymap_want_release(&want);
		if (problem)
			stmt_diag(planner->diag, DIAG_ERROR, stmt, i, "%s", error_msg(problem));
	}
	return r;
}

int plan_keymap(struct planner *planner, struct error **err)
{
	const struct stmt *stmt = profile_last(planner->profile, STMT_KEYMAP);

	if (!stmt || strcmp(stmt->argv[0], "auto") == 0)
		return pack_system(planner, err);
	return strcmp(stmt->argv[0], "none") == 0 ? 0 : pack_named(planner, stmt, err);
}
