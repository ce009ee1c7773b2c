// SPDX-License-Identifier: GPL-2.0-or-later
/* verifyimg: is this the image that is trusted? */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "applets/lib/options.h"
#include "applets/lib/state.h"
#include "applets/verifyimg/minisign.h"
#include "applets/verifyimg/sums.h"
#include "applets/verifyimg/verity.h"
#include "common/file.h"
#include "common/msg.h"
#include "common/print.h"

#define SIGNATURE_MAX 16384u

struct options {
	const char *sums, *hashes, *state;
};

enum { OPT_SUMS = OPTIONS_LONG, OPT_HASHES, OPT_STATE };

static const char help[] =
	"Usage: verifyimg minisign [--sums NAME] KEY SIGNATURE FILE|-\n"
	"       verifyimg verity [--hashes FILE] [--state FILE] ROOTHASH IMAGE\n"
	"minisign: check that FILE ('-': standard input) was signed with KEY, the 56 characters of "
	"a\n"
	"public key of minisign(1).\n"
	"      --sums NAME    print the SHA-256 of NAME in the list FILE, as sha256sum writes it\n"
	"verity: make a read-only device of IMAGE (a file or block device) of which the kernel\n"
	"verifies each block when it is read, and print its path.\n"
	"      --hashes FILE  the hash tree; default: behind the file system in IMAGE\n"
	"      --state FILE   record what was set up\n"
	"  -h, --help         this text\n"
	"  -V, --version      the version\n"
	"Exit status: 0 verified, 1 failure, 2 usage error.\n";

static int verifyimg_take(int c, void *data)
{
	struct options *options = data;

	switch (c) {
	case OPT_SUMS:
		options->sums = optarg;
		return -1;
	case OPT_HASHES:
		options->hashes = optarg;
		return -1;
	case OPT_STATE:
		options->state = optarg;
		return -1;
	case 'h':
		fputs(help, stdout);
		return 0;
	case 'V':
		puts("verifyimg " VERSION);
		return 0;
	default:
		return msg_usage("unknown option");
	}
}

static int read_signature(const char *path, struct minisign_signature *ret, struct error **err)
{
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	int r = read_text(path, &text, &n);

	if (r < 0)
		return error_sys(err, r, "cannot read '%s'", path);
	r = n > SIGNATURE_MAX || strlen(text) != n ? error_make(err, EINVAL, "not a signature")
						   : minisign_parse_signature(text, ret, err);
	return r < 0 ? error_wrap(err, "'%s'", path) : 0;
}

static int print_sum(const char *list, const char *name, struct error **err)
{
	char sum[SUMS_HEX + 1];
	int r = sums_find(list, name, sum, err);

	if (r == 0)
		puts(sum);
	return r;
}

static int run_minisign(const struct options *options, char **argv, struct error **err)
{
	_cleanup_free_ struct minisign_signature *signature = malloc(sizeof(*signature));
	char comment[MINISIGN_COMMENT_MAX];
	struct minisign_key key;
	_cleanup_close_ int fd = -1;
	bool is_stdin = strcmp(argv[2], "-") == 0;
	int r;

	if (!signature)
		return error_no_memory(err);
	r = minisign_parse_key(argv[0], &key, err);
	if (r == 0)
		r = read_signature(argv[1], signature, err);
	if (r < 0)
		return r;
	fd = is_stdin ? dup(STDIN_FILENO) : open(argv[2], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, errno, "cannot open '%s'", argv[2]);
	r = minisign_verify(&key, signature, fd, is_stdin ? "the file" : argv[2], err);
	if (r < 0)
		return r;
	print_to_buffer(comment, sizeof(comment), signature->comment);
	msg(MSG_INFO, "the signature is good: %s", comment);
	return options->sums ? print_sum(argv[2], options->sums, err) : 0;
}

static int parse_root(const char *text, struct verity_request *request)
{
	size_t n = strlen(text);

	if (sodium_hex2bin(request->root, sizeof(request->root), text, n, NULL, &request->root_size,
			   NULL) == 0 &&
	    2 * request->root_size == n && request->root_size >= 16)
		return 0;
	return msg_usage("verity: '%s' is no root hash as veritysetup prints it", text);
}

static int run_verity(const struct options *options, char **argv, struct error **err)
{
	struct verity_request request = { .image = argv[1], .hashes = options->hashes };
	_cleanup_free_ char *device = NULL;
	int r = parse_root(argv[0], &request);

	if (r)
		return r;
	r = verity_attach(&request, &device, err);
	if (r == 0)
		r = state_push(options->state, "verity %s", device);
	if (r == 0)
		puts(device);
	return r;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "sums", required_argument, NULL, OPT_SUMS },
		{ "hashes", required_argument, NULL, OPT_HASHES },
		{ "state", required_argument, NULL, OPT_STATE },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	struct options options = { .sums = NULL };
	_cleanup_error_ struct error *err = NULL;
	int r, n;

	msg_init("verifyimg", MSG_INFO);
	r = options_read(argc, argv, ":hV", long_options, verifyimg_take, &options);
	if (r >= 0)
		return r;
	n = argc - optind;
	argv += optind;
	if (n == 4 && strcmp(argv[0], "minisign") == 0)
		r = run_minisign(&options, argv + 1, &err);
	else if (n == 3 && strcmp(argv[0], "verity") == 0)
		r = run_verity(&options, argv + 1, &err);
	else
		return msg_usage("expected minisign KEY SIGNATURE FILE or verity ROOTHASH IMAGE");
	if (r < 0)
		return msg_fail(steal_ptr(&err));
	return r > 0 || fflush(stdout) == 0 ? r : 1;
}
