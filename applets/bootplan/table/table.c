// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/bootplan/table/table.h"
#include "applets/bootplan/glob.h"

#include <stdio.h>
#include <string.h>

const struct table *const parameter_tables[] = {
	&table_own,	   &table_dracut,    &table_kernel,	  &table_network, &table_vdisk,
	&table_volumes,	   &table_tinycore,  &table_live,	  &table_casper,  &table_knoppix,
	&table_archiso,	   &table_puppy,     &table_antix,	  &table_slax,	  &table_ltsp,
	&table_mkinitcpio, &table_initramfs, &table_alpine,	  &table_systemd, &table_slackware,
	&table_genkernel,  &table_nixos,     &table_postmarketos, &table_kiwi,	  &table_rescue,
	&table_manjaro,	   &table_deployed,
};
const size_t parameter_table_count = ARRAY_SIZE(parameter_tables);

/* The name at *pos, which moves behind it; *ret_len 0 and NULL after the last one */
static const char *next_name(const char **pos, size_t *ret_len)
{
	const char *name = *pos ? *pos + strspn(*pos, " ") : "";

	*ret_len = strcspn(name, " ");
	*pos = name + *ret_len;
	return *ret_len ? name : NULL;
}

/* name: alone or with a value; "name=": with a value; "name*": everything that begins so */
static bool has_name(const char *names, const char *text)
{
	const char *name;
	size_t len;

	while ((name = next_name(&names, &len))) {
		const char last = name[len - 1];

		if (strncmp(text, name, last == '*' ? len - 1 : len) == 0 &&
		    (last == '*' || last == '=' || text[len] == '\0' || text[len] == '='))
			return true;
	}
	return false;
}

/* 1 or 0 for the value of a switch, -1 when it is none */
static int truth(const char *value)
{
	static const char *const on[] = { "1", "y", "yes", "on", "true" };
	static const char *const off[] = { "0", "n", "no", "off", "false" };

	for (size_t i = 0; i < ARRAY_SIZE(on); i++) {
		if (strcmp(value, on[i]) == 0)
			return 1;
		if (strcmp(value, off[i]) == 0)
			return 0;
	}
	return -1;
}

/* 1 or 0 for NAME=1 and the like, -1 when the word is no such form of NAME */
static int switch_value(const char *name, const struct word *word)
{
	const size_t len = strlen(name);

	if (strncmp(word->text, name, len) != 0 || (word->text[len] && word->text[len] != '='))
		return -1;
	return word->text[len] ? truth(word->value) : 1;
}

static bool is_switch(const struct parameter *parameter)
{
	return parameter->use == SWITCH || parameter->use == ON;
}

static bool fits(const struct parameter *parameter, const struct word *word)
{
	if (is_switch(parameter))
		return switch_value(parameter->pattern, word) >= 0;
	return glob_matches(parameter->pattern, word->text);
}

/* "LABEL=%" with the value for the '%'; for a '@' what is behind the value's first ':' */
static const char *fill_in(struct plan *plan, const char *text, const char *value)
{
	const char *place = strpbrk(text, "%@"), *colon = strchr(value, ':');

	if (!place)
		return text;
	if (*place == '@')
		value = colon ? colon + 1 : "";
	return plan_text(plan, "%.*s%s%s", (int)(place - text), text, value, place + 1);
}

/* An assignment of a switch that is off: a flag gets its other value, what else is set stays as it
 * is. */
static void assign(struct plan *plan, const struct assignment *sets, const struct word *word,
		   bool on)
{
	const char *text = sets->text;
	int rank = word->rank;

	if (!on && strcmp(text, "1") != 0 && strcmp(text, "0") != 0)
		return;
	if (*text == '?') {
		text++;
		rank += RANK_GUESS - (rank % RANK_CMDLINE);
	}
	plan_set(plan, sets->setting, rank,
		 on ? fill_in(plan, text, word->value) : setting_info[sets->setting].off);
}

void parameter_wrong(struct plan *plan, const struct word *word)
{
	plan_note(plan, NULL, "parameter '%s' ignored: expected %s", word->text, word->expected);
}

