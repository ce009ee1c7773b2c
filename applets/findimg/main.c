// SPDX-License-Identifier: GPL-2.0-or-later
/* findimg: which disk holds the image? */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/findimg/report.h"
#include "applets/findimg/search.h"
#include "applets/lib/options.h"
#include "common/msg.h"

#define DEFAULT_MOUNTPOINT "/run/initramfs/host"
#define DEFAULT_TIMEOUT	   30
#define EXIT_NOT_FOUND	   3

enum {
	OPT_ID = OPTIONS_LONG,
	OPT_STATE,
	OPT_ONLY,
	OPT_SYSROOT,
	OPT_DEGRADED,
	OPT_PATIENCE,
	OPT_RAID,
	OPT_WRAP
};

static int findimg_help(void)
{
	puts("Usage: findimg [OPTION]... [PATH]...\n"
	     "Finds the partition that holds PATH (the first of several that exists), mounts it\n"
	     "and prints DEVICE= FSTYPE= UUID= LABEL= FILE=. Other disks are not changed.\n"
	     "Without PATH: finds the host partition itself, and mounts it only with -m.\n\n"
	     "  -H, --host=SPEC       any (default), UUID=.., LABEL=.., PARTUUID=.., "
	     "PARTLABEL=..,\n"
	     "                        /dev/.., cdrom, usb\n"
	     "  -D, --disk=DISK       only this disk and its partitions\n"
	     "  -t, --timeout=SECS    wait for disks to appear (30); 0: look once\n"
	     "  -m, --mountpoint=DIR  mount it here (with PATH: /run/initramfs/host)\n"
	     "  -w, --write           mount for writing (default: read-only, journal "
	     "untouched);\n"
	     "                        refuses what a hibernated system has mounted\n"
	     "      --wrap            with -w: mount through a mapped device, for vdattach -e "
	     "direct\n"
	     "      --id=ID           the image must have UUID=.., LABEL=.. or sha256:HEX\n"
	     "      --state=FILE      append what was set up; --degraded: accept what lacks disks\n"
	     "      --raid=all|UUID,..  assemble arrays; --patience=SECS: wait for their disks\n"
	     "  -n, --dry-run         print the devices that would be examined, in order\n"
	     "  -v, --verbose         report every device; -q, --quiet: no report if not found\n"
	     "  -h, --help            -V, --version\n"
	     "Exit status: 0 found, 1 failure, 2 usage error, 3 not found");
	return 0;
}

static const struct option long_options[] = {
	{ "host", required_argument, NULL, 'H' },
	{ "disk", required_argument, NULL, 'D' },
	{ "id", required_argument, NULL, OPT_ID },
	{ "timeout", required_argument, NULL, 't' },
	{ "patience", required_argument, NULL, OPT_PATIENCE },
	{ "mountpoint", required_argument, NULL, 'm' },
	{ "write", no_argument, NULL, 'w' },
	{ "wrap", no_argument, NULL, OPT_WRAP },
	{ "degraded", no_argument, NULL, OPT_DEGRADED },
	{ "raid", required_argument, NULL, OPT_RAID },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ "only", required_argument, NULL, OPT_ONLY },
	{ "sysroot", required_argument, NULL, OPT_SYSROOT },
	{ 0 },
};

struct arguments {
	struct request request;
	const char *host, *id;
	char sysfs[4096];
	enum msg_level level;
	bool quiet; /* only the exit status says that nothing was found */
};

/* These return -1 to continue, or the exit status. */
static int parse_timeout(const char *text, unsigned int *ret)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || value > 86400)
		return msg_usage("timeout '%s' is not a number of seconds (0 to 86400)", text);
	*ret = (unsigned int)value;
	return -1;
}

static int parse_patience(const char *text, int *ret)
{
	unsigned int seconds = 0;
	int status = parse_timeout(text, &seconds);

	if (status < 0)
		*ret = (int)seconds;
	return status;
}

