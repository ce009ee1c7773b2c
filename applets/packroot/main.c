// SPDX-License-Identifier: GPL-2.0-or-later
/* packroot: files of a root are saved in an archive. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/lib/options.h"
#include "applets/packroot/pack.h"
#include "common/msg.h"

enum { OPT_BASE = OPTIONS_LONG, OPT_NAMES, OPT_DAMAGED };

static const char help[] =
	"Usage: packroot [OPTION]... ARCHIVE\n"
	"       packroot --names [OPTION]...\n"
	"Save files of a root in ARCHIVE (tar in zstd). It is replaced once the new one is "
	"complete\n"
	"and synced; the previous one becomes ARCHIVE.1, and so on.\n"
	"\n"
	"  -C, --root DIR      the root (/)\n"
	"  -T, --files LIST    file with paths to save, one per line (etc, home, root)\n"
	"  -X, --exclude LIST  file with patterns to exclude\n"
	"      --base FILE     earlier output of --names: record names that have disappeared\n"
	"  -k, --keep N        number of previous archives to keep (2)\n"
	"      --damaged       the present ARCHIVE is not worth keeping\n"
	"      --names         print the names that would be saved, terminated by NUL\n"
	"  -h, --help          this text\n"
	"  -V, --version       the version\n"
	"\n"
	"Needs root. Exit status: 0 saved, 1 failure (archives unchanged), 2 usage error.\n";

struct arguments {
	struct pack_options pack;
	const char *files, *exclude;
	bool names;
};

static int parse_keep(const char *text, unsigned int *ret)
{
	if (strlen(text) != 1 || *text < '0' || *text > '9')
		return msg_usage("-k expects a number from 0 to 9, found '%s'", text);
	*ret = (unsigned int)(*text - '0');
	return -1;
}

/* Returns -1 to continue, else the exit status. */
static int packroot_parse_option(int c, void *data)
{
	struct arguments *a = data;

	switch (c) {
	case 'C':
		a->pack.root = optarg;
		return -1;
	case 'T':
		a->files = optarg;
		return -1;
	case 'X':
		a->exclude = optarg;
		return -1;
	case OPT_BASE:
		a->pack.base = optarg;
		return -1;
	case OPT_DAMAGED:
		a->pack.damaged = true;
		return -1;
	case OPT_NAMES:
		a->names = true;
		return -1;
	case 'k':
		return parse_keep(optarg, &a->pack.keep);
	case 'h':
		fputs(help, stdout);
		return 0;
	default:
		puts("packroot " VERSION);
		return 0;
	}
}

static int packroot_parse(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{ "root", required_argument, NULL, 'C' },
		{ "files", required_argument, NULL, 'T' },
		{ "exclude", required_argument, NULL, 'X' },
		{ "base", required_argument, NULL, OPT_BASE },
		{ "keep", required_argument, NULL, 'k' },
		{ "damaged", no_argument, NULL, OPT_DAMAGED },
		{ "names", no_argument, NULL, OPT_NAMES },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int status = options_read(argc, argv, ":C:T:X:k:hV", options, packroot_parse_option, a);

	if (status >= 0)
		return status;
	if (argc - optind != !a->names)
		return msg_usage("expected %s, found %d arguments", a->names ? "none" : "ARCHIVE",
				 argc - optind);
	a->pack.archive = argv[optind];
	return -1;
}

static int read_lists(struct arguments *a, struct error **err)
{
	char usual[] = "etc\nhome\nroot\n";
	int r;

	if (a->files)
		r = list_read(AT_FDCWD, a->files, &a->pack.files, err);
	else
		r = list_parse(usual, &a->pack.files);
	if (r == 0 && a->exclude)
		r = list_read(AT_FDCWD, a->exclude, &a->pack.exclude, err);
	if (r == 0 && a->pack.files.count == 0)
		r = error_make(err, EINVAL, "the list '%s' names nothing to save", a->files);
	return r;
}

static int packroot_run(struct arguments *a, struct error **err)
{
	struct pack_result result;
	int r = read_lists(a, err);

	if (r < 0)
		return r;
	if (a->names)
		return pack_names(&a->pack, err);
	r = pack(&a->pack, &result, err);
	if (r < 0)
		return error_wrap(err, "nothing is saved in '%s'", a->pack.archive);
	printf("MEMBERS=%llu\nBYTES=%llu\nARCHIVE_BYTES=%llu\nREMOVED=%llu\n",
	       (unsigned long long)result.counts.members, (unsigned long long)result.counts.bytes,
	       (unsigned long long)result.counts.written, (unsigned long long)result.removed);
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments a = { .pack = { .root = "/", .keep = 2 } };
	_cleanup_error_ struct error *err = NULL;
	int r;

	msg_init("packroot", MSG_INFO);
	r = packroot_parse(argc, argv, &a);
	if (r >= 0)
		return r;
	if (geteuid() != 0) {
		msg(MSG_ERROR, "must run as root: every file of the root has to be read");
		return 1;
	}
	/* names are bytes; pax headers have them in UTF-8, which libarchive makes of the locale's
	 * set */
	setlocale(LC_CTYPE, "C.UTF-8");
	umask(077);
	r = packroot_run(&a, &err);
	list_release(&a.pack.files);
	list_release(&a.pack.exclude);
	return r < 0 ? msg_fail(steal_ptr(&err)) : 0;
}
