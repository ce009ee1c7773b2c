// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/bootplan/print.h"

#include <stdlib.h>
#include <string.h>

/* A line for each value (EACH), or one with all. The first field of some lines is made here. */
static const struct line {
	const char *label;
	enum setting setting;
	enum { WHOLE, EACH, SESSION, NFS } form;
} lines[] = {
	{ "mode", S_MODE, WHOLE },
	{ "image", S_IMAGE, WHOLE },
	{ "also", S_ALSO, EACH },
	{ "mark", S_MARK, WHOLE },
	{ "iso", S_ISO, WHOLE },
	{ "host", S_HOST, WHOLE },
	{ "part", S_PART, WHOLE },
	{ "snapshots", S_SNAPSHOTS, WHOLE },
	{ "root", S_ROOT, WHOLE },
	{ "lvm", S_LVM, WHOLE },
	{ "luks", S_LUKS, EACH },
	{ "raid", S_MD, WHOLE },
	{ "noraid", S_MD_OFF, WHOLE },
	{ "netroot", S_NETROOT, WHOLE },
	{ "netdisk", S_NETDISK, WHOLE },
	{ "refused", S_REFUSED, WHOLE },
	{ "remote", S_REMOTE, WHOLE },
	{ "rootfstype", S_FSTYPE, WHOLE },
	{ "rootflags", S_FLAGS, WHOLE },
	{ "access", S_ACCESS, WHOLE },
	{ "degraded", S_DEGRADED, WHOLE },
	{ "mount.usr", S_USR, WHOLE },
	{ "nofstab", S_NO_FSTAB, WHOLE },
	{ "usrfstype", S_USR_FSTYPE, WHOLE },
	{ "usrflags", S_USR_FLAGS, WHOLE },
	{ "persist", S_PERSIST, WHOLE },
	{ "storage", S_LIVE_KIND, WHOLE },
	{ "readonly", S_KEEP_RO, WHOLE },
	{ "rd.overlay.reset", S_RESET, WHOLE },
	{ "flags", S_COW_FLAGS, WHOLE },
	{ "session", S_PERCH_MODE, SESSION },
	{ "norestore", S_NORESTORE, WHOLE },
	{ "protect", S_PROTECT, WHOLE },
	{ "bind", S_BINDS, EACH },
	{ "tce", S_TCE, WHOLE },
	{ "extra", S_TC_EXTRAS, EACH },
	{ "load", S_LIVE_LOAD, WHOLE },
	{ "noload", S_LIVE_NOLOAD, WHOLE },
	{ "automount", S_AUTOMOUNT, WHOLE },
	{ "swap", S_SWAP, WHOLE },
	{ "size", S_SIZE, WHOLE },
	{ "nfs", S_LIVE_NFS, NFS },
	{ "checks", S_CHECKS, WHOLE },
	{ "toram", S_TORAM, WHOLE },
	{ "tohd", S_TOHD, WHOLE },
	{ "verify", S_VERIFY, WHOLE },
	{ "timeout", S_TIMEOUT, WHOLE },
	{ "patience", S_PATIENCE, WHOLE },
	{ "net", S_NET, WHOLE },
	{ "ethdevice", S_ETHDEVICE, WHOLE },
	{ "links", S_LINKS, WHOLE },
	{ "bootif", S_BOOTIF, WHOLE },
	{ "bootdev", S_BOOTDEV, WHOLE },
	{ "wait for", S_WANTED, WHOLE },
	{ "rd.route", S_ROUTES, EACH },
	{ "rd.peerdns", S_PEERDNS, WHOLE },
	{ "rd.net.timeout.dhcp", S_DHCP_LIMIT, WHOLE },
	{ "dns", S_DNS, WHOLE },
	{ "proxy", S_PROXY, WHOLE },
	{ "keymap", S_KEYMAP, WHOLE },
	{ "kernel", S_KERNEL, WHOLE },
	{ "modules", S_MODULES, WHOLE },
	{ "rd.driver.blacklist", S_BLACKLIST, WHOLE },
	{ "hostmount", S_HOSTMOUNT, WHOLE },
	{ "exporter", S_EXPORTER, WHOLE },
	{ "report", S_REPORT, WHOLE },
	{ "identity", S_IDENTITY, WHOLE },
	{ "hostname", S_HOSTNAME, WHOLE },
	{ "resume", S_RESUME, WHOLE },
	{ "resume_offset", S_RESUME_OFFSET, WHOLE },
	{ "noresume", S_NO_RESUME, WHOLE },
	{ "noeject", S_NOEJECT, WHOLE },
	{ "noprompt", S_NOPROMPT, WHOLE },
	{ "init", S_INIT, WHOLE },
	{ "runlevel", S_RUNLEVEL, WHOLE },
	{ "pause", S_PAUSE, WHOLE },
	{ "console", S_CONSOLES, WHOLE },
	{ "panic", S_PANIC, WHOLE },
	{ "shell", S_SHELL, WHOLE },
	{ "break", S_BREAK, WHOLE },
	{ "debug", S_DEBUG, WHOLE },
	{ "chart", S_CHART, WHOLE },
	{ "quiet", S_QUIET, WHOLE },
	{ "splash", S_SPLASH, WHOLE },
	{ "nosplash", S_NO_SPLASH, WHOLE },
	{ "fsck", S_FSCK, WHOLE },
};

