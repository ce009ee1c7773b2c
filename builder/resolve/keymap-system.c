// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vconsole.conf(5), keyboard(5), and where OpenRC, Void, Alpine and systems with sysconfig have it:
 * assignments of the shell, of which the simple ones are understood.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "builder/resolve/keymap.h"
#include "builder/util/readfile.h"

struct assignment {
	const char *key;
	char **value;
};

/* KEY=value, KEY="value", KEY='value'; *value is replaced, by NULL when it is empty. */
static int take_line(char *line, const struct assignment *wanted)
{
	char *equals = strchr(line, '='), *value;
	size_t len;

	line += strspn(line, " \t");
	if (!equals || *line == '#')
		return 0;
	*equals = '\0';
	value = equals + 1;
	len = strcspn(value, *value == '"' ? "\n" : " \t\r#");
	if (*value == '"' || *value == '\'') {
		char quote = *value++;

		len = (size_t)(strchrnul(value, quote) - value);
	}
	for (; wanted->key; wanted++) {
		if (strcmp(wanted->key, line) != 0)
			continue;
		free(*wanted->value);
		*wanted->value = len ? strndup(value, len) : NULL;
		return len && !*wanted->value ? -ENOMEM : 0;
	}
	return 0;
}

static int read_assignments(const struct host *host, const char *file,
			    const struct assignment *wanted, struct error **err)
{
	_cleanup_free_ char *real = NULL, *text = NULL;
	char *rest = NULL;

	if (host_resolve(host, file, &real, NULL) < 0 || read_file(real, &text, NULL, NULL) < 0)
		return 0;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (take_line(line, wanted) < 0)
			return error_no_memory(err);
	return 0;
}

/* What the kernel has of itself, which systemd calls @kernel */
static bool is_default(const struct keymap_want *want)
{
	if (want->console)
		return strcmp(want->console, "us") == 0 || strcmp(want->console, "@kernel") == 0;
	return want->layout && strcmp(want->layout, "us") == 0 && !want->variant;
}

/* /path/de.map.gz is that file, and called de. */
static int name_console(struct keymap_want *want)
{
	static const char *const endings[] = { ".gz",  ".bz2",	".xz",	".zst",
					       ".map", ".kmap", ".bmap" };
	const char *slash = want->console ? strrchr(want->console, '/') : NULL;
	char *name;

	if (!want->console)
		return 0;
	name = strdup(slash ? slash + 1 : want->console);
	if (!name)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		const size_t len = strlen(name), end = strlen(endings[i]);

		if (len > end && strcmp(name + len - end, endings[i]) == 0)
			name[len - end] = '\0';
	}
	if (slash)
		want->file = want->console;
	else
		free(want->console);
	want->console = name;
	return 0;
}

static int read_system(const struct host *host, struct keymap_want *want, struct error **err)
{
	static const struct {
		const char *file, *key;
	} others[] = {
		{ "/etc/conf.d/keymaps", "keymap" },
		{ "/etc/conf.d/loadkmap", "KEYMAP" },
		{ "/etc/rc.conf", "KEYMAP" },
		{ "/etc/sysconfig/keyboard", "KEYTABLE" },
		{ "/etc/sysconfig/keyboard", "KEYMAP" },
	};
	const struct assignment wanted[] = {
		{ "KEYMAP", &want->console },	  { "XKBLAYOUT", &want->layout },
		{ "XKBVARIANT", &want->variant }, { "XKBMODEL", &want->model },
		{ "XKBOPTIONS", &want->options }, { NULL, NULL }
	};
	int r = read_assignments(host, "/etc/vconsole.conf", wanted, err);

	if (r == 0 && !want->console && !want->layout)
		r = read_assignments(host, "/etc/default/keyboard", wanted + 1, err);
	for (size_t i = 0; r == 0 && !want->console && !want->layout && i < ARRAY_SIZE(others);
	     i++) {
		const struct assignment one[] = { { others[i].key, &want->console },
						  { NULL, NULL } };

		r = read_assignments(host, others[i].file, one, err);
	}
	return r;
}

int keymap_of_system(const struct host *host, struct keymap_want *ret, struct error **err)
{
	struct keymap_want want = { 0 };
	int r = read_system(host, &want, err);

	if (r == 0 && name_console(&want) < 0)
		r = error_no_memory(err);
	if (r < 0 || is_default(&want)) {
		keymap_want_release(&want);
		return r;
	}
	*ret = want;
	return 0;
}

int keymap_of_name(const char *name, struct keymap_want *ret, struct error **err)
{
	const char *dash = strchr(name, '-');
	struct keymap_want want = { 0 };

	if (!strchr(name, ',')) {
		want.console = strdup(name);
	} else {
		want.layout = strndup(name, dash ? (size_t)(dash - name) : strlen(name));
		want.variant = dash ? strdup(dash + 1) : NULL;
	}
	if (!want.console && !want.layout)
		return error_no_memory(err);
	*ret = want;
	return 0;
}
