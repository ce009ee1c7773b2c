// SPDX-License-Identifier: GPL-2.0-or-later
/* overlayroot: layers become a root. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/lib/options.h"
#include "applets/overlayroot/lower/generation-ask.h"
#include "applets/overlayroot/overlay.h"
#include "applets/overlayroot/store/watch.h"
#include "common/msg.h"

enum {
	OPT_STATE = OPTIONS_LONG,
	OPT_RUN,
	OPT_FORMAT,
	OPT_MAX_FILE,
	OPT_ROLLBACK,
	OPT_COMMIT,
	OPT_DISCARD,
	OPT_ASK,
	OPT_WATCH
};

static const char help[] =
	"Usage: overlayroot -l LOWER[:LOWER...] [-u UPPER] [-s SIZE] NEWROOT\n"
	"       overlayroot --watch [-u UPPER]\n"
	"Mount an overlay at NEWROOT. The first LOWER is the topmost; each is a directory, an\n"
	"image file (squashfs, erofs, ...) or a block device, and is never written to.\n"
	"\n"
	"  -l, --lower LIST   lower layers; '\\:' is a colon in a name\n"
	"  -u, --upper UPPER  ram[:SIZE] (default), dir:/path, file:/path[,SIZE], device:/dev/x\n"
	"  -s, --size SIZE    of a RAM upper (default 50%) or a new file (1g or what fits)\n"
	"      --max-file SIZE  limit of each file of a store; a larger store has several\n"
	"      --format       allow formatting an empty device\n"
	"      --run DIR      where the layers are mounted (/run/initramfs/layers)\n"
	"      --state FILE   append what was set up to FILE\n"
	"      --rollback N   keep N generations of changes; roll back after two failed boots\n"
	"      --commit, --discard, --ask   merge, set aside or choose generations\n"
	"      --watch        monitor UPPER in the background: warn before it is full, grow a "
	"file\n"
	"  -n, --dry-run      print the mounts, do nothing\n"
	"  -v, --verbose      print more; with --watch: stay in the foreground\n"
	"  -h, --help, -V, --version\n"
	"\n"
	"Prints UPPER=, LOWER= and FSTYPE= lines. Exit status: 0 mounted, 1 failure, 2 usage "
	"error.\n";

struct arguments {
	struct overlay_options options;
	struct size_spec size;
	const char *lower;
	bool dry_run, watch, verbose;
};

static int usage_error(struct error *err)
{
	int r = msg_usage("%s", error_msg(err));

	error_release(&err);
	return r;
}

static int set_upper(const char *text, struct arguments *args)
{
	struct error *err = NULL;

	free(args->options.upper.path);
	args->options.upper.path = NULL;
	return upper_parse(text, &args->options.upper, &err) < 0 ? usage_error(err) : -1;
}

static int set_lowers(const char *text, struct arguments *args)
{
	struct error *err = NULL;
	int r;

	if (args->options.lower_count)
		return msg_usage("more than one -l: write -l LOWER:LOWER");
	r = lowers_parse(text, args->options.lowers, &err);
	if (r < 0)
		return usage_error(err);
	args->options.lower_count = r;
	args->lower = text;
	return -1;
}

static int overlayroot_set_size(const char *text, struct arguments *args)
{
	struct error *err = NULL;

	return size_parse(text, &args->size, &err) < 0 ? usage_error(err) : -1;
}

static int set_file_limit(const char *text, struct arguments *args)
{
	struct error *err = NULL;
	struct size_spec size;

	if (size_parse(text, &size, &err) < 0)
		return usage_error(err);
	if (size.percent || size.value < MIB)
		return msg_usage("--max-file expects a size of 1m or more, found '%s'", text);
	args->options.file_limit = size.value - size.value % MIB;
	return -1;
}

static int parse_rollback(const char *text, unsigned int *ret)
{
	if (strlen(text) != 1 || *text < '1' || *text > '9')
		return msg_usage("--rollback expects a number from 1 to 9, found '%s'", text);
	*ret = (unsigned int)(*text - '0');
	return -1;
}

/* Returns -1 to continue, else the exit status. */
static int overlayroot_parse_option(int c, void *data)
{
	struct arguments *args = data;

	switch (c) {
	case 'l':
		return set_lowers(optarg, args);
	case 'u':
		return set_upper(optarg, args);
	case 's':
		return overlayroot_set_size(optarg, args);
	case OPT_FORMAT:
		args->options.format = true;
		return -1;
	case OPT_MAX_FILE:
		return set_file_limit(optarg, args);
	case OPT_ROLLBACK:
		return parse_rollback(optarg, &args->options.generations.keep);
	case OPT_COMMIT:
		args->options.generations.commit = true;
		return -1;
	case OPT_DISCARD:
		args->options.generations.discard = true;
		return -1;
	case OPT_WATCH:
		args->watch = true;
		return -1;
	case OPT_ASK:
		args->options.generations.ask = generation_ask;
		return -1;
	case OPT_RUN:
		args->options.run = optarg;
		return -1;
	case OPT_STATE:
		args->options.state = optarg;
		return -1;
	case 'n':
		args->dry_run = true;
		return -1;
	case 'v':
		args->verbose = true;
		msg_init("overlayroot", MSG_DEBUG);
		return -1;
	case 'h':
		fputs(help, stdout);
		return 0;
	default:
		puts("overlayroot " VERSION);
		return 0;
	}
}

