// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/lower/generation.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/lib/mountutil.h"
#include "applets/overlayroot/lower/layer.h"
#include "common/msg.h"

#define FAILED_BOOTS 2

/* Paths of one store; all below base. */
struct store {
	char directory[256], upper[256], aside[256], ok[256], tries[256];
	struct generation_list list;
};

const char *generation_name(unsigned int number, char *buf)
{
	snprintf(buf, 8, "%04u", number % 10000);
	return buf;
}

static void path_of(const struct store *s, unsigned int number, char *buf, size_t size)
{
	char name[8];

	snprintf(buf, size, "%s/%s", s->directory, generation_name(number, name));
}

static int open_store(const char *base, struct store *s, struct error **err)
{
	if (strlen(base) > 200)
		return error_make(err, ENAMETOOLONG, "'%s'", base);
	snprintf(s->directory, sizeof(s->directory), "%s/generation", base);
	snprintf(s->upper, sizeof(s->upper), "%s/upper", base);
	snprintf(s->aside, sizeof(s->aside), "%s/generation/aside", base);
	snprintf(s->ok, sizeof(s->ok), "%s/boot-ok", base);
	snprintf(s->tries, sizeof(s->tries), "%s/generation/tries", base);
	return 0;
}

static int newest_first(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*b)->d_name, (*a)->d_name);
}

static int is_generation(const struct dirent *entry)
{
	return strlen(entry->d_name) == 4 && strspn(entry->d_name, "0123456789") == 4;
}

static int read_list(struct store *s, struct error **err)
{
	struct dirent **entries;
	int i, n = scandir(s->directory, &entries, is_generation, newest_first);

	s->list.count = 0;
	if (n < 0)
		return errno == ENOENT ? 0
				       : error_sys(err, errno, "cannot read '%s'", s->directory);
	for (i = 0; i < n; i++) {
		if (i < MAX_GENERATIONS)
			s->list.numbers[s->list.count++] =
				(unsigned int)strtoul(entries[i]->d_name, NULL, 10);
		free(entries[i]);
	}
	free(entries);
	if (n > MAX_GENERATIONS)
		return error_make(err, E2BIG, "'%s' has more than %d generations", s->directory,
				  MAX_GENERATIONS);
	return 0;
}

static unsigned int read_tries(const struct store *s)
{
	_cleanup_close_ int fd = open(s->tries, O_RDONLY | O_CLOEXEC);
	char digit = '0';

	if (fd < 0 || read(fd, &digit, 1) != 1 || digit < '0' || digit > '9')
		return 0;
	return (unsigned int)(digit - '0');
}

