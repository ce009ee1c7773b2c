// SPDX-License-Identifier: GPL-2.0-or-later
/* Texts into parameters. */
#include <string.h>

#include "applets/bootplan/print.h"
#include "applets/bootplan/settle.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What mkinitcpio takes as quoted: NAME='VALUE', if the other quote ends the word. Returns the
 * other one, NULL if from is no such quote. */
static char *other_quote(const char *word, const char *from, bool (*ends)(char))
{
	if (*from != '\'' || from == word || from[-1] != '=')
		return NULL;
	for (char *other = strchr(from + 1, '\''); other; other = strchr(other + 1, '\''))
		if (!other[1] || ends(other[1]))
			return other;
	return NULL;
}

/*
 * Takes one word off *text, in place. The kernel's quoting: blanks between double quotes do not end
 * a word. A quote without another is a character like others.
 */
static const char *next_word(char **text, bool (*ends)(char))
{
	char *word = *text, *from = word, *to = word;
	bool quoted = false;

	for (; *from && (quoted || !ends(*from)); from++) {
		const char *other = quoted ? NULL : other_quote(word, from, ends);

		if (*from == '"' && (quoted || strchr(from + 1, '"')))
			quoted = !quoted;
		else if (!other)
			*to++ = *from;
		else
			for (from++; from < other; from++)
				*to++ = *from;
	}
	*text = from + (*from != '\0');
	*to = '\0';
	return word;
}

static bool never(char c)
{
	return false;
}

/* place: where it stands, for messages */
static void read_parameter(struct plan *plan, const char *text, const char *place, int rank)
{
	plan->current =
		(struct origin){ .text = text, .place = place, .in_profile = rank != RANK_CMDLINE };
	plan_parameter(plan, text, rank);
	plan->current = (struct origin){ 0 };
}

static void read_cmdline(struct plan *plan, char *text)
{
	while (*text) {
		const char *word = next_word(&text, is_blank);

		if (*word && (plan->tail || strcmp(word, "--") == 0))
			plan->tail++; /* for the root's init alone */
		else if (*word)
			read_parameter(plan, word, "kernel command line", RANK_CMDLINE);
	}
}

/* One a line, which may have blanks; before it a comment with its place in the profile. */
static void read_defaults(struct plan *plan, char *text)
{
	const char *place = "profile";
	char *rest, *line;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (*line == '#') {
			place = line + 1 + strspn(line + 1, " ");
			continue;
		}
		read_parameter(plan, next_word(&line, never), place, 0);
	}
}

static const struct origins {
	const char *variable;
	enum setting settings[32]; /* S_NONE ends them */
} origins[] = {
	{ "FROM", { S_MODE,	 S_IMAGE,    S_ISO,	 S_HOST,    S_PART,	 S_ROOT,
		    S_NETROOT,	 S_NETDISK,  S_NFSROOT,	 S_REFUSED, S_LIVE,	 S_LIVE_HOST,
		    S_LIVE_FILE, S_LIVE_NFS, S_LIVE_DIR, S_RD_LIVE, S_LTSP,	 S_MARK,
		    S_SNAPSHOTS, S_LVM,	     S_LUKS,	 S_PERSIST, S_COW_HOST,	 S_COW_FLAGS,
		    S_VERIFY,	 S_CHECKS,   S_FLAGS,	 S_FSTYPE,  S_LIVE_LOAD, S_CRYPTROOT } },
	{ "FROM_NET", { S_NET, S_LINKS, S_BOOTIF, S_BOOTDEV, S_ETHDEVICE, S_DHCP_LIMIT, S_PROXY } },
	{ "FROM_USR", { S_USR, S_USR_FSTYPE, S_USR_FLAGS } },
	{ "FROM_INIT", { S_INIT } },
	{ "FROM_SIZE", { S_SIZE, S_TORAM } },
};

/* Of those that set nothing any more because another one does no line is given. */
static const char *origin_lines(struct plan *plan, const enum setting *settings)
{
	const char *lines = "";

	for (; *settings; settings++) {
		const struct origin *origin = &plan->origins[*settings];
		const char *line;

		if (!origin->text || !*origin->text)
			continue;
		line = plan_shown(plan, plan_text(plan, "%s (%s)\n", origin->text, origin->place));
		if (!strstr(plan_text(plan, "\n%s", lines), plan_text(plan, "\n%s", line)))
			lines = plan_text(plan, "%s%s", lines, line);
	}
	return lines;
}

void print_origins(struct plan *plan, FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(origins); i++)
		print_assignment(out, origins[i].variable, origin_lines(plan, origins[i].settings));
}

void plan_read(struct plan *plan, const char *defaults, const char *cmdline)
{
	plan_read_lease(plan, defaults, cmdline, NULL);
}

void plan_read_lease(struct plan *plan, const char *defaults, const char *cmdline,
		     const char *root_path)
{
	char *text = defaults ? plan_copy(plan, defaults) : NULL;

	if (text)
		read_defaults(plan, text);
	text = cmdline ? plan_copy(plan, cmdline) : NULL;
	if (text) {
		text[strcspn(text, "\n")] = '\0';
		read_cmdline(plan, text);
	}
	if (root_path) {
		plan->current = (struct origin){
			.text = plan_text(plan, "root-path '%s'", root_path),
			.place = "DHCP server",
		};
		plan_take_root_path(plan, root_path);
		plan->current = (struct origin){ 0 };
	}
	plan_settle(plan);
}
