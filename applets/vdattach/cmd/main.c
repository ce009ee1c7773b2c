// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "applets/lib/options.h"
#include "applets/vdattach/cmd/cmd.h"
#include "applets/vdattach/export/devlinks.h"
#include "common/msg.h"

static const char help[] =
	"Usage: vdattach [attach] [OPTION].. IMAGE|nbd://SERVER[:PORT][/EXPORT]|http[s]://..\n"
	"       vdattach info|check|map|cat|serve [OPTION].. IMAGE\n"
	"       vdattach detach|free|unmap DEVICE | list | trace -o FILE DIR | suspend "
	"STATE|PROGRAM..\n"
	"Attaches a virtual disk image as a block device and prints its path.\n"
	"  -r, --read-only          never write to IMAGE\n"
	"  -f, --format=FORMAT      raw, vhd..; default: by content\n"
	"  -S, --snapshot=FILE      differencing image on top of IMAGE; may be repeated\n"
	"      --parents=DIR        allow parents of IMAGE below DIR; default: its directory\n"
	"  -e, --exporter=EXPORTER  loop, dm, ublk, nbd, fuse, direct; default: what works\n"
	"  -p, --partition=PART     whole, a number, PARTUUID=.. or PARTLABEL=..\n"
	"  -b, --sector-size=BYTES  of the partition table: 512 or 4096; default: by content\n"
	"  -o, --output=FILE        cat: write to FILE (sparse) instead of stdout; trace: names\n"
	"  -s, --socket=PATH        serve: Unix socket of the NBD server\n"
	"      --once, --json       serve: exit after the last client; info, map, list: for "
	"programs\n"
	"      --state=FILE         attach: record it; detach --if-attached: no error without "
	"DEVICE\n"
	"      --links=DIR          directory of EntireDisk and PartitionN; default: " DEVLINKS_DIR
	"\n"
	"      --patience=SECONDS   nbd, http: fail I/O when the server is unreachable for longer\n"
	"      --http-dir, --cache, --cacert, --proxy, --prefetch, --trace   http: vdattach(8)\n"
	"  -v, --verbose  -q, --quiet  -h, --help  -V, --version\n"
	"Exit status: 0 success, 1 failure, 2 usage error; check: 0 clean, 1 errors, 2 leaks "
	"only.\n";

static const struct verb {
	const char *name;
	int (*run)(const struct options *, struct error **);
	const char *operand; /* what it needs, NULL = nothing */
} verbs[] = {
	{ "attach", cmd_attach, "IMAGE" }, { "cat", cmd_cat, "IMAGE" },
	{ "check", cmd_check, "IMAGE" },   { "detach", cmd_detach, "DEVICE" },
	{ "free", cmd_free, "DEVICE" },	   { "info", cmd_info, "IMAGE" },
	{ "list", cmd_list, NULL },	   { "map", cmd_map, "IMAGE" },
	{ "serve", cmd_serve, "IMAGE" },   { "suspend", cmd_suspend, "STATE" },
	{ "trace", cmd_trace, "DIR" },	   { "unmap", cmd_unmap, "DEVICE" },
};

enum {
	OPT_ONCE = OPTIONS_LONG,
	OPT_JSON,
	OPT_IF_ATTACHED,
	OPT_STATE,
	OPT_LINKS,
	OPT_PARENTS,
	OPT_DIRECTORY,
	OPT_PATIENCE,
	OPT_HTTP_DIR,
	OPT_CACHE,
	OPT_CACERT,
	OPT_PROXY,
	OPT_RESOLVE,
	OPT_IDENTITY,
	OPT_PREFETCH,
	OPT_TRACE
};

