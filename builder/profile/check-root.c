// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "builder/profile/check.h"
#include "builder/profile/directives.h"
#include "builder/profile/value.h"
#include "builder/util/suggest.h"

/* Reports "'VALUE' PROBLEM" unless problem is NULL and the value can stand in a kernel parameter.
 */
static void check_root_report(const struct stmt *stmt, struct diag *diag, const char *problem)
{
	if (!problem && strchr(stmt->argv[0], '"'))
		problem = "holds a double quote, which the kernel's command line cannot carry";
	if (problem)
		stmt_diag(diag, DIAG_ERROR, stmt, 0, "'%s' %s", stmt->argv[0], problem);
}

void stmt_check_root(const struct stmt *stmt, struct diag *diag)
{
	const char *mode = stmt->argv[0];

	if (!word_in(mode, profile_root_modes))
		stmt_diag(diag, DIAG_ERROR, stmt, 0, "unknown root mode '%s'%s", mode,
			  suggest_phrase(mode, suggest_from_array, profile_root_modes).text);
}

/* SERVER/PATH behind "http://" and the like. */
static const char *url_problem(const char *rest)
{
	size_t server = strcspn(rest, "/");

	if (!server)
		return "names no server";
	return rest[server] && rest[server + 1] ? NULL : "names no file on the server";
}

static const char *nfs_problem(const char *rest)
{
	const char *path = strstr(rest, ":/");

	return path && path > rest ? NULL : "is not nfs:SERVER:/PATH";
}

static const char *tag_problem(const char *rest)
{
	return *rest ? NULL : "names no tag";
}

static const char *local_problem(const char *rest)
{
	return *rest && rest[strlen(rest) - 1] != '/' ? NULL : "names no file to embed";
}

/* SERVER[:PORT][/EXPORT], an IPv6 address in [ ]. */
static const char *nbd_problem(const char *rest)
{
	size_t n = strcspn(rest, "/");
	const char *colon = memchr(rest, ':', n);
	char port[6] = "";
	uint64_t number;

	if (!n || rest == colon)
		return "names no server";
	if (*rest == '[') {
		const char *close = memchr(rest, ']', n);

		if (!close || (close + 1 != rest + n && close[1] != ':'))
			return "has no ] behind the number of its server";
		colon = close + 1 == rest + n ? NULL : close + 1;
	}
	if (!colon)
		return NULL;
	n -= (size_t)(colon + 1 - rest);
	if (n < sizeof(port))
		memcpy(port, colon + 1, n);
	return parse_number(port, 65535, &number) && number ? NULL : "has no port behind the colon";
}

static const char *image_problem(const char *text)
{
	static const struct {
		const char *prefix;
		const char *(*problem)(const char *rest);
	} kinds[] = {
		{ "file:", local_problem }, { "http://", url_problem },
		{ "tftp://", url_problem }, { "https://", url_problem },
		{ "ftp://", url_problem },  { "nbd://", nbd_problem },
		{ "9p:", tag_problem },	    { "virtiofs:", tag_problem },
		{ "nfs:", nfs_problem },
	};

	if (*text == '/')
		return text[1] ? NULL : "names no file";
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *rest = after_prefix(text, kinds[i].prefix);

		if (rest)
			return kinds[i].problem(rest);
	}
	return strstr(text, "://")
		       ? "has a scheme that is not known"
		       : "is not an absolute path on the host; write file:PATH to embed a file "
			 "of this machine";
}

void stmt_check_image(const struct stmt *stmt, struct diag *diag)
{
	check_root_report(stmt, diag, image_problem(stmt->argv[0]));
}

void stmt_check_host(const struct stmt *stmt, struct diag *diag)
{
	check_root_report(stmt, diag, host_spec_problem(stmt->argv[0]));
}

static const char *partition_problem(const char *text)
{
	const char *value;
	uint64_t number;

	if (!strcmp(text, "whole"))
		return NULL;
	if ((value = after_prefix(text, "UUID=")))
		return is_fs_uuid(value) ? NULL
					 : "is not the UUID of a file system as blkid prints it";
	if ((value = after_prefix(text, "LABEL=")))
		return *value ? NULL : "has no label";
	if ((value = after_prefix(text, "/dev/")))
		return strchr(value, '/') ? NULL : "is not a logical volume of the image";
	if (!parse_number(text, 255, &number))
		return "is not a partition of the image";
	return number ? NULL : "is not a partition: they count from 1";
}

