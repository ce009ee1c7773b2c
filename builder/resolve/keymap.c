// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/keymap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "builder/host/places.h"
#include "builder/resolve/keymap-tool.h"
#include "common/bytes.h"

#define MAGIC	   "bkeymap"
#define FLAGS	   256
#define TABLE_KEYS 128
/* include/uapi/linux/keyboard.h: KT_LATIN, KT_LETTER */
#define TYPE_LATIN  0
#define TYPE_LETTER 11
/* Less than this are no alphabet to type a passphrase in. */
#define LETTERS_MIN 20

static bool is_keymap(const char *data, size_t len)
{
	return len >= strlen(MAGIC) + FLAGS + 2 * TABLE_KEYS && memcmp(data, MAGIC, 7) == 0 &&
	       data[7];
}

/* Whether the keys without a modifier, the first table, have the letters a to z. */
static bool has_latin(const char *data)
{
	const uint8_t *table = (const uint8_t *)data + strlen(MAGIC) + FLAGS;
	bool seen[26] = { false };
	unsigned letters = 0;

	for (size_t i = 0; i < TABLE_KEYS; i++) {
		uint16_t key = get_le16(table + 2 * i);
		unsigned type = key >> 8, value = key & 0xff;

		if ((type != TYPE_LATIN && type != TYPE_LETTER) || value < 'a' || value > 'z')
			continue;
		letters += !seen[value - 'a'];
		seen[value - 'a'] = true;
	}
	return letters >= LETTERS_MIN;
}

/* text, or file when that is NULL, as a binary keymap. */
static int load_keys(const char *file, const char *text, size_t text_len, struct keymap *ret,
		     struct error **err)
{
	char program[] = "loadkeys", binary[] = "-b", unicode[] = "-u", from_stdin[] = "-";
	_cleanup_free_ char *name = strdup(file ? file : from_stdin);
	char *argv[] = { program, binary, unicode, name, NULL };
	int r;

	if (!name)
		return error_no_memory(err);
	r = keymap_run(argv, text, text_len, NULL, &ret->data, &ret->len, err);
	if (r == -ENOENT)
		return error_wrap(err, "install the package kbd");
	if (r < 0)
		return r;
	if (is_keymap(ret->data, ret->len))
		return 0;
	free(steal_ptr(&ret->data));
	return error_make(err, EIO, "loadkeys made no keymap of it");
}

static char *include_option(const struct host *host)
{
	_cleanup_free_ char *real = NULL;
	char *option;

	if (host_resolve(host, "/usr/share/X11/xkb", &real, NULL) < 0)
		return strdup("-compact");
	return asprintf(&option, "-I%s", real) < 0 ? NULL : option;
}

static int make_xkb(const struct host *host, const struct keymap_want *want, struct keymap *ret,
		    struct error **err)
{
	char program[] = "ckbcomp", layout[] = "-layout", variant[] = "-variant",
	     model[] = "-model", option[] = "-option", pc105[] = "pc105", none[] = "";
	_cleanup_free_ char *include = include_option(host), *text = NULL;
	char *argv[] = { program, include,
			 model,	  want->model && *want->model ? want->model : pc105,
			 layout,  want->layout,
			 variant, want->variant ? want->variant : none,
			 option,  want->options ? want->options : none,
			 NULL };
	size_t len;
	int r;

	if (!include)
		return error_no_memory(err);
	r = keymap_run(argv, "", 0, "Can not find", &text, &len, err);
	if (r == -ENOENT)
		return error_wrap(err, "install the packages console-setup and xkb-data");
	if (r == 0 && !strstr(text, "keycode"))
		r = error_make(err, ENOENT, "ckbcomp knows no such layout");
	return r < 0 ? r : load_keys(NULL, text, len, ret, err);
}

