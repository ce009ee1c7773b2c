// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/coldplug/modconfig.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/modules/line.h"
#include "common/modules/name.h"
#include "common/msg.h"

static int modconfig_add(struct modconfig *config, enum setting_kind kind, char *name,
			 const char *value)
{
	struct setting *bigger = reallocarray(config->settings, config->count + 1, sizeof(*bigger));

	if (!bigger)
		return -ENOMEM;
	module_name_fold(name);
	config->settings = bigger;
	bigger[config->count++] = (struct setting){ .kind = kind, .name = name, .value = value };
	return 0;
}

/* From now on the config owns text, also when this fails. */
static int own(struct modconfig *config, char *text)
{
	char **bigger = reallocarray(config->texts, config->text_count + 1, sizeof(*bigger));

	if (!bigger) {
		free(text);
		return -ENOMEM;
	}
	config->texts = bigger;
	bigger[config->text_count++] = text;
	return 0;
}

static int modconfig_parse_line(struct modconfig *config, char *line, const char *file,
				unsigned int number)
{
	static const char *const words[] = { [SETTING_ALIAS] = "alias",
					     [SETTING_BLACKLIST] = "blacklist",
					     [SETTING_OPTIONS] = "options",
					     [SETTING_SOFTDEP] = "softdep" };
	char *word = text_word(&line), *name;

	/* a weakdep is there for who builds an image: modprobe loads nothing for it */
	if (!word || *word == '#' || strcmp(word, "weakdep") == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(word, words[i]) != 0)
			continue;
		name = text_word(&line);
		if (name)
			return modconfig_add(config, (enum setting_kind)i, name,
					     line + strspn(line, " \t"));
		msg(MSG_WARNING, "%s:%u: '%s' needs a module name", file, number, word);
		return 0;
	}
	msg(MSG_WARNING, "%s:%u: '%s' is not supported here, so the line does nothing", file,
	    number, word);
	return 0;
}

int modconfig_read_file(struct modconfig *config, const char *dir, const char *name,
			struct error **err)
{
	_cleanup_free_ char *path = NULL;
	char *text, *cursor, *line;
	unsigned int number = 0;
	int r;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return error_no_memory(err);
	r = read_text(path, &text, NULL);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_sys(err, r, "cannot read '%s'", path);
	cursor = text;
	r = own(config, text);
	while (r == 0 && (line = text_line(&cursor)))
		r = modconfig_parse_line(config, line, name, ++number);
	return r < 0 ? error_no_memory(err) : 0;
}

static int is_conf(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 5 && strcmp(entry->d_name + n - 5, ".conf") == 0;
}

int modconfig_read_dir(struct modconfig *config, const char *dir, struct error **err)
{
	struct dirent **list = NULL;
	int n = scandir(dir, &list, is_conf, alphasort), r = 0;

	if (n < 0)
		return errno == ENOENT ? 0
				       : error_sys(err, errno, "cannot read directory '%s'", dir);
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = modconfig_read_file(config, dir, list[i]->d_name, err);
		free(list[i]);
	}
	free(list);
	return r;
}

static int take_blacklist(struct modconfig *config, char *names)
{
	char *save = NULL;
	int r = 0;

	for (char *name = strtok_r(names, ",", &save); name && r == 0;
	     name = strtok_r(NULL, ",", &save))
		r = modconfig_add(config, SETTING_BLACKLIST, name, "");
	return r;
}

/* MODULE.PARAM=VALUE or MODULE.PARAM */
static int take_parameter(struct modconfig *config, char *word)
{
	char *dot = strchr(word, '.'), *equals = strchr(word, '=');

	if (!dot || dot == word || !dot[1] || (equals && equals < dot))
		return 0;
	*dot = '\0';
	return modconfig_add(config, SETTING_OPTIONS, word, dot + 1);
}

int modconfig_take_cmdline(struct modconfig *config, char *text)
{
	char *cursor = text, *word;
	int r;

	text[strcspn(text, "\n")] = '\0';
	r = own(config, text);
	while (r == 0 && (word = text_word(&cursor))) {
		if (strcmp(word, "--") == 0)
			break;
		if (strncmp(word, "modprobe.blacklist=", 19) == 0)
			r = take_blacklist(config, word + 19);
		else if (strncmp(word, "blacklist=", 10) == 0)
			r = take_blacklist(config, word + 10);
		else if (strncmp(word, "rd.driver.blacklist=", 20) == 0)
			r = take_blacklist(config, word + 20);
		else
			r = take_parameter(config, word);
	}
	return r;
}

const struct setting *modconfig_next(const struct modconfig *config, enum setting_kind kind,
				     const char *name, size_t *at)
{
	bool pattern = kind == SETTING_ALIAS || kind == SETTING_SOFTDEP;

	while (*at < config->count) {
		const struct setting *s = &config->settings[(*at)++];

		if (s->kind == kind &&
		    (pattern ? fnmatch(s->name, name, 0) == 0 : strcmp(s->name, name) == 0))
			return s;
	}
	return NULL;
}

bool modconfig_is_blacklisted(const struct modconfig *config, const char *module)
{
	size_t at = 0;

	return modconfig_next(config, SETTING_BLACKLIST, module, &at) != NULL;
}

char *modconfig_options(const struct modconfig *config, const char *module)
{
	const struct setting *s;
	char *options = strdup("");
	size_t at = 0;

	while (options && (s = modconfig_next(config, SETTING_OPTIONS, module, &at))) {
		size_t have = strlen(options), more = strlen(s->value);
		char *bigger = realloc(options, have + more + 2);

		if (!bigger) {
			free(options);
			return NULL;
		}
		options = bigger;
		if (have)
			options[have++] = ' ';
		memcpy(options + have, s->value, more + 1);
	}
	return options;
}

void modconfig_free(struct modconfig *config)
{
	for (size_t i = 0; i < config->text_count; i++)
		free(config->texts[i]);
	free(config->texts);
	free(config->settings);
	*config = (struct modconfig){ 0 };
}
