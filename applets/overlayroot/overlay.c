// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/overlay.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/lib/mountutil.h"
#include "applets/overlayroot/lower/id.h"
#include "applets/overlayroot/lower/lower.h"
#include "applets/overlayroot/stack.h"
#include "applets/overlayroot/store/upper.h"
#include "common/msg.h"

/*
 * index, metacopy: off, for a lower that may be replaced by another image, and an upper that other
 * tools may read. redirect_dir: on, or rename(2) of a directory fails with EXDEV, which not every
 * program can take. volatile spares a RAM upper its syncs; on any other it would forbid the next
 * boot.
 * Generations are merged later, which redirects would forbid: there a renamed directory is a copy.
 */
#define SAFE_OPTIONS	"index=off,metacopy=off,xino=auto"
#define REDIRECT	",redirect_dir=on"
#define NO_NEW_REDIRECT ",redirect_dir=follow"

struct overlayroot_overlay_build {
	const struct overlay_options *options;
	struct lower lowers[MAX_LOWERS];
	struct upper upper;
	struct generation_list generations;
	struct stack stack;
};

static int check_run(const char *run, struct error **err)
{
	if (*run != '/' || strpbrk(run, ":,\\"))
		return error_make(err, EINVAL,
				  "--run '%s': expected an absolute path without colon, comma or "
				  "backslash",
				  run);
	return 0;
}

static bool is_mountpoint(const char *path, const struct stat *parent)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev != parent->st_dev;
}

/* Two roots in one place would pull each other's layers away. */
static int claim_run(const char *run, struct error **err)
{
	static const char *const names[] = { "lower0", "upper", "store" };
	struct stat parent;
	size_t i;
	int r = make_dirs(run, 0700, err);

	if (r < 0)
		return r;
	if (stat(run, &parent) < 0)
		return error_sys(err, errno, "'%s'", run);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/%s", run, names[i]) < 0)
			return error_sys(err, ENOMEM, "'%s'", run);
		if (is_mountpoint(path, &parent))
			return error_make(err, EBUSY,
					  "'%s' is in use by another root: choose another --run",
					  path);
	}
	return 0;
}