/* For people. */
static char *switch_keys(const char *options)
{
	static const char *const names[][2] = {
		{ "grp:alt_shift_toggle", "Alt+Shift" },
		{ "grp:ctrl_shift_toggle", "Ctrl+Shift" },
		{ "grp:ctrl_alt_toggle", "Ctrl+Alt" },
		{ "grp:caps_toggle", "Caps Lock" },
		{ "grp:shift_caps_toggle", "Shift+Caps Lock" },
		{ "grp:toggle", "the right Alt key" },
		{ "grp:rctrl_toggle", "the right Ctrl key" },
		{ "grp:menu_toggle", "the Menu key" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strstr(options, names[i][0]))
			return strdup(names[i][1]);
	return strdup(options);
}

static bool has_switch(const struct keymap_want *want)
{
	return want->options && strstr(want->options, "grp:");
}

/* want with the layout us in front when that is asked for, and keys to switch when it has none. */
static int pair_up(const struct keymap_want *want, bool latin, struct keymap_want *ret,
		   struct error **err)
{
	const char *options = want->options ? want->options : "";
	const char *front = latin ? "us," : "", *comma = latin ? "," : "";

	if (asprintf(&ret->layout, "%s%s", front, want->layout) < 0)
		ret->layout = NULL;
	if (asprintf(&ret->variant, "%s%s", comma, want->variant ? want->variant : "") < 0)
		ret->variant = NULL;
	if (asprintf(&ret->options, "%s%s%s", options, *options && !has_switch(want) ? "," : "",
		     has_switch(want) ? "" : "grp:alt_shift_toggle") < 0)
		ret->options = NULL;
	ret->model = want->model ? strdup(want->model) : NULL;
	return ret->layout && ret->variant && ret->options ? 0 : error_no_memory(err);
}

static int make_pair(const struct host *host, const struct keymap_want *want, bool latin,
		     struct keymap *ret, struct error **err)
{
	struct keymap_want pair = { 0 };
	int r = pair_up(want, latin, &pair, err);

	if (r == 0) {
		free(steal_ptr(&ret->data));
		r = make_xkb(host, &pair, ret, err);
	}
	if (r == 0 && !(ret->keys = switch_keys(strstr(pair.options, "grp:"))))
		r = error_no_memory(err);
	keymap_want_release(&pair);
	return r;
}

/* A file of kbd's keymaps below the target, else on this machine; NULL: none has that name. */
static char *console_file(const struct host *host, const char *name)
{
	static const char *const patterns[] = {
		"/usr/share/kbd/keymaps/*/*/%s.map*", "/usr/share/kbd/keymaps/*/%s.map*",
		"/usr/share/keymaps/*/*/%s.map*",     "/usr/share/keymaps/*/%s.map*",
		"/usr/share/keymaps/%s.*map*",	      "/usr/lib/kbd/keymaps/*/%s.map*",
		"/usr/lib/kbd/keymaps/*/*/%s.map*",
	};
	char none[] = "";
	const struct host here = { .sysroot = none };
	const struct host *const hosts[] = { host, &here };
	char *found = NULL;

	for (size_t i = 0; !found && !strpbrk(name, "/*?[\\%") && i < 2 * ARRAY_SIZE(patterns);
	     i++) {
		const struct host *where = hosts[i / ARRAY_SIZE(patterns)];
		const char *pattern = patterns[i % ARRAY_SIZE(patterns)],
			   *mark = strstr(pattern, "%s");
		_cleanup_free_ char *path = NULL;
		struct vec paths = { 0 };

		if (asprintf(&path, "%.*s%s%s", (int)(mark - pattern), pattern, name, mark + 2) < 0)
			path = NULL;
		if (path && host_glob(where, path, &paths, NULL) == 0 && paths.len &&
		    host_resolve(where, paths.items[0], &found, NULL) < 0)
			found = NULL;
		vec_clear(&paths, free);
	}
	return found;
}

/* "de-nodeadkeys" is LAYOUT-VARIANT, "de-latin1-nodeadkeys" a name that consoles alone have. */
static int console_as_xkb(const char *name, bool exact, struct keymap_want *ret, struct error **err)
{
	const char *dash = strchr(name, '-');
	const char *variant = exact && dash		   ? dash + 1
			      : strstr(name, "nodeadkeys") ? "nodeadkeys"
			      : strstr(name, "dvorak")	   ? "dvorak"
							   : "";

	ret->layout = strcmp(name, "uk") == 0
			      ? strdup("gb")
			      : strndup(name, dash ? (size_t)(dash - name) : strlen(name));
	ret->variant = strdup(variant);
	return ret->layout && ret->variant ? 0 : error_no_memory(err);
}

static int make_by_layout(const struct host *host, const struct keymap_want *want,
			  struct keymap *ret, struct error **err)
{
	int r = make_xkb(host, want, ret, err);

	if (r == 0 && !has_latin(ret->data))
		return make_pair(host, want, true, ret, err);
	if (r == 0 && strchr(want->layout, ','))
		return make_pair(host, want, false, ret, err);
	return r;
}

static int make_by_parts(const struct host *host, const char *name, bool exact, struct keymap *ret,
			 struct error **err)
{
	struct keymap_want xkb = { 0 };
	int r = console_as_xkb(name, exact, &xkb, err);

	if (r == 0)
		r = make_by_layout(host, &xkb, ret, err);
	keymap_want_release(&xkb);
	return r;
}

static int make_by_name(const struct host *host, const struct keymap_want *want, struct keymap *ret,
			struct error **err)
{
	_cleanup_free_ char *file = NULL;

	if (!want->file || host_resolve(host, want->file, &file, NULL) < 0)
		file = console_file(host, want->console);
	if (file && load_keys(file, "", 0, ret, NULL) == 0) {
		if (has_latin(ret->data))
			return 0;
		free(steal_ptr(&ret->data));
	}
	if (make_by_parts(host, want->console, true, ret, NULL) == 0 ||
	    (want->layout && make_by_layout(host, want, ret, NULL) == 0))
		return 0;
	return make_by_parts(host, want->console, false, ret, err);
}

static char *keymap_name(const struct keymap_want *want)
{
	const char *variant = want->variant ? want->variant + strspn(want->variant, ",") : "";
	char *name;

	if (want->console)
		return strdup(want->console);
	return asprintf(&name, "%s%s%s", want->layout, *variant ? "-" : "", variant) < 0 ? NULL
											 : name;
}

int keymap_make(const struct host *host, const struct keymap_want *want, struct keymap *ret,
		struct error **err)
{
	struct keymap made = { .name = keymap_name(want) };
	int r;

	if (!made.name)
		return error_no_memory(err);
	if (strchr(made.name, '/') || *made.name == '.')
		r = error_make(err, EINVAL, "that is no name of a layout");
	else
		r = want->console ? make_by_name(host, want, &made, err)
				  : make_by_layout(host, want, &made, err);
	if (r < 0) {
		r = error_wrap(err, "keyboard layout '%s'", made.name);
		keymap_release(&made);
		return r;
	}
	*ret = made;
	return 0;
}

void keymap_want_release(struct keymap_want *want)
{
	free(want->layout);
	free(want->variant);
	free(want->model);
	free(want->options);
	free(want->console);
	free(want->file);
	*want = (struct keymap_want){ 0 };
}

void keymap_release(struct keymap *keymap)
{
	free(keymap->name);
	free(keymap->data);
	free(keymap->keys);
	*keymap = (struct keymap){ 0 };
}
