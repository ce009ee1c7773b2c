// SPDX-License-Identifier: GPL-2.0-or-later
/* `ssh-keys FILE...` and `ssh-host-key FILE...`: who may answer over SSH, and by what the machine
 * is known. */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builder/plan/internal.h"
#include "builder/util/readfile.h"
#include "builder/util/strbuf.h"

/* A line of a public key, with or without options before it. */
static bool is_public_key(const char *text)
{
	return strstr(text, "ssh-ed25519 AAAA") || strstr(text, "ssh-rsa AAAA") ||
	       strstr(text, "ecdsa-sha2-") || strstr(text, "sk-ssh-ed25519@openssh.com AAAA");
}

/* A comment has none. */
static int has_public_key(const char *text)
{
	bool found = false;

	while (*text && !found) {
		const size_t len = strcspn(text, "\n");
		_cleanup_free_ char *line = strndup(text, len);

		if (!line)
			return -ENOMEM;
		found = line[strspn(line, " \t")] != '#' && is_public_key(line);
		text += len + (text[len] == '\n');
	}
	return found;
}

static int add_public_keys(struct strbuf *keys, const char *source, struct error **err)
{
	_cleanup_free_ char *text = NULL;
	int r = read_file(source, &text, NULL, err);

	if (r < 0)
		return r;
	if (strstr(text, "PRIVATE KEY"))
		return error_make(err, EINVAL,
				  "'%s' is a private key: name the public one, '%s.pub'", source,
				  source);
	r = has_public_key(text);
	if (r < 0)
		return error_no_memory(err);
	if (!r)
		return error_make(err, EINVAL,
				  "'%s' has no public key (a line 'ssh-ed25519 AAAA... NAME')",
				  source);
	strbuf_printf(keys, "%s\n", text);
	return 0;
}

static int add_keys(struct planner *planner, const struct stmt *stmt, const struct cause *cause,
		    struct error **err)
{
	_cleanup_strbuf_ struct strbuf keys = { 0 };
	char *text;
	size_t len;
	int r = 0;

	for (size_t i = 0; r == 0 && i < stmt->argc; i++) {
		_cleanup_free_ char *source = plan_source_path(stmt, stmt->argv[i]);

		r = source ? add_public_keys(&keys, source, err) : error_no_memory(err);
	}
	if (r < 0)
		return r;
	len = keys.len;
	text = strbuf_steal(&keys);
	if (!text)
		return error_no_memory(err);
	return plan_add_data(planner, SEGMENT_MODULES, "etc/mkvinitrd/ssh/authorized_keys", text,
			     len, 0600, cause, err);
}

/* The formats of dropbear and SSH: a string, its length before it, that names the algorithm. */
static bool is_host_key(const char *data, size_t len)
{
	static const char *const algorithms[] = { "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256",
						  "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521" };
	uint32_t n;

	if (len < sizeof(n))
		return false;
	memcpy(&n, data, sizeof(n));
	n = be32toh(n);
	for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
		if (n == strlen(algorithms[i]) && len > sizeof(n) + n &&
		    memcmp(data + sizeof(n), algorithms[i], n) == 0)
			return true;
	return false;
}

static int read_host_key(const char *source, char **ret_data, size_t *ret_len, struct error **err)
{
	int r = read_file(source, ret_data, ret_len, err);

	if (r == -ENOENT)
		return error_wrap(err, "make it once: dropbearkey -t ed25519 -f '%s'", source);
	if (r < 0 || is_host_key(*ret_data, *ret_len))
		return r;
	if (strncmp(*ret_data, "-----BEGIN ", 11) == 0)
		return error_make(err, EINVAL,
				  "'%s' is a key of OpenSSH; convert it: "
				  "dropbearconvert openssh dropbear '%s' FILE",
				  source, source);
	return error_make(err, EINVAL,
			  "'%s' is not a host key of dropbear; make one: "
			  "dropbearkey -t ed25519 -f FILE",
			  source);
}

static int add_host_key(struct planner *planner, const struct stmt *stmt, size_t i,
			const struct cause *cause, struct error **err)
{
	_cleanup_free_ char *source = plan_source_path(stmt, stmt->argv[i]), *path = NULL;
	_cleanup_free_ char *data = NULL;
	size_t len;
	int r;

	if (!source || asprintf(&path, "etc/mkvinitrd/ssh/host_key%zu", i + 1) < 0)
		return error_no_memory(err);
	r = read_host_key(source, &data, &len, err);
	if (r < 0)
		return r;
	planner->plan->secret = true;
	return plan_add_data(planner, SEGMENT_MODULES, path, steal_ptr(&data), len, 0600, cause,
			     err);
}

static int add_host_keys(struct planner *planner, const struct stmt *stmt,
			 const struct cause *cause, struct error **err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < stmt->argc; i++)
		r = add_host_key(planner, stmt, i, cause, err);
	return r;
}

int plan_ssh(struct planner *planner, struct error **err)
{
	static const struct {
		enum stmt_kind kind;
		int (*add)(struct planner *, const struct stmt *, const struct cause *,
			   struct error **);
	} directives[] = { { STMT_SSH_KEYS, add_keys }, { STMT_SSH_HOST_KEY, add_host_keys } };

	for (size_t i = 0; i < ARRAY_SIZE(directives); i++) {
		const struct stmt *stmt = profile_last(planner->profile, directives[i].kind);
		_cleanup_error_ struct error *problem = NULL;
		_cleanup_free_ char *reason = NULL;
		struct cause cause;
		int r;

		if (!stmt)
			continue;
		cause = stmt_cause(stmt, &reason);
		r = directives[i].add(planner, stmt, &cause, &problem);
		if (r == -ENOMEM)
			return error_move(err, steal_ptr(&problem));
		if (r < 0)
			stmt_diag(planner->diag, DIAG_ERROR, stmt, 0, "%s", error_msg(problem));
	}
	return 0;
}
