// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "applets/vdattach/cmd/cmd.h"
#include "applets/vdattach/daemon/holder.h"
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

/* A reader may continue: nothing is damaged by it. */
static int lock_source(const struct source *source, struct error **err)
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
	r = holder_refuse(source, err);
	return r < 0 ? r : error_move(err, steal_ptr(&refused));
}

static int add_opener(const struct options *options, const char *path, struct guest *guest,
		      struct error **err)
{
	struct file_opener *opener = calloc(1, sizeof(*opener));
	int r;

	if (!opener)
		return error_sys(err, ENOMEM, "open '%s'", path);
	guest->openers[guest->n_openers++] = opener;
	r = file_opener_init(opener, path, options->parents, err);
	opener->lock = options->lock;
	opener->recovery = options->recovery;
	return r;
}

/* Opens the image at path, which continues guest->image if there is one. */
static int open_next(const struct options *options, const char *path, const char *format,
		     bool read_only, struct guest *guest, struct error **err)
{
	_cleanup_source_ struct source *source = NULL;
	struct vd_open_how how = { .format = format, .parent = guest->image };
	int r;

	r = open_source(path, read_only, &source, err);
	if (r == 0 && options->lock)
		r = lock_source(source, err);
	/* the base is often listed among the differences */
	if (r == 0 && guest->image && !guest->image->parent &&
	    source->device == guest->image->source->device &&
	    source->inode == guest->image->source->inode)
		return 0;
	if (r == 0) {
		source->recovery = options->recovery;
		r = source_rescue(source, false, err);
	}
	if (r == 0)
		r = add_opener(options, path, guest, err);
	if (r < 0)
		return r;
	how.opener = &guest->openers[guest->n_openers - 1]->opener;
	r = vd_image_open_how(source, &how, &guest->image, err);
	if (r < 0)
		return r;
	if (!guest->image->read_only)
		source_file_remember_raw(source, guest->image->format == &vd_format_raw);
	source = NULL;
	return 0;
}

/* The image, and on it the differences of --snapshot, all but the last read-only. */
static int open_chain(const struct options *options, bool read_only, struct guest *guest,
		      struct error **err)
{
	unsigned int n = options->n_snapshots;
	int r;

	r = open_next(options, options->operand, options->format, read_only || n > 0, guest, err);
	for (unsigned int i = 0; i < n && r == 0; i++)
		r = open_next(options, options->snapshots[i], NULL, read_only || i + 1 < n, guest,
			      err);
	return r;
}

int guest_open(const struct options *options, bool read_only, struct guest *ret, struct error **err)
{
	_cleanup_guest_ struct guest guest = { .image = NULL };
	uint32_t sector_size;
	int r;

	r = open_chain(options, read_only, &guest, err);
	if (r < 0)
		return r;
	sector_size = options->sector_size ? options->sector_size : guest.image->sector_size;
	r = vd_image_view(guest.image, &guest.disk, err);
	if (r == 0)
		r = partition_table_read(guest.disk, sector_size, &guest.table, &guest.findings,
					 err);
	if (r < 0)
		return r;
	*ret = guest;
	memset(&guest, 0, sizeof(guest));
	return 0;
}

int guest_choose(const struct options *options, struct guest *guest, struct error **err)
{
	const char *spec = options->partition;
	int r;

	if (!spec || strcmp(spec, "whole") == 0)
		return 0;
	r = partition_select(&guest->table, guest->disk->size, spec, &guest->partition, err);
	if (r == 0)
		r = source_window(guest->disk, guest->disk->name, guest->partition->start,
				  guest->partition->length, &guest->chosen, err);
	if (r < 0)
		error_wrap(err, "%s", options->operand);
	return r;
}

int guest_open_chosen(const struct options *options, bool read_only, struct guest *ret,
		      struct error **err)
{
	_cleanup_guest_ struct guest guest = { .image = NULL };
	int r;

	r = guest_open(options, read_only, &guest, err);
	if (r < 0)
		return r;
	guest_warn(&guest);
	r = guest_choose(options, &guest, err);
	if (r < 0)
		return r;
	*ret = guest;
	memset(&guest, 0, sizeof(guest));
	return 0;
}

struct source *guest_source(const struct guest *guest)
{
	return guest->chosen ? guest->chosen : guest->disk;
}

int guest_refuse_second(const struct guest *guest, struct error **err)
{
	const struct vd_image *image = guest->image;

	return image->read_only ? 0 : holder_refuse(image->source, err);
}

static void warn_all(const struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++)
		msg(MSG_WARNING, "%s", findings->items[i].text);
}

void guest_warn(const struct guest *guest)
{
	for (const struct vd_image *i = guest->image; i; i = i->parent)
		warn_all(&i->findings);
	warn_all(&guest->findings);
}

void guest_close_image(struct guest *guest)
{
	source_close(&guest->chosen);
	source_close(&guest->disk);
	vd_image_close(&guest->image);
	for (unsigned int i = 0; i < guest->n_openers; i++) {
		file_opener_release(guest->openers[i]);
		free(guest->openers[i]);
	}
	guest->n_openers = 0;
}

void guest_close(struct guest *guest)
{
	guest_close_image(guest);
	partition_table_release(&guest->table);
	findings_release(&guest->findings);
}

void json_string(const char *text)
{
	putchar('"');
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

int finish_stdout(struct error **err)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return error_sys(err, errno ? errno : EIO, "write to stdout");
	return 0;
}
