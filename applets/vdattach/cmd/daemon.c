// SPDX-License-Identifier: GPL-2.0-or-later
/* The daemon's command line: made by attach, carried out by the program that it executes. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "applets/lib/mountutil.h"
#include "applets/vdattach/cmd/cmd.h"
#include "applets/vdattach/cmd/remote.h"
#include "applets/vdattach/daemon/daemon.h"
#include "applets/vdattach/export/export.h"
#include "applets/vdattach/source/recovery.h"
#include "common/msg.h"

#define WORDS_MAX (36u + 2 * SNAPSHOTS_MAX + 2 * DIRECTORIES_MAX)

/* A command line. Words are owned. */
struct words {
	char *items[WORDS_MAX + 1];
	size_t n;
	int r; /* of the first that failed */
};

static void words_release(struct words *words)
{
	while (words->n > 0)
		free(words->items[--words->n]);
}

/* Takes word; NULL: no memory. */
static void add_owned(struct words *words, char *word)
{
	if (words->n == WORDS_MAX || !word) {
		words->r = words->r ? words->r : -(word ? E2BIG : ENOMEM);
		free(word);
		return;
	}
	words->items[words->n++] = word;
}

static void daemon_add(struct words *words, const char *option, const char *value)
{
	if (!value)
		return;
	if (*option)
		add_owned(words, strdup(option));
	add_owned(words, strdup(value));
}

/* A path, as it is seen from anywhere. */
static void add_path(struct words *words, const char *option, const char *path)
{
	char *real;

	if (!path)
		return;
	real = realpath(path, NULL);
	if (!real) {
		words->r = words->r ? words->r : -errno;
		return;
	}
	if (*option)
		add_owned(words, strdup(option));
	add_owned(words, real);
}

static void daemon_add_directory(struct words *words, const char *path)
{
	_cleanup_free_ char *real = realpath(path, NULL);
	char *slash = real ? strrchr(real, '/') : NULL;

	if (!slash) {
		words->r = words->r ? words->r : -errno;
		return;
	}
	slash[slash == real] = '\0';
	for (size_t i = 1; i < words->n; i++) {
		if (strcmp(words->items[i], real) == 0 &&
		    strcmp(words->items[i - 1], "--directory") == 0)
			return;
	}
	daemon_add(words, "--directory", real);
}

static void daemon_add_directories(struct words *words, const struct options *options,
				   const struct open_disk *disk)
{
	daemon_add_directory(words, options->operand);
	for (unsigned int i = 0; i < options->n_snapshots; i++)
		daemon_add_directory(words, options->snapshots[i]);
	for (unsigned int i = 0; i < disk->n_resolvers; i++) {
		for (size_t k = 0; k < disk->resolvers[i]->n_opened; k++)
			daemon_add_directory(words, disk->resolvers[i]->opened[k]);
	}
}

/* The daemon has no resolver, and must not take another file for this one. */
static void daemon_add_url(struct words *words, const struct options *options,
			   const struct open_disk *disk)
{
	_cleanup_free_ char *resolve = NULL, *patience = NULL;
	struct url_request request = { .urls = options->operand, .proxy = options->url.proxy };
	int r = source_url_resolve(&request, &resolve, NULL);

	if (r < 0 || asprintf(&patience, "%u", options->patience) < 0) {
		words->r = words->r ? words->r : r < 0 ? r : -ENOMEM;
		return;
	}
	daemon_add(words, "--proxy", options->url.proxy);
	daemon_add(words, "--resolve", *resolve ? resolve : NULL);
	daemon_add(words, "--identity", source_url_identity(disk->image->source));
	daemon_add(words, "--patience", patience);
	add_path(words, "--http-dir", options->http_dir);
	add_path(words, "--cache", options->url.cache);
	if (options->url.everything)
		daemon_add(words, "", "--prefetch");
	daemon_add(words, "--trace", options->url.trace);
	if (options->url.trace)
		daemon_add_directory(words, options->url.trace);
	add_path(words, "--cacert", options->url.authority);
	add_path(words, "--directory", options->http_dir);
	if (options->url.cache)
		daemon_add_directory(words, options->url.cache);
	if (options->url.authority)
		daemon_add_directory(words, options->url.authority);
}

