/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs of vdattach, and what they share. Part of main: only these print. */
#ifndef APPLETS_VDATTACH_CMD_CMD_H
#define APPLETS_VDATTACH_CMD_CMD_H

#include "applets/vdattach/image/image.h"
#include "applets/vdattach/image/open.h"
#include "applets/vdattach/partition/partition.h"
#include "applets/vdattach/source/url.h"

#define SNAPSHOTS_MAX	16u
#define DIRECTORIES_MAX 64u

/* The command line. Strings belong to argv. */
struct options {
	const char *operand;   /* IMAGE or DEVICE */
	char *const *operands; /* that one and what follows; for programs */
	const char *format, *exporter, *partition, *output, *socket, *state, *links;
	const char
		*parents; /* directory below which the image's other files may be; NULL = its own */
	const char *snapshots[SNAPSHOTS_MAX]; /* each continues the one before, the first IMAGE */
	unsigned int n_snapshots;
	struct recovery *recovery; /* what a killed worker has left, and this one will; or NULL */
	uint32_t sector_size;	   /* of the partition table; 0 = find out */
	uint32_t patience;	   /* seconds without server after which requests fail; 0 = never */
	struct url_request url;	   /* how an image on a web server is read; urls is not set */
	char *proxy;		   /* as it was given; url has it to keep */
	const char *http_dir;	   /* of the files that url names; NULL: there are none */
	bool read_only, json, once, if_attached;
	bool lock;	   /* the image's files against other programs that write them */
	char *const *argv; /* of the program */
	/* canonical directories that the daemon's sandbox is to have */
	const char *directories[DIRECTORIES_MAX];
	unsigned int n_directories;
};

/* Proves that nobody has the device open: open(2) with O_EXCL, tried for 5 s. -EBUSY names
 * who has it. */
int cmd_free(const struct options *options, struct error **err) _must_check_;

/* Takes a volume of LVM or LUKS (by its device-mapper uuid) away, and its nodes. -EBUSY while it is
 * open, -ENODEV: another kind of device. */
int cmd_unmap(const struct options *options, struct error **err) _must_check_;

/*
 * Starts a process that writes the names of the regular files that are opened on the file system of
 * the directory, relative to it, a line each and each once, to options->output.
 */
int cmd_trace(const struct options *options, struct error **err) _must_check_;

/* Each returns the exit status, or -errno with *err set. */
int cmd_attach(const struct options *options, struct error **err) _must_check_;
int cmd_cat(const struct options *options, struct error **err) _must_check_;
int cmd_daemon(const struct options *options, struct error **err) _must_check_;
int cmd_check(const struct options *options, struct error **err) _must_check_;
int cmd_detach(const struct options *options, struct error **err) _must_check_;
int cmd_info(const struct options *options, struct error **err) _must_check_;
int cmd_list(const struct options *options, struct error **err) _must_check_;
int cmd_map(const struct options *options, struct error **err) _must_check_;
int cmd_serve(const struct options *options, struct error **err) _must_check_;

/* Sends the machine to sleep, or runs a program (operands, by its path) that does, while only those
 * run who serve disks. The exit status of the program. */
int cmd_suspend(const struct options *options, struct error **err) _must_check_;

/* An opened image and its partitions. All zero = closed. */
struct open_disk {
	struct vd_image *image;
	struct file_resolver *resolvers[SNAPSHOTS_MAX + 1]; /* for its other files; owned */
	unsigned int n_resolvers;
	struct source *view; /* the bytes that a user of the disk sees */
	struct partition_table table;
	struct findings findings;	   /* of the partition table */
	const struct partition *partition; /* chosen by -p, or NULL = whole disk */
	struct source *chosen;		   /* window on it; NULL = view */
};

/*
 * Opens options->operand and reads its partition table. read_only false: falls
 * back to reading, with a message, where the file system or the file's
 * permissions forbid writing. Findings are kept, not printed.
 */
int disk_open(const struct options *options, bool read_only, struct open_disk *ret,
	      struct error **err) _must_check_;

/* disk_open and -p: partition and chosen are set. */
int disk_open_chosen(const struct options *options, bool read_only, struct open_disk *ret,
		     struct error **err) _must_check_;

/* Sets partition and chosen by -p. 0 or -errno. */
int disk_choose(const struct options *options, struct open_disk *disk,
		struct error **err) _must_check_;

/* Closes the image, but keeps what is known of its partitions. */
void disk_close_image(struct open_disk *disk);

/*
 * Two writable devices over one file would each have a cache of their own: the
 * second is refused with -EBUSY. Disks that are only read always pass.
 */
int disk_refuse_second(const struct open_disk *disk, struct error **err) _must_check_;

/* What cat and serve work on: the chosen partition or the disk. */
struct source *disk_source(const struct open_disk *disk);

/*
 * Starts the daemon that serves disk's image (which is closed) with ex->ops, and with the
 * partition alone if ex->size is not 0. For vd_export.launch; ex->arg is a struct launch.
 */
struct launch {
	const struct options *options;
	struct open_disk *disk;
};
struct vd_export;
int launch_daemon(struct vd_export *ex, char **ret_devpath, struct error **err) _must_check_;

/* Opens the image of options->operand on a web server, by options->url. 0 or -errno. */
int url_open(const struct options *options, struct source **ret, struct error **err) _must_check_;

/*
 * Sets what options->url says by the files in options->http_dir: ca.pem, the certificates; first,
 * what is fetched first; cache, unless there is another. The strings live as long as the process. 0
 * or -ENOMEM.
 */
int url_prepare(struct options *options, struct error **err) _must_check_;

/* Prints the findings of image and table as warnings. */
void disk_warn(const struct open_disk *disk);

void disk_close(struct open_disk *disk);

#define _cleanup_disk_ _cleanup_(disk_close)

/* Until nobody has the block device open, for so many seconds. 0, -EBUSY or -errno. */
int wait_until_free(const char *device, unsigned int seconds) _nonnull_(1);

/* Flushes stdout. 0, or -errno when something could not be written (disk full, closed pipe). */
int finish_stdout(struct error **err) _must_check_;

#endif