void parameter_unsupported(struct plan *plan, const char *system, const char *text)
{
	plan_note(plan, system, "parameter '%s' is recognised, not supported", text);
}

/* What is on a disk that this version cannot attach is not waited for. */
void parameter_refused(struct plan *plan, const struct word *word)
{
	plan_set(plan, S_REFUSED, word->rank, word->text);
	parameter_unsupported(plan, NULL, word->text);
}

void parameter_remote(struct plan *plan, const struct word *word)
{
	if (truth(word->value) == 0)
		return;
	plan_set(plan, S_REMOTE, word->rank, word->text);
	parameter_unsupported(plan, NULL, word->text);
}

static void apply(struct plan *plan, const struct parameter *parameter, const struct word *word)
{
	const bool on = !is_switch(parameter) ||
			switch_value(parameter->pattern, word) == (parameter->use == SWITCH);

	for (size_t i = 0; i < ARRAY_SIZE(parameter->sets) && parameter->sets[i].setting; i++)
		if (parameter->sets[i].text)
			assign(plan, &parameter->sets[i], word, on);
	if (parameter->call)
		parameter->call(plan, word);
	else if (parameter->use == WRONG)
		parameter_wrong(plan, word);
}

/* Whether it is in this table. *ret_taken: it is not for the root's init as well */
static bool table_look_up(struct plan *plan, const struct table *table, struct word *word,
			  bool *ret_taken)
{
	*ret_taken = true;
	for (size_t i = 0; i < table->count; i++) {
		if (!fits(&table->parameters[i], word))
			continue;
		word->expected = table->parameters[i].expected;
		apply(plan, &table->parameters[i], word);
		*ret_taken = table->parameters[i].use != PASS;
		return true;
	}
	if (has_name(table->unsupported, word->text)) {
		if (truth(word->value) != 0) /* =0: as it is anyway */
			parameter_unsupported(plan, table->live, word->text);
		return true;
	}
	*ret_taken = false;
	return has_name(table->left, word->text);
}

/* The kernel hands words without '=' and '.' that it does not know to init. */
static bool is_argument(const char *text)
{
	return !strpbrk(text, "=.");
}

bool plan_parameter(struct plan *plan, const char *text, int rank)
{
	const char *equals = strchr(text, '=');
	struct word word = { .text = text, .value = equals ? equals + 1 : text };
	bool taken;

	for (size_t i = 0; i < parameter_table_count; i++) {
		word.rank = rank + (int)parameter_tables[i]->rank;
		if (!table_look_up(plan, parameter_tables[i], &word, &taken))
			continue;
		if (taken && rank == RANK_CMDLINE && is_argument(text))
			plan_set(plan, S_KNOWN, 0, text);
		return true;
	}
	return false;
}

static void print_names(const char *system, const char *use, const char *names)
{
	const char *name;
	size_t len;

	while ((name = next_name(&names, &len)))
		printf("%s\t%s\t%.*s\t\n", system, use, (int)len, name);
}

static void print_parameter(const struct table *table, const struct parameter *parameter)
{
	const char *separator = "";

	printf("%s\tused\t%s\t", table->system, parameter->pattern);
	for (size_t i = 0; i < ARRAY_SIZE(parameter->sets) && parameter->sets[i].setting; i++) {
		const char *what = setting_info[parameter->sets[i].setting].what;

		if (what)
			printf("%s%s", separator, what);
		if (what)
			separator = ", ";
	}
	putchar('\n');
}

static bool is_refused(const struct parameter *parameter)
{
	return parameter->call == parameter_refused || parameter->call == parameter_remote;
}

void table_print(void)
{
	for (size_t i = 0; i < parameter_table_count; i++) {
		const struct table *table = parameter_tables[i];

		for (size_t j = 0; j < table->count; j++)
			if (table->parameters[j].use != WRONG && !is_refused(&table->parameters[j]))
				print_parameter(table, &table->parameters[j]);
		for (size_t j = 0; j < table->count; j++)
			if (is_refused(&table->parameters[j]))
				printf("%s\tunsupported\t%s\t\n", table->system,
				       table->parameters[j].pattern);
		print_names(table->system, "unsupported", table->unsupported);
		print_names(table->system, "left", table->left);
	}
}