static int write_tries(const struct store *s, unsigned int tries, struct error **err)
{
	_cleanup_close_ int fd = open(s->tries, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	char digit = (char)('0' + MIN(tries, 9u));

	/* one byte in place: there is no moment without a number */
	if (fd < 0 || pwrite(fd, &digit, 1, 0) != 1 || fsync(fd) < 0)
		return error_sys(err, errno, "cannot write '%s'", s->tries);
	return 0;
}

/* The last boot's layer becomes the newest generation. */
static int keep_session(struct store *s, struct error **err)
{
	unsigned int number = s->list.count ? s->list.numbers[0] + 1 : 1;
	char path[512];

	if (!layer_has_entries(s->upper))
		return 0;
	path_of(s, number, path, sizeof(path));
	if (rename(s->upper, path) < 0)
		return error_sys(err, errno, "cannot make generation %u", number);
	return read_list(s, err);
}

static int move_aside(const struct store *s, const char *path, const char *name, struct error **err)
{
	char to[300];

	snprintf(to, sizeof(to), "%s/%s", s->aside, name);
	if (rename(path, to) < 0 && errno != ENOENT)
		return error_sys(err, errno, "cannot set '%s' aside", path);
	return 0;
}

/* The last boot's layer and the newest generations; what was set aside before is given up. */
static int set_aside(struct store *s, unsigned int generations, struct error **err)
{
	char path[512], name[8];
	unsigned int i;
	int r = layer_remove(s->aside, err);

	if (r == 0)
		r = make_dirs(s->aside, 0700, err);
	if (r == 0)
		r = move_aside(s, s->upper, "upper", err);
	for (i = 0; r == 0 && i < MIN(generations, s->list.count); i++) {
		path_of(s, s->list.numbers[i], path, sizeof(path));
		r = move_aside(s, path, generation_name(s->list.numbers[i], name), err);
	}
	return r < 0 ? r : read_list(s, err);
}

static void report_current(const struct store *s, const char *why)
{
	if (s->list.count)
		msg(MSG_WARNING,
		    "%s: using generation %u; the later ones are in generation/aside of the store",
		    why, s->list.numbers[0]);
	else
		msg(MSG_WARNING,
		    "%s: using the image as it is; the changes are in generation/aside of the "
		    "store",
		    why);
}

static int fall_back(struct store *s, struct error **err)
{
	int r;

	if (!s->list.count && !layer_has_entries(s->upper))
		return 0;
	r = set_aside(s, 1, err);
	if (r == 0)
		report_current(s, "the last two boots failed");
	return r;
}

static int discard_last(struct store *s, struct error **err)
{
	int r = set_aside(s, layer_has_entries(s->upper) ? 0 : 1, err);

	if (r == 0)
		report_current(s, "discarded as requested");
	return r;
}

/* The oldest two become one until there are no more than keep. */
static int squash(struct store *s, unsigned int keep, struct error **err)
{
	char newer[512], older[512];
	int r = 0;

	while (r == 0 && s->list.count > MAX(keep, 1u)) {
		path_of(s, s->list.numbers[s->list.count - 2], newer, sizeof(newer));
		path_of(s, s->list.numbers[s->list.count - 1], older, sizeof(older));
		if (layer_has_redirects(newer)) {
			msg(MSG_WARNING,
			    "generation %u has renamed directories: it stays a layer of its own",
			    s->list.numbers[s->list.count - 2]);
			return 0;
		}
		r = layer_absorb(newer, older, err);
		s->list.count--;
	}
	return r;
}

static int judge_last_boot(struct store *s, const struct generation_request *q, struct error **err)
{
	bool ok = access(s->ok, F_OK) == 0;
	unsigned int tries = ok ? 0 : read_tries(s);
	int r = 0;

	if (q->discard)
		r = discard_last(s, err);
	else if (ok)
		r = keep_session(s, err);
	else if (tries >= FAILED_BOOTS)
		r = fall_back(s, err);
	if (r == 0)
		r = write_tries(s, tries >= FAILED_BOOTS || q->discard ? 1 : tries + 1, err);
	/* last: as long as it is there, a cut before is made good by the next boot */
	if (r == 0 && unlink(s->ok) < 0 && errno != ENOENT)
		r = error_sys(err, errno, "cannot remove '%s'", s->ok);
	return r;
}

static int ask_which(struct store *s, const struct generation_request *q, struct error **err)
{
	unsigned int back = q->ask(s->directory, &s->list);
	int r;

	if (back == 0)
		return 0;
	r = set_aside(s, back, err);
	if (r == 0)
		report_current(s, "as requested");
	return r < 0 ? r : write_tries(s, 1, err);
}

static int change(struct store *s, const struct generation_request *q, struct error **err)
{
	int r = make_dirs(s->directory, 0700, err);

	if (r == 0)
		r = judge_last_boot(s, q, err);
	if (r == 0 && q->ask)
		r = ask_which(s, q, err);
	if (r == 0 && q->commit)
		r = keep_session(s, err);
	if (r == 0)
		r = squash(s, q->commit ? 1 : q->keep ? q->keep : MAX_GENERATIONS, err);
	return r;
}

int generation_prepare(const char *base, const struct generation_request *request,
		       struct generation_list *ret, struct error **err)
{
	struct store s;
	int r = open_store(base, &s, err);

	if (r == 0)
		r = read_list(&s, err);
	if (r == 0 && (request->keep || request->commit || request->discard || request->ask))
		r = change(&s, request, err);
	if (r < 0)
		return error_wrap(err, "generations of the store");
	*ret = s.list;
	return 0;
}