static void make_words(const struct options *options, const struct open_disk *disk,
		       const struct vd_export *ex, struct words *words)
{
	daemon_add(words, "", "@vdattach");
	daemon_add(words, "-e", ex->ops->name);
	daemon_add(words, "-f", options->format);
	if (disk->image->read_only)
		daemon_add(words, "", "-r");
	if (options->sector_size)
		daemon_add(words, "-b", options->sector_size == 512 ? "512" : "4096");
	if (!ex->partscan)
		daemon_add(words, "-p", options->partition);
	add_path(words, "--parents", options->parents);
	for (unsigned int i = 0; i < options->n_snapshots; i++)
		add_path(words, "-S", options->snapshots[i]);
	if (source_is_url(options->operand))
		daemon_add_url(words, options, disk);
	else
		daemon_add_directories(words, options, disk);
	daemon_add(words, "", "--");
	if (source_is_url(options->operand))
		daemon_add(words, "", options->operand);
	else
		add_path(words, "", options->operand);
}

int launch_daemon(struct vd_export *ex, char **ret_devpath, struct error **err)
{
	const struct launch *launch = ex->arg;
	_cleanup_(words_release) struct words words = { .n = 0 };
	struct daemon_state *wishes;
	int r;

	if (!launch->disk->image)
		return error_make(err, EBUSY, "attach it again");
	make_words(launch->options, launch->disk, ex, &words);
	if (words.r < 0)
		return error_sys(err, words.r, "cannot start a daemon for '%s'",
				 launch->options->operand);
	wishes = calloc(1, sizeof(*wishes));
	if (!wishes)
		return error_sys(err, ENOMEM, "cannot start a daemon");
	wishes->size = ex->size;
	wishes->sector_size = ex->sector_size;
	wishes->partscan = ex->partscan;
	wishes->read_only = launch->disk->view->read_only;
	wishes->discard = !wishes->read_only && launch->disk->view->ops->discard;
	wishes->kernel_fd = -1;
	snprintf(wishes->exporter, sizeof(wishes->exporter), "%s", ex->ops->name);
	/* of an address without its password */
	snprintf(wishes->image, sizeof(wishes->image), "%s",
		 source_is_url(launch->options->operand) ? launch->disk->image->source->name
							 : words.items[words.n - 1]);
	/* the daemon opens it anew, and locks it */
	disk_close_image(launch->disk);
	ex->image = NULL;
	r = daemon_launch(wishes, words.items, &ex->others_may, ret_devpath, err);
	free(wishes);
	return r;
}

struct daemon_image {
	const struct options *options;
	struct open_disk disk;
	struct recovery recovery;
};

static int open_image(struct daemon_job *job, struct backend *ret, struct error **err)
{
	struct daemon_image *image = job->arg;
	const struct options *options = image->options;
	int r = options->parents ? make_dirs(options->parents, 0755, err) : 0;

	if (r == 0)
		r = recovery_init(&image->recovery, job->state->recovery_fd, err);
	if (r == 0)
		r = disk_open(options, options->read_only, &image->disk, err);
	if (r == 0)
		r = disk_choose(options, &image->disk, err);
	if (r == 0 && disk_source(&image->disk)->size != job->state->size)
		r = error_make(err, ESTALE, "%s: its size has changed", options->operand);
	if (r < 0)
		return r;
	backend_init(ret, image->disk.image, disk_source(&image->disk));
	return 0;
}

static int close_image(struct daemon_job *job, struct backend *backend, struct error **err)
{
	struct daemon_image *image = job->arg;
	int r = backend->disk->read_only ? 0 : source_flush(backend->disk, err);

	backend_release(backend);
	disk_close(&image->disk);
	return r;
}

int cmd_daemon(const struct options *given, struct error **err)
{
	struct options options = *given;
	struct daemon_image image = { .options = &options };
	struct daemon_job job = {
		.argv = given->argv,
		.directories = given->directories,
		.n_directories = given->n_directories,
		.open = open_image,
		.close = close_image,
		.arg = &image,
	};
	int r = daemon_state_map(&job.state, err);

	if (r < 0)
		return r;
	job.ops = vd_export_server(job.state->exporter);
	if (!job.ops)
		return error_make(err, EINVAL, "exporter '%s' has no daemon", job.state->exporter);
	if (job.ops == &vd_server_remote) {
		job.open = remote_open;
		job.close = remote_close;
	}
	options.url.serves = true;
	options.lock = true;
	options.recovery = &image.recovery;
	r = supervisor_run(&job, err);
	/* attach has the message, or the kernel's log */
	error_release(err);
	return r < 0 ? 1 : 0;
}
