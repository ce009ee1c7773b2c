// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/cmd/cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "builder/cmd/cli/complete.h"
#include "builder/cmd/cli/dispatch.h"
#include "builder/cmd/cli/table.h"
#include "builder/profile/value.h"
#include "builder/util/suggest.h"
#include "common/msg.h"

static int _printf_(2, 3) usage_error(const char *command, const char *fmt, ...)
{
	va_list ap;

	fputs("mkvinitrd: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nTry 'mkvinitrd %s%s--help'.\n", command ? command : "",
		command ? " " : "");
	return STATUS_USAGE;
}

static bool parse_format(const char *text, enum plan_format *ret)
{
	static const char *const names[] = { "text", "json", "list", NULL };

	for (unsigned i = 0; names[i]; i++)
		if (!strcmp(names[i], text)) {
			*ret = (enum plan_format)i;
			return true;
		}
	return false;
}

/* Stores one option. STATUS_OK or STATUS_USAGE. */
static int cli_set_option(const struct command *command, struct options *options, int option,
			  const char *value)
{
	const struct {
		int option;
		const char **text;
	} texts[] = { { 'p', &options->profile },      { 'k', &options->kver },
		      { 'r', &options->sysroot },      { 'o', &options->output },
		      { OPTION_LIKE, &options->like }, { OPTION_MODE, &options->mode },
		      { 'C', &options->directory } };
	uint64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (texts[i].option != option)
			continue;
		*texts[i].text = value;
		return STATUS_OK;
	}
	switch (option) {
	case 's':
		if (vec_push(&options->directives, optarg) < 0)
			return STATUS_FAILED;
		break;
	case 'j':
		if (!parse_number(value, 1024, &number))
			return usage_error(
				command->name,
				"-j wants a number of threads from 0 (all CPUs) to 1024, not '%s'",
				value);
		options->jobs = (unsigned)number;
		break;
	case 'l':
		options->long_format = true;
		break;
	case 'v':
		options->verbose = true;
		break;
	case 'q':
		options->quiet = true;
		break;
	case OPTION_SHELL:
		options->shell = true;
		break;
	case OPTION_JSON:
		options->json = true;
		break;
	case OPTION_SVG:
		options->svg = true;
		break;
	case OPTION_FORMAT:
		if (!parse_format(value, &options->format))
			return usage_error(command->name,
					   "--format is text, json or list, not '%s'", value);
		break;
	default:
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

static const char *option_name(const void *context, size_t i)
{
	const struct command *command = context;

	for (const struct cli_option *o = cli_options; o->name; o++)
		if (strchr(command->options, o->letter) && i-- == 0)
			return o->name;
	return NULL;
}

/* What getopt_long said ':' or '?' to. */
static int complain_option(const struct command *command, int answer, const char *arg)
{
	const char *name = after_prefix(arg, "--");
	_cleanup_free_ char *bare = name ? strndup(name, strcspn(name, "=")) : NULL;

	if (answer == ':')
		return usage_error(command->name, "option '%s' needs a value", arg);
	if (name && optopt)
		return usage_error(command->name, "option '--%s' takes no value",
				   bare ? bare : name);
	if (!name)
		return usage_error(command->name, "'mkvinitrd %s' has no option '-%c'",
				   command->name, optopt);
	return usage_error(command->name, "'mkvinitrd %s' has no option '--%s'%s", command->name,
			   bare ? bare : name,
			   suggest_phrase(bare ? bare : name, option_name, command).text);
}

/* STATUS_OK; STATUS_HELP after -h or -V; else an exit status. */
static int parse_options(const struct command *command, int argc, char **argv,
			 struct options *options)
{
	char letters[64];
	struct option longs[CLI_MAX_OPTIONS + 1];
	int answer;

	cli_getopt_tables(command, letters, sizeof(letters), longs);
	opterr = 0;
	optind = 1;
	for (;;) {
		int status, at = optind;

		answer = getopt_long(argc, argv, letters, longs, NULL);
		if (answer == -1)
			break;
		if (answer == ':' || answer == '?')
			return complain_option(command, answer, argv[MAX(optind - 1, at)]);
		if (answer == 'h') {
			cli_print_command_help(command, stdout);
			return STATUS_HELP;
		}
		if (answer == 'V') {
			cli_print_version(stdout);
			return STATUS_HELP;
		}
		status = cli_set_option(command, options, answer, optarg);
		if (status != STATUS_OK)
			return status;
	}
	options->argc = argc - optind;
	options->argv = argv + optind;
	return STATUS_OK;
}

static int check_arguments(const struct command *command, const struct options *options)
{
	if ((unsigned)options->argc < command->min_args)
		return usage_error(command->name, "missing argument; usage: mkvinitrd %s %s",
				   command->name, command->usage);
	if ((unsigned)options->argc > command->max_args)
		return usage_error(command->name, "unexpected argument '%s'",
				   options->argv[command->max_args]);
	if (options->quiet && options->verbose)
		return usage_error(command->name, "-q and -v contradict each other");
	return STATUS_OK;
}

static int run_command(const struct command *command, int argc, char **argv)
{
	struct options options = { .profile = "overlay" };
	int status = parse_options(command, argc, argv, &options);

	if (status == STATUS_OK)
		status = check_arguments(command, &options);
	if (status == STATUS_OK) {
		msg_init("mkvinitrd", options.quiet	? MSG_ERROR
				      : options.verbose ? MSG_DEBUG
							: MSG_INFO);
		status = command->run(&options);
	}
	vec_clear(&options.directives, NULL);
	return status == STATUS_HELP ? STATUS_OK : status;
}

static int run_script(const struct host *host, char **argv)
{
	_cleanup_error_ struct error *err = NULL;

	(void)!dispatch_exec(host, argv, &err);
	msg(MSG_ERROR, "%s", error_msg(err));
	return STATUS_FAILED;
}

/* A command that is not ours: a script of libexec, else a slip. */
static int run_other(char **argv)
{
	_cleanup_error_ struct error *err = NULL;
	bool known = cli_is_script(argv[0]);
	struct host host;
	int status;

	if (!known)
		return usage_error(NULL, "unknown command '%s'%s", argv[0],
				   suggest_phrase(argv[0], cli_command_name, NULL).text);
	if (host_init_paths(&host, &err) < 0) {
		msg(MSG_ERROR, "%s", error_msg(err));
		return STATUS_FAILED;
	}
	if (dispatch_has(&host, argv[0])) {
		status = run_script(&host, argv);
	} else {
		msg(MSG_ERROR, "'mkvinitrd %s' is not installed: there is no program '%s/%s'",
		    argv[0], host.libexec_dir, argv[0]);
		status = STATUS_FAILED;
	}
	host_release(&host);
	return status;
}

/* `mkvinitrd help [COMMAND]` */
static int run_help(const char *name)
{
	const struct command *command = name ? cli_command_find(name) : NULL;

	if (name && cli_is_script(name))
		return run_other((char *[]){ strdupa(name), strdupa("--help"), NULL });
	if (name && !command)
		return usage_error(NULL, "unknown command '%s'%s", name,
				   suggest_phrase(name, cli_command_name, NULL).text);
	if (command)
		cli_print_command_help(command, stdout);
	else
		cli_print_help(stdout);
	return STATUS_OK;
}

/* `mkvinitrd --complete WHAT [NAME]`, for the files of docs/completion */
static int run_complete(const char *what, char *name)
{
	const struct command *command = what && name ? cli_command_find(name) : NULL;

	if (what && !strcmp(what, "commands"))
		cli_print_commands(stdout);
	else if (command && !strcmp(what, "options"))
		cli_print_option_table(command, stdout);
	else if (what && name && !strcmp(what, "options") && cli_is_script(name))
		return run_other((char *[]){ name, strdupa("--option-table"), NULL });
	else if (!what || !complete_print(what, name, stdout))
		return usage_error(NULL, "--complete wants commands, options COMMAND, directives,"
					 " values DIRECTIVE or parameters");
	return STATUS_OK;
}

int cli_run(int argc, char **argv)
{
	const struct command *command;
	const char *word = argc > 1 ? argv[1] : NULL;

	if (!word)
		return usage_error(
			NULL, "no command; usage: mkvinitrd COMMAND [OPTION...] [ARGUMENT...]");
	if (!strcmp(word, "-h") || !strcmp(word, "--help"))
		return run_help(NULL);
	if (!strcmp(word, "help"))
		return run_help(argv[2]);
	if (!strcmp(word, "-V") || !strcmp(word, "--version")) {
		cli_print_version(stdout);
		return STATUS_OK;
	}
	if (!strcmp(word, "--complete"))
		return run_complete(argv[2], argv[2] ? argv[3] : NULL);
	if (*word == '-')
		return usage_error(
			NULL,
			"option '%s' before the command; options follow it: mkvinitrd build %s",
			word, word);
	command = cli_command_find(word);
	return command ? run_command(command, argc - 1, argv + 1) : run_other(argv + 1);
}
