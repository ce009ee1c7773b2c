// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/cmd/cli/table.h"

#include <limits.h>
#include <string.h>

const struct cli_option cli_options[] = {
	{ 'p', "profile", "PROFILE", "name or file of the profile (overlay)", false, "profile" },
	{ 'k', "kernel", "KVER", "kernel version, or a vmlinuz to read it from", false, "kernel" },
	{ 'r', "sysroot", "DIRECTORY", "take modules, firmware and binaries below DIRECTORY", false,
	  "dir" },
	{ 'o', "output", "FILE", "output file; '-' is standard output", false, "file" },
	{ 's', "set", "DIRECTIVE",
	  "an additional profile line, e.g. -s 'compress xz'; may be repeated", false,
	  "directive" },
	{ 'j', "jobs", "N", "compression threads (0: one per CPU)", false, NULL },
	{ OPTION_FORMAT, "format", "FORMAT", "text, json, or list (gen_init_cpio)", true,
	  "words:text json list" },
	{ OPTION_MODE, "mode", "MODE", "expect a root for overlay, tmpfs or loop", true,
	  "words:overlay tmpfs loop" },
	{ OPTION_SHELL, "shell", NULL, "print assignments for a shell's eval", true, NULL },
	{ OPTION_JSON, "json", NULL, "print JSON, one object a line", true, NULL },
	{ OPTION_SVG, "svg", NULL, "draw it, as SVG", true, NULL },
	{ OPTION_LIKE, "like", "PROFILE", "for 'new': the profile to begin with (overlay)", true,
	  "profile" },
	{ 'C', "directory", "DIRECTORY", "unpack into DIRECTORY (default: the current one)", false,
	  "dir" },
	{ 'l', "long", NULL, "print mode, owner, size, time and link target", false, NULL },
	{ 'v', "verbose", NULL, "print more", false, NULL },
	{ 'q', "quiet", NULL, "print only errors", false, NULL },
	{ 'h', "help", NULL, "print this text", false, NULL },
	{ 'V', "version", NULL, "print the version", false, NULL },
	{ 0 },
};

static const struct command commands[] = {
	{ "build", "[OPTION...]", "build an initramfs", "pkrosjvqhV", 0, 0, cmd_build, NULL },
	{ "plan", "[OPTION...]", "print what would be in the image, and why", "pkrosjfvqhV", 0, 0,
	  cmd_plan, NULL },
	{ "check", "IMAGE [-k KVER|VMLINUZ]", "verify that a kernel can unpack and start an image",
	  "krvqhV", 1, 1, cmd_check, "file" },
	{ "why", "IMAGE PATH", "explain why a file is in an image", "vqhV", 2, 2, cmd_why,
	  "file member" },
	{ "ls", "IMAGE...", "list the members of images", "lfvqhV", 1, UINT_MAX, cmd_ls,
	  "file..." },
	{ "cat", "IMAGE PATH...", "write members of an image to standard output", "vqhV", 2,
	  UINT_MAX, cmd_cat, "file member..." },
	{ "unpack", "[-C DIRECTORY] IMAGE", "unpack an image into a directory", "CvqhV", 1, 1,
	  cmd_unpack, "file" },
	{ "diff", "IMAGE IMAGE", "compare two images member by member", "fvqhV", 2, 2, cmd_diff,
	  "file file" },
	{ "size", "IMAGE...", "show what takes up space in images", "JGvqhV", 1, UINT_MAX, cmd_size,
	  "file..." },
	{ "chart", "LOG|-", "draw the times of a boot, as SVG", "vqhV", 1, 1, cmd_chart, "file" },
	{ "explain", "LOG|-|CODE", "tell why a boot failed, by its log", "vqhV", 0, 1, cmd_explain,
	  "file" },
	{ "identify", "FILE...", "tell what a file is, and whether it can be a root", "MSJqhV", 1,
	  UINT_MAX, cmd_identify, "file..." },
	{ "efi", "FILE [SECTION] | -o FILE STUB SECTION=FILE...",
	  "list, print or join the sections of EFI programs", "ofvqhV", 1, UINT_MAX, cmd_efi,
	  "file file..." },
	{ "hardware", "", "list the modaliases of this machine, for 'hardware' in profiles",
	  "rvqhV", 0, 0, cmd_hardware, NULL },
	{ "profile",
	  "list | show [NAME|FILE] | check [NAME|FILE...] | new NAME | edit NAME | diff A B",
	  "list, print, check, make, edit or compare profiles", "pkrsIvqhV", 0, UINT_MAX,
	  cmd_profile, "words:list|show|check|new|edit|diff profile..." },
};