static int check_arguments(int argc, char **argv, struct arguments *args)
{
	struct overlay_options *o = &args->options;

	/* ram:SIZE and file:PATH,SIZE take precedence */
	if (!o->upper.size.given)
		o->upper.size = args->size;
	if (args->watch)
		return argc == optind ? -1 : msg_usage("--watch has no NEWROOT");
	if (argc - optind != 1)
		return msg_usage("expected NEWROOT, found %d arguments", argc - optind);
	if (!o->lower_count)
		return msg_usage("expected -l LOWER");
	o->newroot = argv[optind];
	return -1;
}

static int overlayroot_parse(int argc, char **argv, struct arguments *args)
{
	static const struct option options[] = {
		{ "lower", required_argument, NULL, 'l' },
		{ "upper", required_argument, NULL, 'u' },
		{ "size", required_argument, NULL, 's' },
		{ "format", no_argument, NULL, OPT_FORMAT },
		{ "run", required_argument, NULL, OPT_RUN },
		{ "state", required_argument, NULL, OPT_STATE },
		{ "max-file", required_argument, NULL, OPT_MAX_FILE },
		{ "rollback", required_argument, NULL, OPT_ROLLBACK },
		{ "commit", no_argument, NULL, OPT_COMMIT },
		{ "discard", no_argument, NULL, OPT_DISCARD },
		{ "ask", no_argument, NULL, OPT_ASK },
		{ "watch", no_argument, NULL, OPT_WATCH },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int status =
		options_read(argc, argv, ":l:u:s:nvhV", options, overlayroot_parse_option, args);

	if (status >= 0)
		return status;
	return check_arguments(argc, argv, args);
}

static int overlayroot_watch(const struct overlay_options *o, bool foreground)
{
	struct watch_options options = { o->run, o->upper, o->file_limit, foreground };
	struct error *err = NULL;

	return watch_start(&options, &err) < 0 ? msg_fail(err) : 0;
}

static int overlayroot_run(const struct arguments *args)
{
	struct overlay_result result = { 0 };
	struct error *err = NULL;
	int r;

	if (args->watch)
		return overlayroot_watch(&args->options, args->verbose);
	if (args->dry_run)
		return overlay_print(&args->options, &err) < 0 ? msg_fail(err) : 0;
	r = overlay_build(&args->options, &result, &err);
	if (r < 0)
		return msg_fail(err);
	printf("UPPER=%s\nLOWER=%s\nFSTYPE=%s\n", result.upper, args->lower, result.type);
	if (result.generation)
		printf("GENERATION=%u\n", result.generation);
	if (*result.source.device)
		printf("STORE=%s %s %s\n", result.source.type, result.source.device,
		       result.source.root);
	free(result.upper);
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments args = { .options.run = "/run/initramfs/layers" };
	int i, r;

	msg_init("overlayroot", MSG_INFO);
	umask(022);
	r = overlayroot_parse(argc, argv, &args);
	if (r < 0)
		r = overlayroot_run(&args);
	for (i = 0; i < args.options.lower_count; i++)
		free(args.options.lowers[i]);
	free(args.options.upper.path);
	return r;
}