void stmt_check_partition(const struct stmt *stmt, struct diag *diag)
{
	check_root_report(stmt, diag, partition_problem(stmt->argv[0]));
}

static const char *size_problem(const char *text)
{
	unsigned percent;
	uint64_t bytes;

	if (parse_size(text, &bytes, &percent))
		return NULL;
	return text[0] && text[strlen(text) - 1] == '%'
		       ? "is not a share of the memory: write 1% to 100%"
		       : "is not a size: write a number above 0 and k, m, g or t (1500m, 2G), or a "
			 "percentage (75%)";
}

/* PATH[,SIZE]: the part behind the last comma is a size when it begins with a digit. */
static const char *persist_file_problem(const char *text)
{
	const char *comma = strrchr(text, ',');
	_cleanup_free_ char *path = NULL;

	if (!comma)
		return host_path_problem(text);
	path = strndup(text, (size_t)(comma - text));
	if (!path || size_problem(comma + 1) || strchr(comma, '%'))
		return "has no size such as 2G behind the comma";
	return host_path_problem(path);
}

/* A copy of STORE[,rollback=N][,commit][,discard][,ask] without what is behind STORE; NULL: no
 * memory. */
static char *persist_store(const char *text)
{
	static const char *const words[] = { ",commit", ",discard", ",ask" };
	char *copy = strdup(text), *comma;

	while (copy && (comma = strrchr(copy, ','))) {
		bool known = strlen(comma) == 11 && !strncmp(comma, ",rollback=", 10) &&
			     comma[10] >= '1' && comma[10] <= '9';

		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			known |= !strcmp(comma, words[i]);
		if (!known)
			break;
		*comma = '\0';
	}
	return copy;
}

static const char *store_problem(const char *text)
{
	static const struct {
		const char *prefix;
		const char *(*problem)(const char *rest);
	} kinds[] = {
		{ "ram:", size_problem },	   { "dir:", host_path_problem },
		{ "file:", persist_file_problem }, { "device:", host_spec_problem },
		{ "archive:", host_path_problem },
	};

	if (!strcmp(text, "none") || !strcmp(text, "ram"))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *rest = after_prefix(text, kinds[i].prefix);

		if (rest)
			return kinds[i].problem(rest);
	}
	return "is not a kind of store";
}

static const char *persist_problem(const char *text)
{
	_cleanup_free_ char *store = persist_store(text);
	const char *problem = store ? store_problem(store) : NULL;

	if (problem || !store || !strcmp(store, text))
		return problem;
	if (after_prefix(store, "dir:") || after_prefix(store, "file:") ||
	    after_prefix(store, "device:"))
		return NULL;
	return "has generations, which only dir:, file: and device: can keep";
}

void stmt_check_persist(const struct stmt *stmt, struct diag *diag)
{
	check_root_report(stmt, diag, persist_problem(stmt->argv[0]));
}

void stmt_check_size(const struct stmt *stmt, struct diag *diag)
{
	check_root_report(stmt, diag, size_problem(stmt->argv[0]));
}

/* A public key of minisign: base64 of 42 bytes that begin with "Ed". */
static bool is_minisign_key(const char *text)
{
	return strlen(text) == 56 && !strncmp(text, "RW", 2) &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") ==
		       56;
}

static const char *verify_problem(const char *text)
{
	const char *value;

	if ((value = after_prefix(text, "sha256:")))
		return is_hex(value, 64) ? NULL
					 : "is not 'sha256:' and 64 hexadecimal digits, as "
					   "sha256sum prints them";
	if ((value = after_prefix(text, "verity:")))
		return is_hex(value, 64) || is_hex(value, 128)
			       ? NULL
			       : "is not 'verity:' and the 64 hexadecimal digits of veritysetup's "
				 "root hash";
	if ((value = after_prefix(text, "minisign:")))
		return is_minisign_key(value)
			       ? NULL
			       : "is not 'minisign:' and the 56 characters of a public key (RW...)";
	return "is not a way to verify an image";
}

void stmt_check_verify(const struct stmt *stmt, struct diag *diag)
{
	check_root_report(stmt, diag, verify_problem(stmt->argv[0]));
}