static const struct {
	const char *name, *summary;
} scripts[] = {
	{ "vm", "boot an image in QEMU" },
	{ "pxe", "lay out a directory for network boot" },
	{ "usb", "make a bootable USB drive" },
	{ "frugal", "install kernel, image and root on a partition" },
	{ "iso", "make a bootable CD image" },
	{ "uki", "make a unified kernel image" },
	{ "update", "build and replace the images of this machine" },
	{ "pack", "pack a root directory into an archive or image" },
};

const struct command *cli_command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

bool cli_is_script(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
		if (!strcmp(scripts[i].name, name))
			return true;
	return false;
}

const char *cli_command_name(const void *context, size_t i)
{
	if (i < ARRAY_SIZE(commands))
		return commands[i].name;
	i -= ARRAY_SIZE(commands);
	return i < ARRAY_SIZE(scripts) ? scripts[i].name : NULL;
}

void cli_getopt_tables(const struct command *command, char *letters, size_t size,
		       struct option longs[CLI_MAX_OPTIONS + 1])
{
	char *end = letters + size - 3;
	size_t n = 0;

	*letters++ = ':';
	for (const struct cli_option *o = cli_options; o->name; o++) {
		if (!strchr(command->options, o->letter) || n == CLI_MAX_OPTIONS || letters >= end)
			continue;
		longs[n++] = (struct option){ o->name, o->value ? required_argument : no_argument,
					      NULL, o->letter };
		if (!o->only_long) {
			*letters++ = o->letter;
			if (o->value)
				*letters++ = ':';
		}
	}
	*letters = '\0';
	longs[n] = (struct option){ 0 };
}

void cli_print_version(FILE *to)
{
	fputs("mkvinitrd " VERSION "\n", to);
}

void cli_print_help(FILE *to)
{
	fputs("mkvinitrd builds an initramfs for a root in an unusual place.\n\n"
	      "usage: mkvinitrd COMMAND [OPTION...] [ARGUMENT...]\n\ncommands:\n",
	      to);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-9s %s\n", commands[i].name, commands[i].summary);
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
		fprintf(to, "  %-9s %s\n", scripts[i].name, scripts[i].summary);
	fputs("\nSettings override each other in this order: built-in default, profile and its "
	      "includes, "
	      "-s; at\n"
	      "boot, the kernel command line. Profiles are searched in $MKVINITRD_PROFILES,\n"
	      "/etc/mkvinitrd/profiles and the shipped profiles.\n\n"
	      "exit status: 0 success, 1 failure, 2 usage error, 3 error in the profile\n"
	      "'mkvinitrd COMMAND --help' lists the options of a command; see mkvinitrd(8) and "
	      "mkvinitrd.profile(5).\n",
	      to);
}

void cli_print_command_help(const struct command *command, FILE *to)
{
	fprintf(to, "usage: mkvinitrd %s %s\n%s\n\n", command->name, command->usage,
		command->summary);
	for (const struct cli_option *o = cli_options; o->name; o++) {
		char left[40];

		if (!strchr(command->options, o->letter))
			continue;
		if (o->only_long)
			snprintf(left, sizeof(left), "    --%s%s%s", o->name, o->value ? "=" : "",
				 o->value ? o->value : "");
		else
			snprintf(left, sizeof(left), "-%c, --%s%s%s", o->letter, o->name,
				 o->value ? "=" : "", o->value ? o->value : "");
		fprintf(to, "  %-24s %s\n", left, o->help);
	}
}

void cli_print_commands(FILE *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "%s\t%s\n", commands[i].name, commands[i].summary);
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
		fprintf(to, "%s\t%s\n", scripts[i].name, scripts[i].summary);
	fputs("help\tprint help\n", to);
}

/* A blank ends an operand's kind, so the words of one are separated by '|'. */
static void print_operands(const char *operands, FILE *to)
{
	while (*operands) {
		size_t n = strcspn(operands, " ");
		bool repeated = n > 3 && memcmp(operands + n - 3, "...", 3) == 0;

		fputs(repeated ? "@||ARGUMENT...|" : "@||ARGUMENT|", to);
		for (size_t i = 0; i < n - (repeated ? 3 : 0); i++)
			putc(operands[i] == '|' ? ' ' : operands[i], to);
		fputs("|\n", to);
		operands += n + strspn(operands + n, " ");
	}
}

void cli_print_option_table(const struct command *command, FILE *to)
{
	for (const struct cli_option *o = cli_options; o->name; o++) {
		if (!strchr(command->options, o->letter))
			continue;
		if (!o->only_long)
			putc(o->letter, to);
		fprintf(to, "|%s|%s|%s|%s\n", o->name, o->value ? o->value : "",
			o->kind ? o->kind : "", o->help);
	}
	if (command->operands)
		print_operands(command->operands, to);
}
