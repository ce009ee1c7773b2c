// SPDX-License-Identifier: GPL-2.0-or-later
/* Parameters of other systems that name encrypted volumes. */

#include <string.h>

#include "applets/bootplan/table/value.h"
#include "common/text.h"

/* A line of P_LUKS, DEVICE NAME [OPTION]; of two for the same device the later counts. */
static void add_luks(struct plan *plan, int rank, const char *device, const char *name,
		     const char *option)
{
	const char *line = plan_text(plan, "%s %s%s", device, name, option);
	struct entry **entry = &plan->values[S_LUKS];

	while (*entry)
		if (has_prefix((*entry)->text, plan_text(plan, "%s ", device)) &&
		    (*entry)->rank <= rank)
			*entry = (*entry)->next;
		else
			entry = &(*entry)->next;
	plan_set(plan, S_LUKS, rank, line);
}

/* crypttab(5): what systemd-cryptsetup alone understands, as "token:OPTION" */
static bool is_token_option(const char *name)
{
	return has_prefix(name, "tpm2-") || has_prefix(name, "fido2-") ||
	       has_prefix(name, "pkcs11-") || has_prefix(name, "token-timeout=");
}

/* OPTION,OPTION of crypttab(5), mkinitcpio and genkernel as cryptsetup(8) has them, each with a
 * blank before it */
static const char *cryptsetup_options(struct plan *plan, const struct word *word, const char *list)
{
	static const struct {
		const char *name, *option;
	} known[] = {
		{ "discard", " --allow-discards" },
		{ "allow-discards", " --allow-discards" },
		{ "read-only", " --readonly" },
		{ "readonly", " --readonly" },
		{ "no-read-workqueue", " --perf-no_read_workqueue" },
		{ "no-write-workqueue", " --perf-no_write_workqueue" },
		{ "perf-no_read_workqueue", " --perf-no_read_workqueue" },
		{ "perf-no_write_workqueue", " --perf-no_write_workqueue" },
		{ "same-cpu-crypt", " --perf-same_cpu_crypt" },
		{ "submit-from-crypt-cpus", " --perf-submit_from_crypt_cpus" },
		{ "perf-same_cpu_crypt", " --perf-same_cpu_crypt" },
		{ "perf-submit_from_crypt_cpus", " --perf-submit_from_crypt_cpus" },
		{ "luks", "" },
	};
	char *names = plan_copy(plan, list), *rest, *name;
	const char *options = "";

	for (name = names ? strtok_r(names, ",", &rest) : NULL; name;
	     name = strtok_r(NULL, ",", &rest)) {
		size_t i = 0;

		while (i < ARRAY_SIZE(known) && strcmp(known[i].name, name) != 0)
			i++;
		if (i < ARRAY_SIZE(known))
			options = plan_text(plan, "%s%s", options, known[i].option);
		else if (is_token_option(name))
			options = plan_text(plan, "%s token:%s", options, name);
		else
			plan_note(plan, NULL, "parameter '%s': the option '%s' is not used",
				  word->text, name);
	}
	return options;
}

static const char *without_luks(const char *uuid)
{
	return uuid + (has_prefix(uuid, "luks-") ? strlen("luks-") : 0);
}

/* A name that rd.luks.name= gives counts. */
void take_luks_uuid(struct plan *plan, const struct word *word)
{
	const char *uuid = without_luks(word->value);
	const char *device = plan_text(plan, "UUID=%s", uuid);

	if (has_prefix(uuid, "keysource:")) { /* opened for the sake of rd.luks.key= alone */
		parameter_unsupported(plan, NULL, word->text);
		return;
	}
	for (const struct entry *entry = plan->values[S_LUKS]; entry; entry = entry->next)
		if (has_prefix(entry->text, plan_text(plan, "%s ", device)))
			return;
	add_luks(plan, word->rank, device, plan_text(plan, "luks-%s", uuid), "");
}

void take_luks_name(struct plan *plan, const struct word *word)
{
	const char *equals = strchr(word->value, '=');

	add_luks(plan, word->rank,
		 plan_text(plan, "UUID=%.*s", (int)(equals - word->value), word->value), equals + 1,
		 "");
}

/* [UUID=]OPTION,OPTION of systemd, which an option with a value in it may look like */
void take_luks_options(struct plan *plan, const struct word *word)
{
	const size_t len = strspn(without_luks(word->value), "0123456789abcdefABCDEF-");
	const char *options = without_luks(word->value), *uuid = "";

	if (options[len] == '=') {
		uuid = plan_text(plan, "%.*s", (int)len, options);
		options += len + 1;
	}
	plan_set(plan, S_LUKS_OPTIONS, word->rank,
		 plan_text(plan, "%s%s", uuid, cryptsetup_options(plan, word, options)));
}

/* rd.luks.allow-discards[=UUID] of dracut */
void take_luks_discards(struct plan *plan, const struct word *word)
{
	plan_set(plan, S_LUKS_OPTIONS, word->rank,
		 plan_text(plan, "%s --allow-discards",
			   strchr(word->text, '=') ? without_luks(word->value) : ""));
}

/* The length of the field that text begins with. A colon behind a backslash does not end it. */
static size_t field_length(const char *text)
{
	size_t len = 0;

	while (text[len] && text[len] != ':')
		len += text[len] == '\\' && text[len + 1] ? 2 : 1;
	return len;
}

/* Ends *text at its first ':'. *text is what is behind, "" at the end. */
static const char *luks_field(struct plan *plan, const char **text)
{
	const size_t len = field_length(*text);
	char *field = plan_copy(plan, plan_text(plan, "%.*s", (int)len, *text)), *to = field;

	*text += len + ((*text)[len] == ':');
	if (!field)
		return "";
	for (const char *from = field; *from; from++)
		if (*from != '\\' || from[1] != ':')
			*to++ = *from;
	*to = '\0';
	return field;
}

/* DEVICE:NAME[:OPTION,OPTION] */
void take_cryptdevice(struct plan *plan, const struct word *word)
{
	const char *rest = word->value;
	const char *device = luks_field(plan, &rest), *name = luks_field(plan, &rest);

	if (*device && *name)
		add_luks(plan, word->rank, device, name, cryptsetup_options(plan, word, rest));
	else
		parameter_wrong(plan, word);
}
