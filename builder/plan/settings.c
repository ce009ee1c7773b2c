// SPDX-License-Identifier: GPL-2.0-or-later
/* The profile's settings as kernel parameters, one a line, each after a comment with its place in
 * the profile: init reads them like the kernel command line, before it. */
#include <stdio.h>
#include <string.h>

#include "builder/plan/internal.h"
#include "builder/util/strbuf.h"

static const struct {
	enum stmt_kind kind;
	const char *word;
} settings[] = {
	{ STMT_ROOT, "vi.mode" },      { STMT_IMAGE, "vi.image" },     { STMT_HOST, "vi.host" },
	{ STMT_PARTITION, "vi.part" }, { STMT_PERSIST, "vi.persist" }, { STMT_SIZE, "vi.size" },
	{ STMT_VERIFY, "vi.verify" },
};

/* bootplan names it in messages. No directories: an image is the same wherever it is built. */
static void add_place(struct strbuf *text, struct srcloc loc)
{
	const char *slash = strrchr(loc.file, '/');

	strbuf_printf(text, "# %s:%u\n", slash ? slash + 1 : loc.file, loc.line);
}

/* As the kernel's next_arg() takes it apart: a value with blanks stands between double quotes. */
static void add_word(struct strbuf *text, const char *key, const char *value)
{
	bool quote = strpbrk(value, " \t") != NULL;

	strbuf_printf(text, "%s=%s%s%s\n", key, quote ? "\"" : "", value, quote ? "\"" : "");
}

static void add_param(struct strbuf *text, const char *param)
{
	const char *equals = strchr(param, '=');
	char key[64];

	if (!equals || (size_t)(equals - param) >= sizeof(key)) {
		strbuf_printf(text, "%s\n", param);
		return;
	}
	snprintf(key, sizeof(key), "%.*s", (int)(equals - param), param);
	add_word(text, key, equals + 1);
}

/* An embedded file lies in the root of the image under its own name. */
static void add_setting(struct strbuf *text, const struct stmt *stmt, const char *word)
{
	const char *value = stmt->argv[0], *slash = strrchr(value, '/');
	_cleanup_free_ char *embedded = NULL;

	if (stmt->kind != STMT_IMAGE || strncmp(value, "file:", 5) != 0)
		add_word(text, word, value);
	else if (asprintf(&embedded, "file:/%s", slash ? slash + 1 : value + 5) < 0)
		text->failed = true;
	else
		add_word(text, word, embedded);
}

int plan_settings(struct planner *planner, struct error **err)
{
	static const struct cause cause = { .reason = "settings of the profile" };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	const struct stmt *stmt;
	size_t len;
	char *data;

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		stmt = profile_last(planner->profile, settings[i].kind);
		if (!stmt)
			continue;
		add_place(&text, stmt->loc);
		add_setting(&text, stmt, settings[i].word);
	}
	vec_foreach(i, stmt, &planner->profile->stmts)
		for (size_t k = 0; stmt->kind == STMT_PARAM && k < stmt->argc; k++) {
			add_place(&text, stmt->argloc[k]);
			add_param(&text, stmt->argv[k]);
		}
	len = text.len;
	data = strbuf_steal(&text);
	if (!data)
		return error_no_memory(err);
	return plan_add_data(planner, SEGMENT_MODULES, PLAN_DEFAULTS_PATH, data, len, 0644, &cause,
			     err);
}
