// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "applets/vdattach/cmd/cmd.h"
#include "applets/vdattach/daemon/attached.h"
#include "common/msg.h"

static bool is_forbidden(int r)
{
	return r == -EROFS || r == -EACCES || r == -EPERM;
}

static int open_source(const char *path, bool read_only, struct source **ret, struct error **err)
{
	_cleanup_error_ struct error *refused = NULL;
	int r = source_file_open(path, read_only, ret, &refused);

	if (!read_only && is_forbidden(r) && source_file_open(path, true, ret, NULL) == 0) {
		msg(MSG_WARNING, "%s: read-only, since it cannot be written: %s", path,
		    error_msg(refused));
		return 0;
	}
	if (r < 0)
		error_move(err, steal_ptr(&refused));
	return r;
}

/*
 * A reader may continue: nothing is damaged by it. A worker asks nobody which device has the image:
 * it may be its own, whose supervisor waits for it, while a worker that was killed ends and has it
 * locked.
 */
static int lock_source(const struct options *options, const struct source *source,
		       struct error **err)
{
	_cleanup_error_ struct error *refused = NULL;
	int r = source_file_lock(source, &refused);

	if (r == 0)
		return 0;
	if (source->read_only) {
		msg(MSG_WARNING, "%s: another program writes it: what is read may be old",
		    source->name);
		return 0;
	}
	r = options->recovery ? 0 : attached_refuse(source, err);
	return r < 0 ? r : error_move(err, steal_ptr(&refused));
}

static int add_resolver(const struct options *options, const char *path, struct open_disk *disk,
			struct error **err)
{
	struct file_resolver *resolver = calloc(1, sizeof(*resolver));
	int r;

	if (!resolver)
		return error_sys(err, ENOMEM, "cannot open '%s'", path);
	disk->resolvers[disk->n_resolvers++] = resolver;
	r = file_resolver_init(resolver, path, options->parents, err);
	resolver->lock = options->lock;
	resolver->recovery = options->recovery;
	return r;
}

/* An image on a web server is only read, and has no other files. */
static int open_remote(const struct options *options, struct open_disk *disk, struct error **err)
{
	struct vd_open_how how = { .format = options->format };
	struct source *source;
	int r = url_open(options, &source, err);

	return r < 0 ? r : vd_image_open_how(source, &how, &disk->image, err);
}

/* Opens the image at path, which continues disk->image if there is one. */
static int open_next(const struct options *options, const char *path, const char *format,
		     bool read_only, struct open_disk *disk, struct error **err)
{
	_cleanup_source_ struct source *source = NULL;
	struct vd_open_how how = { .format = format, .parent = disk->image };
	int r;

	if (source_is_url(path))
		return open_remote(options, disk, err);
	r = open_source(path, read_only, &source, err);
	if (r == 0 && options->lock)
		r = lock_source(options, source, err);
	/* the base is often listed among the differences */
	if (r == 0 && disk->image && !disk->image->parent &&
	    source->device == disk->image->source->device &&
	    source->inode == disk->image->source->inode)
		return 0;
	if (r == 0) {
		source->recovery = options->recovery;
		r = source_rescue(source, false, err);
	}
	if (r == 0)
		r = add_resolver(options, path, disk, err);
	if (r < 0)
		return r;
	how.resolver = &disk->resolvers[disk->n_resolvers - 1]->resolver;
	r = vd_image_open_how(source, &how, &disk->image, err);
	if (r < 0)
		return r;
	if (!disk->image->read_only)
		source_file_remember_raw(source, disk->image->format == &vd_format_raw);
	source = NULL;
	return 0;
}

/* The image, and on it the differences of --snapshot, all but the last read-only. */
static int open_chain(const struct options *options, bool read_only, struct open_disk *disk,
		      struct error **err)
{
	unsigned int n = options->n_snapshots;
	int r;

	r = open_next(options, options->operand, options->format, read_only || n > 0, disk, err);
	for (unsigned int i = 0; i < n && r == 0; i++)
		r = open_next(options, options->snapshots[i], NULL, read_only || i + 1 < n, disk,
			      err);
	return r;
}

int disk_open(const struct options *options, bool read_only, struct open_disk *ret,
	      struct error **err)
{
	_cleanup_disk_ struct open_disk disk = { .image = NULL };
	uint32_t sector_size;
	int r;

	r = open_chain(options, read_only, &disk, err);
	if (r < 0)
		return r;
	sector_size = options->sector_size ? options->sector_size : disk.image->sector_size;
	r = vd_image_view(disk.image, &disk.view, err);
	if (r == 0)
		r = partition_table_read(disk.view, sector_size, &disk.table, &disk.findings, err);
	if (r < 0)
		return r;
	*ret = disk;
	memset(&disk, 0, sizeof(disk));
	return 0;
}

int disk_choose(const struct options *options, struct open_disk *disk, struct error **err)
{
	const char *spec = options->partition;
	int r;

	if (!spec || strcmp(spec, "whole") == 0)
		return 0;
	r = partition_select(&disk->table, disk->view->size, spec, &disk->partition, err);
	if (r == 0)
		r = source_window(disk->view, disk->view->name, disk->partition->start,
				  disk->partition->length, &disk->chosen, err);
	if (r < 0)
		error_wrap(err, "%s", options->operand);
	return r;
}

int disk_open_chosen(const struct options *options, bool read_only, struct open_disk *ret,
		     struct error **err)
{
	_cleanup_disk_ struct open_disk disk = { .image = NULL };
	int r;

	r = disk_open(options, read_only, &disk, err);
	if (r < 0)
		return r;
	disk_warn(&disk);
	r = disk_choose(options, &disk, err);
	if (r < 0)
		return r;
	*ret = disk;
	memset(&disk, 0, sizeof(disk));
	return 0;
}

struct source *disk_source(const struct open_disk *disk)
{
	return disk->chosen ? disk->chosen : disk->view;
}

int disk_refuse_second(const struct open_disk *disk, struct error **err)
{
	const struct vd_image *image = disk->image;

	return image->read_only ? 0 : attached_refuse(image->source, err);
}

static void warn_all(const struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++)
		msg(MSG_WARNING, "%s", findings->items[i].text);
}

void disk_warn(const struct open_disk *disk)
{
	for (const struct vd_image *i = disk->image; i; i = i->parent)
		warn_all(&i->findings);
	warn_all(&disk->findings);
}

void disk_close_image(struct open_disk *disk)
{
	source_close(&disk->chosen);
	source_close(&disk->view);
	vd_image_close(&disk->image);
	for (unsigned int i = 0; i < disk->n_resolvers; i++) {
		file_resolver_release(disk->resolvers[i]);
		free(disk->resolvers[i]);
	}
	disk->n_resolvers = 0;
}

void disk_close(struct open_disk *disk)
{
	disk_close_image(disk);
	partition_table_release(&disk->table);
	findings_release(&disk->findings);
}

int finish_stdout(struct error **err)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return error_sys(err, errno ? errno : EIO, "cannot write to stdout");
	return 0;
}