void print_assignment(FILE *out, const char *variable, const char *value)
{
	fprintf(out, "%s='", variable);
	for (; *value; value++)
		if (*value == '\'')
			fputs("'\\''", out);
		else
			fputc(*value, out);
	fputs("'\n", out);
}

/* Lines of SNAPSHOTS are on one */
static const char *on_one_line(struct plan *plan, enum setting setting)
{
	char *text = plan_copy(plan, plan_join(plan, setting));
	size_t len = text ? strlen(text) : 0;

	if (!len)
		return "";
	if (setting_info[setting].separator == '\n') {
		text[len - 1] = '\0';
		for (char *c = text; *c; c++)
			if (*c == '\n')
				*c = ' ';
	}
	return text;
}

static const char *line_value(struct plan *plan, const struct line *line)
{
	const char *value = on_one_line(plan, line->setting);

	if (line->form == SESSION && plan_has(plan, S_PERCH_SIZE))
		return plan_text(plan, "%s %s", value, plan_get(plan, S_PERCH_SIZE));
	if (line->form == NFS && *value && plan_has(plan, S_LIVE_NFSOPTS))
		return plan_text(plan, "%s %s", value, plan_get(plan, S_LIVE_NFSOPTS));
	return value;
}

static void print_line(FILE *out, const char *label, const char *value)
{
	if (*value)
		fprintf(out, "%s=%s\n", label, value);
}

void print_for_people(struct plan *plan, FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		const struct entry *entry =
			lines[i].form == EACH ? plan->values[lines[i].setting] : NULL;

		for (; entry; entry = entry->next)
			print_line(out, lines[i].label, entry->text);
		if (lines[i].form != EACH)
			print_line(out, lines[i].label,
				   plan_shown(plan, line_value(plan, &lines[i])));
	}
	for (const struct note *note = plan->notes; note; note = note->next)
		print_line(out, "note", note->text);
}

static void print_notes(struct plan *plan, FILE *out)
{
	for (const struct note *note = plan->notes; note; note = note->next)
		fprintf(out, "%s\n", note->text);
}

/* All that print writes, in one variable */
static void bootplan_print_print_text(struct plan *plan, FILE *out, const char *variable,
				      void (*print)(struct plan *, FILE *))
{
	char *text = NULL;
	size_t len;
	FILE *memory = open_memstream(&text, &len);

	if (!memory) {
		plan->failed = true;
		return;
	}
	print(plan, memory);
	if (fclose(memory) != 0)
		plan->failed = true;
	else
		print_assignment(out, variable, text);
	free(text);
}

void print_plan(struct plan *plan, FILE *out)
{
	char tail[16];

	for (enum setting i = 0; i < SETTINGS; i++)
		if (setting_info[i].variable)
			print_assignment(out, setting_info[i].variable,
					 setting_info[i].combine == ONE ? plan_get(plan, i)
									: plan_join(plan, i));
	print_origins(plan, out);
	snprintf(tail, sizeof(tail), "%d", plan->tail);
	print_assignment(out, "TAIL", tail);
	bootplan_print_print_text(plan, out, "NOTES", print_notes);
	bootplan_print_print_text(plan, out, "PLAN", print_for_people);
}
