// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/packroot/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/packroot/generations.h"
#include "applets/packroot/tree.h"
#include "common/msg.h"

/* Returns where to go back to, for leave(), or -errno. */
static int pack_enter(const char *root, struct error **err)
{
	int outside = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (outside < 0)
		return error_sys(err, errno, "cannot open /");
	if (chroot(root) == 0 && chdir("/") == 0)
		return outside;
	error_sys(err, errno, "cannot enter the root '%s'", root);
	close(outside);
	return -EIO;
}

static void leave(int outside)
{
	if (outside < 0)
		return;
	if (fchdir(outside) < 0 || chroot(".") < 0)
		msg(MSG_WARNING, "cannot leave the root: %s", strerror(errno));
	close(outside);
}

static int print_name(void *data, const char *path, struct error **err)
{
	if (fputs(path, stdout) < 0 || putchar('\0') < 0)
		return error_sys(err, errno, "cannot print names");
	return 0;
}

int pack_names(const struct pack_options *o, struct error **err)
{
	struct tree tree = { &o->files, &o->exclude, print_name, NULL };
	int outside = pack_enter(o->root, err), r = MIN(outside, 0);

	if (r == 0)
		r = tree_walk(&tree, err);
	if (r == 0 && fflush(stdout) != 0)
		r = error_sys(err, errno, "cannot print names");
	leave(outside);
	return r;
}

static int add_member(void *data, const char *path, struct error **err)
{
	int r = tarfile_add(data, path, err);

	return MIN(r, 0);
}

/* Gone, and not merely below something that is gone. */
static bool is_removed(char *path)
{
	char *slash = strrchr(path, '/');
	struct stat st;
	bool parent = true;

	if (lstat(path, &st) == 0 || errno != ENOENT)
		return false;
	if (slash) {
		*slash = '\0';
		parent = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
		*slash = '/';
	}
	return parent;
}

static int mark_removed(struct tarfile *tar, const char *path, struct error **err)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash - path) + 1 : 0;
	_cleanup_free_ char *marker = NULL;

	if (asprintf(&marker, "%.*s.wh.%s", dir, path, path + dir) < 0) {
		marker = NULL;
		return error_sys(err, ENOMEM, "'%s'", path);
	}
	return tarfile_add_marker(tar, marker, err);
}

static int add_removed(const struct pack_options *o, FILE *base, struct tarfile *tar,
		       uint64_t *removed, struct error **err)
{
	char *path = NULL;
	size_t room = 0;
	int r = 0;

	rewind(base);
	while (r == 0 && getdelim(&path, &room, '\0', base) > 0) {
		if (list_excludes(&o->exclude, path) || !is_removed(path))
			continue;
		r = mark_removed(tar, path, err);
		++*removed;
	}
	free(path);
	return r;
}

static int write_archive(const struct pack_options *o, FILE *base, int fd, struct pack_result *ret,
			 struct error **err)
{
	struct tree tree = { .files = &o->files, .exclude = &o->exclude, .visit = add_member };
	struct tarfile *tar = NULL;
	int r = tarfile_new(fd, &tar, err);

	ret->removed = 0;
	tree.data = tar;
	if (r == 0 && base)
		r = add_removed(o, base, tar, &ret->removed, err);
	if (r == 0)
		r = tree_walk(&tree, err);
	/* an archive of nothing cannot be told from a damaged one */
	if (r == 0 && tarfile_counts(tar).members == 0)
		r = MIN(tarfile_add(tar, ".", err), 0);
	if (r == 0)
		r = tarfile_finish(tar, err);
	if (r == 0)
		ret->counts = tarfile_counts(tar);
	tarfile_free(&tar);
	return r;
}

/* Old generations make room for the new one, one after the other. */
static int write_with_room(const struct pack_options *o, const struct generations *g, FILE *base,
			   struct pack_result *ret, struct error **err)
{
	int r;

	for (;;) {
		_cleanup_error_ struct error *problem = NULL;
		_cleanup_close_ int fd = generations_begin(g, err);

		if (fd < 0)
			return fd;
		r = write_archive(o, base, fd, ret, &problem);
		if (r == 0)
			return generations_commit(g, fd, err);
		generations_abort(g);
		if (r != -ENOSPC || !generations_drop_oldest(g))
			return error_move(err, steal_ptr(&problem));
		msg(MSG_WARNING, "no space for another archive: removing the oldest");
	}
}

int pack(const struct pack_options *o, struct pack_result *ret, struct error **err)
{
	struct generations g;
	FILE *base = NULL;
	int outside = -1, r = generations_open(o->archive, &g, err);

	*ret = (struct pack_result){ 0 };
	g.keep = o->keep;
	g.damaged = o->damaged;
	if (r == 0 && o->base && !(base = fopen(o->base, "re")))
		r = error_sys(err, errno, "cannot open '%s'", o->base);
	if (r == 0) {
		outside = pack_enter(o->root, err);
		r = MIN(outside, 0);
	}
	if (r == 0)
		r = write_with_room(o, &g, base, ret, err);
	if (base)
		fclose(base);
	generations_release(&g);
	leave(outside);
	return r;
}
