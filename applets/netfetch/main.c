// SPDX-License-Identifier: GPL-2.0-or-later
/* netfetch: a file from a server. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/lib/options.h"
#include "applets/netfetch/download.h"
#include "common/msg.h"
#include "common/print.h"
#include "common/url.h"

enum {
	OPT_SHA256 = OPTIONS_LONG,
	OPT_CA,
	OPT_PROXY,
	OPT_STALL,
	OPT_STATUS,
	OPT_REPORT,
	OPT_RESUME
};

#define CERTIFICATES "/etc/ssl/certs"
#define BUNDLE	     CERTIFICATES "/ca-certificates.crt"
#define PATIENCE     60U
#define STALL	     20U

static const char help[] =
	"Usage: netfetch [OPTION]... URL...\n"
	"Fetch a file by http, https, ftp or tftp. Several URLs are mirrors of the same file.\n"
	"What was interrupted is continued where it stopped; a file that changed never is.\n"
	"\n"
	"  -o, --output FILE   where it goes; - is standard output (default)\n"
	"  -t, --timeout SECS  fail when nothing new came for so long (60)\n"
	"      --resume        keep what came when it fails, and continue with that of the last "
	"time\n"
	"  -q, --quiet         no progress\n"
	"      --sha256 HEX    fail unless the file has this checksum\n"
	"      --ca PATH       file or directory of trusted certificates (" CERTIFICATES ")\n"
	"      --proxy URL     instead of the environment's http_proxy and https_proxy\n"
	"      --stall SECS    try again when a server sends nothing for so long (20)\n"
	"      --status FILE   keep the progress in FILE, a status line of the boot\n"
	"      --report FILE   after a failure FILE has two lines: why, and what to do\n"
	"  -h, --help          this text\n"
	"  -V, --version       the version\n"
	"\n"
	"Exit status: 0 complete, 1 time over, 2 usage error, 3 no server has the file,\n"
	"4 it cannot be written, 5 it changed, 6 another checksum.\n";

struct arguments {
	struct download_settings download;
	struct progress progress;
	const char *report;
};

static int parse_seconds(const char *text, const char *option, unsigned int *ret)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value == 0 || value > 86400)
		return msg_usage("%s expects seconds from 1 to 86400, found '%s'", option, text);
	*ret = (unsigned int)value;
	return -1;
}

static int parse_sha256(const char *text, struct arguments *a)
{
	if (strlen(text) != 64 || strspn(text, "0123456789abcdefABCDEF") != 64)
		return msg_usage("--sha256 expects 64 hexadecimal digits, found '%s'", text);
	a->download.sha256 = text;
	return -1;
}

/* Returns -1 to continue, else the exit status. */
static int netfetch_parse_option(int c, void *data)
{
	struct arguments *a = data;

	switch (c) {
	case 'o':
		a->download.output = strcmp(optarg, "-") == 0 ? NULL : optarg;
		return -1;
	case 't':
		return parse_seconds(optarg, "--timeout", &a->download.patience);
	case 'q':
		a->progress.quiet = true;
		return -1;
	case OPT_SHA256:
		return parse_sha256(optarg, a);
	case OPT_CA:
		a->download.transfer.ca = optarg;
		return -1;
	case OPT_PROXY:
		a->download.transfer.proxy = optarg;
		return -1;
	case OPT_STALL:
		return parse_seconds(optarg, "--stall", &a->download.transfer.stall);
	case OPT_STATUS:
		a->progress.status = optarg;
		return -1;
	case OPT_RESUME:
		a->download.resume = true;
		return -1;
	case OPT_REPORT:
		a->report = optarg;
		return -1;
	case 'h':
		fputs(help, stdout);
		return 0;
	default:
		puts("netfetch " VERSION);
		return 0;
	}
}

static int netfetch_parse(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "timeout", required_argument, NULL, 't' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "sha256", required_argument, NULL, OPT_SHA256 },
		{ "ca", required_argument, NULL, OPT_CA },
		{ "proxy", required_argument, NULL, OPT_PROXY },
		{ "stall", required_argument, NULL, OPT_STALL },
		{ "status", required_argument, NULL, OPT_STATUS },
		{ "resume", no_argument, NULL, OPT_RESUME },
		{ "report", required_argument, NULL, OPT_REPORT },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int status = options_read(argc, argv, ":o:t:qhV", options, netfetch_parse_option, a);

	if (status >= 0)
		return status;
	if (optind == argc)
		return msg_usage("expected URL, found nothing");
	if (a->download.resume && !a->download.output)
		return msg_usage(
			"--resume needs --output: nothing of standard output is left to continue");
	return -1;
}

/* The arguments, for us alone: what ps shows has no passwords. NULL without memory. */
static char **take_urls(char **argv, size_t count)
{
	char **urls = calloc(count + 1, sizeof(*urls));

	for (size_t i = 0; urls && i < count; i++) {
		urls[i] = strdup(argv[i]);
		if (!urls[i])
			return NULL;
		url_blank(argv[i]);
	}
	return urls;
}

static void write_report(const char *path, const struct outcome *last, const struct error *error)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return;
	print_text(file, *last->reason ? last->reason : error_msg(error));
	fputc('\n', file);
	print_text(file, last->advice);
	fputc('\n', file);
	if (fclose(file) != 0)
		unlink(path);
}

static int netfetch_status(int r)
{
	switch (-r) {
	case ENOENT:
		return 3;
	case ENOSPC:
	case EPIPE:
		return 4;
	case ESTALE:
		return 5;
	case EBADMSG:
		return 6;
	default:
		return 1;
	}
}

static int netfetch_run(struct arguments *a, char **urls, size_t count)
{
	struct error *error = NULL;
	struct outcome last = { 0 };
	char shown[URL_SHOWN];
	int r;

	url_shown(urls[0], shown, sizeof(shown));
	progress_start(&a->progress, shown);
	r = download(&a->download, urls, count, &a->progress, &last, &error);
	if (r == 0)
		return 0;
	if (a->report)
		write_report(a->report, &last, error);
	if (r == -EPIPE) /* the reader says why it ended */
		error_release(&error);
	else
		msg_fail(error);
	return netfetch_status(r);
}

/* An initramfs has a few files there, of include tls and certificate; a system has links to each in
 * one bundle, and some that lead nowhere. */
static const char *usual_certificates(void)
{
	if (access("/etc/initrd-release", F_OK) != 0 && access(BUNDLE, R_OK) == 0)
		return BUNDLE;
	return access(CERTIFICATES, X_OK) == 0 ? CERTIFICATES : NULL;
}

int main(int argc, char **argv)
{
	struct arguments a = { .download = { .patience = PATIENCE, .transfer.stall = STALL } };
	char **urls;
	int status;

	msg_init("netfetch", MSG_INFO);
	setlocale(LC_ALL, "C");
	status = netfetch_parse(argc, argv, &a);
	if (status >= 0)
		return status;
	if (!a.download.transfer.ca)
		a.download.transfer.ca = usual_certificates();
	signal(SIGPIPE, SIG_IGN);
	urls = take_urls(argv + optind, (size_t)(argc - optind));
	if (!urls)
		return msg_fail(NULL);
	status = netfetch_run(&a, urls, (size_t)(argc - optind));
	for (char **url = urls; *url; url++)
		free(*url);
	free(urls);
	return status;
}
