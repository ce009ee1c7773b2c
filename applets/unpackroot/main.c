// SPDX-License-Identifier: GPL-2.0-or-later
/* unpackroot: an archive becomes a root. */
#include <errno.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/lib/options.h"
#include "applets/unpackroot/unpack.h"
#include "common/msg.h"

#define MAX_THREADS    64
#define STATUS_NO_ROOM 4 /* the same archive would not fit the next time either */

enum { OPT_SHA256 = OPTIONS_LONG, OPT_CONSUME, OPT_OVER, OPT_LAYER, OPT_REMOVED };

static const char help[] =
	"Usage: unpackroot [OPTION]... ARCHIVE|- NEWROOT\n"
	"Unpack a tar or cpio archive (xz, zstd, gzip, bzip2 or plain; by content)\n"
	"into the empty directory NEWROOT. '-' reads standard input.\n"
	"\n"
	"  -j, --threads N    decoder threads at most (default: one per CPU, in 20 MiB)\n"
	"      --sha256 HEX   expected hash of the archive file\n"
	"      --consume      free the archive's memory while reading, remove it at the end\n"
	"      --over         unpack over existing files, if ARCHIVE is complete\n"
	"      --layer        the same for the next layer of a container image\n"
	"      --removed FILE with --over: append the names of removed files\n"
	"  -q, --quiet        no progress\n"
	"  -v, --verbose      print more\n"
	"  -h, --help         this text\n"
	"  -V, --version      the version\n"
	"\n"
	"Needs root. If the archive does not fit, is truncated or damaged, or does not match\n"
	"HEX, NEWROOT is left empty.\n"
	"Exit status: 0 unpacked, 1 failure, 2 usage error, 4 does not fit.\n";

static unsigned int cpu_count(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	n = CPU_COUNT(&set);
	return n < 1 ? 1 : MIN((unsigned int)n, MAX_THREADS);
}

static int parse_threads(const char *text, unsigned int *ret)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || *end || end == text || *text == '-' || n < 1)
		return msg_usage("-j expects a number from 1 to %d, found '%s'", MAX_THREADS, text);
	*ret = (unsigned int)MIN(n, (unsigned long)MAX_THREADS);
	return 0;
}

static int parse_sha256(const char *text, struct unpack_options *o)
{
	if (sha256_parse(text, o->sha256) < 0)
		return msg_usage("--sha256 expects 64 hexadecimal digits, found '%s'", text);
	o->verify = true;
	return 0;
}

/* Returns -1 to continue, else the exit status. */
static int unpackroot_parse_option(int c, void *data)
{
	struct unpack_options *o = data;

	switch (c) {
	case 'j':
		o->many_threads = true;
		return parse_threads(optarg, &o->threads) ? 2 : -1;
	case OPT_SHA256:
		return parse_sha256(optarg, o) ? 2 : -1;
	case OPT_CONSUME:
		o->consume = true;
		return -1;
	case OPT_REMOVED:
		o->removed = optarg;
		return -1;
	case OPT_OVER:
		o->over = true;
		return -1;
	case OPT_LAYER:
		o->over = o->layer = true;
		return -1;
	case 'q':
		o->quiet = true;
		return -1;
	case 'v':
		msg_init("unpackroot", MSG_DEBUG);
		return -1;
	case 'h':
		fputs(help, stdout);
		return 0;
	case 'V':
		puts("unpackroot " VERSION);
		return 0;
	default:
		return msg_usage("unknown option");
	}
}

static int unpackroot_parse(int argc, char **argv, struct unpack_options *o)
{
	static const struct option options[] = {
		{ "threads", required_argument, NULL, 'j' },
		{ "sha256", required_argument, NULL, OPT_SHA256 },
		{ "consume", no_argument, NULL, OPT_CONSUME },
		{ "over", no_argument, NULL, OPT_OVER },
		{ "layer", no_argument, NULL, OPT_LAYER },
		{ "removed", required_argument, NULL, OPT_REMOVED },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int status = options_read(argc, argv, ":j:qvhV", options, unpackroot_parse_option, o);

	if (status >= 0)
		return status;
	if (argc - optind != 2)
		return msg_usage("expected ARCHIVE and NEWROOT, found %d arguments", argc - optind);
	if (o->over && o->consume)
		return msg_usage("--over and --consume exclude each other");
	o->archive = argv[optind];
	o->newroot = argv[optind + 1];
	return -1;
}

static void unpackroot_report(const struct unpack_result *result)
{
	if (result->attrs_unsupported)
		msg(MSG_WARNING,
		    "attributes that the file system cannot store: %llu, the first: %s",
		    (unsigned long long)result->attrs_unsupported, result->first_unsupported);
	if (result->acl_unknown)
		msg(MSG_WARNING,
		    "%llu ACL entries name users or groups that the root does not have",
		    (unsigned long long)result->acl_unknown);
	if (result->container.whiteouts)
		msg(MSG_WARNING,
		    "the archive is a layer of a container image, without the layers below it: "
		    "%llu of its "
		    "members are whiteouts, the first: '%s'",
		    (unsigned long long)result->container.whiteouts, result->container.first);
	printf("MEMBERS=%llu\nBYTES=%llu\nARCHIVE_BYTES=%llu\n",
	       (unsigned long long)result->members, (unsigned long long)result->written,
	       (unsigned long long)result->archive_bytes);
}

int main(int argc, char **argv)
{
	struct unpack_options options = { .threads = cpu_count() };
	_cleanup_error_ struct error *err = NULL;
	struct unpack_result result;
	int r;

	msg_init("unpackroot", MSG_INFO);
	r = unpackroot_parse(argc, argv, &options);
	if (r >= 0)
		return r;
	if (geteuid() != 0) {
		msg(MSG_ERROR, "must run as root: owners, devices and capabilities are restored");
		return 1;
	}
	/* libarchive converts the UTF-8 names of pax headers to the locale's set: let that be the
	 * same */
	setlocale(LC_CTYPE, "C.UTF-8");
	umask(022); /* for directories that the archive only implies, as of tar(1) */
	r = unpack(&options, &result, &err);
	if (r < 0) {
		msg_fail(steal_ptr(&err));
		return r == -ENOSPC || r == -EDQUOT ? STATUS_NO_ROOM : 1;
	}
	unpackroot_report(&result);
	return 0;
}