static const struct option long_options[] = {
	{ "read-only", no_argument, NULL, 'r' },
	{ "format", required_argument, NULL, 'f' },
	{ "exporter", required_argument, NULL, 'e' },
	{ "partition", required_argument, NULL, 'p' },
	{ "sector-size", required_argument, NULL, 'b' },
	{ "output", required_argument, NULL, 'o' },
	{ "socket", required_argument, NULL, 's' },
	{ "once", no_argument, NULL, OPT_ONCE },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "if-attached", no_argument, NULL, OPT_IF_ATTACHED },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "parents", required_argument, NULL, OPT_PARENTS },
	{ "snapshot", required_argument, NULL, 'S' },
	{ "patience", required_argument, NULL, OPT_PATIENCE },
	{ "directory", required_argument, NULL, OPT_DIRECTORY }, /* launch_daemon's */
	{ "links", required_argument, NULL, OPT_LINKS },
	{ "http-dir", required_argument, NULL, OPT_HTTP_DIR },
	{ "cache", required_argument, NULL, OPT_CACHE },
	{ "cacert", required_argument, NULL, OPT_CACERT },
	{ "proxy", required_argument, NULL, OPT_PROXY },
	{ "prefetch", no_argument, NULL, OPT_PREFETCH },
	{ "trace", required_argument, NULL, OPT_TRACE },
	{ "resolve", required_argument, NULL, OPT_RESOLVE },   /* launch_daemon's */
	{ "identity", required_argument, NULL, OPT_IDENTITY }, /* the same */
	{ "verbose", no_argument, NULL, 'v' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

/* Where a string option goes, or NULL. */
static const char **string_option(struct options *options, int c)
{
	switch (c) {
	case 'f':
		return &options->format;
	case 'e':
		return &options->exporter;
	case 'p':
		return &options->partition;
	case 'o':
		return &options->output;
	case 's':
		return &options->socket;
	case OPT_STATE:
		return &options->state;
	case OPT_PARENTS:
		return &options->parents;
	case OPT_LINKS:
		return &options->links;
	case OPT_HTTP_DIR:
		return &options->http_dir;
	case OPT_CACHE:
		return &options->url.cache;
	case OPT_CACERT:
		return &options->url.authority;
	case OPT_TRACE:
		return &options->url.trace;
	case OPT_RESOLVE:
		return &options->url.resolve;
	case OPT_IDENTITY:
		return &options->url.identity;
	default:
		return NULL;
	}
}

static int sector_size(const char *text, uint32_t *ret)
{
	if (strcmp(text, "512") == 0)
		*ret = 512;
	else if (strcmp(text, "4096") == 0)
		*ret = 4096;
	else
		return msg_usage("--sector-size '%s': expected 512 or 4096", text);
	return -1;
}

static int add_snapshot(struct options *options)
{
	if (options->n_snapshots == SNAPSHOTS_MAX)
		return msg_usage("--snapshot: more than %u", SNAPSHOTS_MAX);
	options->snapshots[options->n_snapshots++] = optarg;
	return -1;
}

static int patience(struct options *options)
{
	char *end;
	unsigned long seconds = strtoul(optarg, &end, 10);

	if (*optarg < '0' || *optarg > '9' || *end || seconds > 604800)
		return msg_usage("--patience '%s': expected seconds, 604800 at most", optarg);
	options->patience = (uint32_t)seconds;
	return -1;
}

/* One option. Returns the exit status, or -1 to continue. */
static int vdattach_take(struct options *options, int c, char **argv)
{
	char buf[3];
	const char **string = string_option(options, c);

	if (string) {
		*string = optarg;
		return -1;
	}
	switch (c) {
	case 'r':
		options->read_only = true;
		return -1;
	case 'S':
		return add_snapshot(options);
	case 'b':
		return sector_size(optarg, &options->sector_size);
	case OPT_PATIENCE:
		return patience(options);
	case OPT_DIRECTORY:
		if (options->n_directories < DIRECTORIES_MAX)
			options->directories[options->n_directories++] = optarg;
		return -1;
	case OPT_PROXY:
		options->proxy = optarg;
		return -1;
	case OPT_PREFETCH:
		options->url.everything = true;
		return -1;
	case OPT_ONCE:
		options->once = true;
		return -1;
	case OPT_IF_ATTACHED:
		options->if_attached = true;
		return -1;
	case OPT_JSON:
		options->json = true;
		return -1;
	case 'v':
		msg_init("vdattach", MSG_DEBUG);
		return -1;
	case 'q':
		msg_init("vdattach", MSG_ERROR);
		return -1;
	case 'h':
		fputs(help, stdout);
		return 0;
	case 'V':
		puts("vdattach " VERSION);
		return 0;
	case ':':
		return msg_usage("option '%s' needs an argument", options_wrong(argv, buf));
	default:
		return msg_usage("unknown option '%s'", options_wrong(argv, buf));
	}
}

static int parse_options(int argc, char **argv, struct options *options)
{
	int c, status;

	opterr = 0;
	do {
		c = getopt_long(argc, argv, ":rf:e:p:b:o:s:S:vqhV", long_options, NULL);
		status = c < 0 ? -1 : vdattach_take(options, c, argv);
	} while (c >= 0 && status < 0);
	return status;
}

/* Not for users: what attach executes. */
static const struct verb daemon_verb = { "daemon", cmd_daemon, "IMAGE" };

static const struct verb *find_verb(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, word) == 0)
			return verbs + i;
	}
	return NULL;
}

static int vdattach_run(const struct verb *verb, const struct options *options)
{
	struct error *err = NULL;
	int r = verb->run(options, &err);

	return r < 0 ? msg_fail(err) : r;
}

int main(int argc, char **argv)
{
	static struct options options = { .links = DEVLINKS_DIR }; /* owns strings to the end */
	const struct verb *verb;
	struct error *err = NULL;
	int status, operands;

	msg_init("vdattach", MSG_WARNING);
	signal(SIGPIPE, SIG_IGN);
	status = parse_options(argc, argv, &options);
	if (status >= 0)
		return status;
	options.argv = argv;
	if (argv[0] && argv[0][0] == '@')
		verb = &daemon_verb;
	else
		verb = optind < argc ? find_verb(argv[optind]) : NULL;
	if (verb && verb != &daemon_verb)
		optind++;
	if (!verb)
		verb = verbs;
	operands = argc - optind;
	if (verb->operand && operands == 0)
		return msg_usage("%s: missing %s", verb->name, verb->operand);
	if (operands > (verb->operand ? 1 : 0) && verb->run != cmd_suspend)
		return msg_usage("%s: unexpected argument '%s'", verb->name, argv[argc - 1]);
	if (verb->run == cmd_serve && !options.socket)
		return msg_usage("serve: missing --socket");
	options.operands = argv + optind;
	options.operand = operands ? argv[optind] : NULL;
	if (url_prepare(&options, &err) < 0)
		return msg_fail(err);
	return vdattach_run(verb, &options);
}