static int inspect_lowers(struct overlayroot_overlay_build *b, struct error **err)
{
	int i, r;

	for (i = 0; i < b->options->lower_count; i++) {
		r = lower_inspect(b->options->lowers[i], &b->lowers[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int mount_lowers(struct overlayroot_overlay_build *b, struct error **err)
{
	int i, r;

	for (i = 0; i < b->options->lower_count; i++) {
		r = lower_mount(&b->lowers[i], &b->stack, b->options->run, (unsigned int)i, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* "lowerdir=A:B,upperdir=U/upper,workdir=U/work," and the rest. The lowers are below run: "RUN/",
 * or
 * "" for paths from there. *ret is the caller's to free. */
static int overlay_data(const struct overlayroot_overlay_build *b, const char *run,
			const char *base, bool persistent, char **ret)
{
	const struct generation_list *list = &b->generations;
	char name[8];
	size_t size;
	FILE *out = open_memstream(ret, &size);
	int i;

	if (!out)
		return -ENOMEM;
	fputs("lowerdir=", out);
	for (i = 0; i < (int)list->count; i++)
		fprintf(out, "%s/generation/%s:", base, generation_name(list->numbers[i], name));
	for (i = 0; i < b->options->lower_count; i++)
		fprintf(out, "%s%slower%d", i ? ":" : "", run, i);
	fprintf(out, ",upperdir=%s/upper,workdir=%s/work,%s%s%s", base, base, SAFE_OPTIONS,
		b->options->generations.keep || list->count ? NO_NEW_REDIRECT : REDIRECT,
		persistent ? "" : ",volatile");
	return fclose(out) == 0 ? 0 : -ENOMEM;
}

/* mount(2) takes one page of options: with many layers their paths are those from RUN. */
static int shorten_data(struct overlayroot_overlay_build *b, char **data, struct error **err)
{
	long page = sysconf(_SC_PAGESIZE);

	if (strlen(*data) < (size_t)page)
		return 0;
	free(steal_ptr(data));
	if (overlay_data(b, "", b->upper.base, b->upper.persistent, data) < 0)
		return error_sys(err, ENOMEM, "overlay");
	if (strlen(*data) >= (size_t)page)
		return error_make(err, E2BIG,
				  "%d layers: their names do not fit the %ld bytes of options that "
				  "the kernel takes: pack some of them together",
				  b->options->lower_count, page);
	return chdir(b->options->run) < 0 ? error_sys(err, errno, "'%s'", b->options->run) : 0;
}

static int mount_overlay(struct overlayroot_overlay_build *b, struct error **err)
{
	const struct overlay_options *o = b->options;
	_cleanup_free_ char *data = NULL, *below = NULL, *newroot = NULL;
	int r = make_dirs(o->newroot, 0755, err);

	if (r < 0)
		return r;
	newroot = realpath(o->newroot, NULL);
	if (!newroot || asprintf(&below, "%s/", o->run) < 0 ||
	    overlay_data(b, below, b->upper.base, b->upper.persistent, &data) < 0)
		return error_sys(err, ENOMEM, "overlay");
	r = shorten_data(b, &data, err);
	return r < 0 ? r : mount_fs("overlay", newroot, "overlay", 0, data, err);
}

static void compare_lowers(struct overlayroot_overlay_build *b)
{
	_cleanup_error_ struct error *err = NULL;
	int r;

	if (!b->upper.persistent)
		return;
	r = lower_id_check(b->upper.base, b->lowers, (size_t)b->options->lower_count, &err);
	if (r < 0)
		msg(MSG_WARNING, "%s", error_msg(err));
	else if (r == 0)
		msg(MSG_WARNING,
		    "the changes in %s were made on another lower than this one: what they hide or "
		    "replace may be missing or old (remove lower.id beside them to accept it)",
		    b->upper.what);
}

/* The new upper's directory becomes the root: it is made as the one below it is. */
static int make_upper(struct overlayroot_overlay_build *b, struct error **err)
{
	_cleanup_free_ char *model = NULL;
	char name[8];

	if (!b->generations.count)
		return upper_make_dirs(&b->upper, b->lowers[0].mountpoint, err);
	if (asprintf(&model, "%s/generation/%s", b->upper.base,
		     generation_name(b->generations.numbers[0], name)) < 0) {
		model = NULL;
		return error_sys(err, ENOMEM, "upper");
	}
	return upper_make_dirs(&b->upper, model, err);
}

static int overlayroot_overlay_build(struct overlayroot_overlay_build *b, struct error **err)
{
	const struct overlay_options *o = b->options;
	struct upper_config config = { .run = o->run,
				       .format = o->format,
				       .file_limit = o->file_limit };
	int r = check_run(o->run, err);

	if (r == 0)
		r = inspect_lowers(b, err);
	if (r == 0)
		r = claim_run(o->run, err);
	if (r == 0)
		r = mount_lowers(b, err);
	if (r == 0)
		r = upper_open(&o->upper, &config, &b->stack, &b->upper, err);
	if (r < 0)
		return r;
	compare_lowers(b);
	if (b->upper.persistent)
		r = generation_prepare(b->upper.base, &o->generations, &b->generations, err);
	if (r == 0)
		r = make_upper(b, err);
	if (r == 0)
		r = mount_overlay(b, err);
	if (r < 0)
		return r;
	r = stack_record(&b->stack, o->state, err);
	if (r < 0)
		(void)!unmount_fs(o->newroot, 0, NULL);
	return r;
}

static void build_release(struct overlayroot_overlay_build *b)
{
	int i;

	for (i = 0; i < b->options->lower_count; i++)
		lower_release(&b->lowers[i]);
	upper_release(&b->upper);
	stack_release(&b->stack);
}

int overlay_build(const struct overlay_options *options, struct overlay_result *ret,
		  struct error **err)
{
	struct overlayroot_overlay_build b = { .options = options };
	int r = overlayroot_overlay_build(&b, err);

	if (r == 0) {
		upper_warn_space(&b.upper);
		memcpy(ret->type, b.upper.type, sizeof(ret->type));
		ret->generation = b.generations.count ? b.generations.numbers[0] : 0;
		if (mount_source_of(b.upper.base, &ret->source) < 0)
			ret->source = (struct mount_source){ 0 };
		ret->upper = steal_ptr(&b.upper.what);
	} else {
		stack_undo(&b.stack);
	}
	build_release(&b);
	return r;
}

static void print_lower(const struct lower *lower, const char *run, int n)
{
	if (lower->kind == LOWER_DIR)
		printf("mount -o bind,ro %s %s/lower%d\n", lower->path, run, n);
	else
		printf("mount -t %s -o %sro %s %s/lower%d\n", lower->fs.type,
		       lower->kind == LOWER_IMAGE ? "loop," : "", lower->path, run, n);
}

static void print_upper(const struct upper_spec *upper, const char *run)
{
	switch (upper->kind) {
	case UPPER_RAM:
		printf("mount -t tmpfs -o mode=0755,size=%llu%s upper %s/upper\n",
		       (unsigned long long)(upper->size.given ? upper->size.value : 50),
		       !upper->size.given || upper->size.percent ? "%" : "", run);
		return;
	case UPPER_DIR:
		printf("mount -o bind %s %s/upper # or -o loop %s/upper.img, if it cannot hold an "
		       "upper\n",
		       upper->path, run, upper->path);
		return;
	case UPPER_FILE:
		printf("mount -o loop %s %s/upper # made when it is not there\n", upper->path, run);
		return;
	case UPPER_DEVICE:
		printf("mount %s %s/store\nmount -o bind %s/store/.mkvinitrd %s/upper\n",
		       upper->path, run, run, run);
		return;
	}
}

int overlay_print(const struct overlay_options *o, struct error **err)
{
	_cleanup_free_ char *data = NULL, *base = NULL, *below = NULL;
	struct overlayroot_overlay_build b = { .options = o };
	int i, r = check_run(o->run, err);

	if (r == 0)
		r = inspect_lowers(&b, err);
	if (r < 0)
		return r;
	if (asprintf(&base, "%s/upper", o->run) < 0 || asprintf(&below, "%s/", o->run) < 0 ||
	    overlay_data(&b, below, base, o->upper.kind != UPPER_RAM, &data) < 0)
		return error_sys(err, ENOMEM, "overlay");
	for (i = 0; i < o->lower_count; i++)
		print_lower(&b.lowers[i], o->run, i);
	print_upper(&o->upper, o->run);
	printf("mount -t overlay -o %s overlay %s\n", data, o->newroot);
	return 0;
}