static int findimg_take_option(int option, void *data)
{
	struct arguments *a = data;

	switch (option) {
	case 'H':
		a->host = optarg;
		return -1;
	case 'D':
		a->request.disk = optarg;
		return -1;
	case 't':
		return parse_timeout(optarg, &a->request.timeout);
	case 'm':
		a->request.mountpoint = optarg;
		return -1;
	case 'w':
		a->request.write = true;
		return -1;
	case 'n':
		a->request.dry_run = true;
		return -1;
	case 'v':
		a->level = MSG_DEBUG;
		return -1;
	case 'q':
		a->quiet = true;
		a->level = MSG_WARNING;
		return -1;
	case OPT_ID:
		a->id = optarg;
		return -1;
	case OPT_STATE:
		a->request.state = optarg;
		return -1;
	case OPT_ONLY:
		a->request.only = optarg;
		return -1;
	case OPT_DEGRADED:
		a->request.degraded = true;
		return -1;
	case OPT_PATIENCE:
		return parse_patience(optarg, &a->request.patience);
	case OPT_RAID:
		a->request.raid = optarg;
		return -1;
	case OPT_WRAP:
		a->request.wrap = true;
		return -1;
	case OPT_SYSROOT:
		snprintf(a->sysfs, sizeof(a->sysfs), "%s/sys", optarg);
		return -1;
	case 'V':
		puts("findimg " VERSION);
		return 0;
	default:
		return findimg_help();
	}
}

/* The arguments are checked before anything is touched. */
static int check(struct arguments *a)
{
	_cleanup_error_ struct error *err = NULL;

	if (hostspec_parse(a->host, &a->request.host, &err) < 0 ||
	    image_id_parse(a->id, &a->request.id, &err) < 0)
		return msg_usage("%s", error_msg(err));
	if (a->id && !a->request.path_count)
		return msg_usage("--id needs a PATH");
	for (size_t i = 0; i < a->request.path_count; i++)
		if (!*a->request.paths[i])
			return msg_usage("PATH is empty");
	if (a->request.path_count && !a->request.mountpoint)
		a->request.mountpoint = DEFAULT_MOUNTPOINT;
	if (a->request.mountpoint && a->request.mountpoint[0] != '/')
		return msg_usage("mountpoint '%s' is not an absolute path", a->request.mountpoint);
	return 0;
}

static int make_directory(const char *path, struct error **err)
{
	_cleanup_free_ char *copy = strdup(path);

	if (!copy)
		return error_no_memory(err);
	for (char *p = copy + 1;; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return error_sys(err, errno, "cannot make directory '%s'", copy);
		if (!c)
			return 0;
		*p = c;
	}
}

static int findimg_find(struct search *s, const struct request *rq, bool quiet)
{
	const struct candidate *winner = NULL;
	struct error *err = NULL;
	int r;

	if (rq->mountpoint && !rq->dry_run && make_directory(rq->mountpoint, &err) < 0)
		return msg_fail(err);
	if (search_open(s, rq, &err) < 0)
		return msg_fail(err);
	s->report = report_progress;
	r = search_run(s, &winner, &err);
	if (r == -ENOENT) {
		if (!quiet)
			report_not_found(s);
		return EXIT_NOT_FOUND;
	}
	if (r < 0)
		return msg_fail(err);
	if (rq->dry_run)
		return report_order(s) ? 0 : EXIT_NOT_FOUND;
	if (candidate_take(winner, rq, &err) < 0)
		return msg_fail(err);
	report_found(winner, rq);
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments a = {
		.request = { .timeout = DEFAULT_TIMEOUT, .patience = -1, },
		.level = MSG_INFO
	};
	struct search search = { .uevents = -1, .signals = -1 };
	int status;

	msg_init("findimg", a.level);
	snprintf(a.sysfs, sizeof(a.sysfs), "/sys");
	status = options_read(argc, argv, ":H:D:t:m:wnvqhV", long_options, findimg_take_option, &a);
	if (status >= 0)
		return status;
	msg_init("findimg", a.level);
	a.request.sysfs = a.sysfs;
	a.request.paths = argv + optind;
	a.request.path_count = (size_t)(argc - optind);
	status = check(&a);
	if (status)
		return status;
	status = findimg_find(&search, &a.request, a.quiet);
	search_close(&search);
	if (fflush(stdout) != 0)
		return 1;
	return status;
}
