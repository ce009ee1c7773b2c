// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/unpackroot/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "applets/unpackroot/memplan.h"
#include "applets/unpackroot/progress.h"
#include "applets/unpackroot/stream/decode.h"
#include "applets/unpackroot/tree/extract.h"
#include "applets/unpackroot/tree/wipe.h"
#include "common/msg.h"

#define RAW_BLOCKS   4
#define PLAIN_BLOCKS 8
#define BLOCK_SIZE   (256 * KIB)

struct job {
	const struct unpack_options *options;
	int archive, parent; /* parent: the directory that names the archive, for unlinkat; or -1 */
	char *name;	     /* in parent */
	uint64_t file_size;  /* 0: a pipe */
	int newroot, outside; /* outside: the root directory before unpack_enter(), or -1 */
	struct blockq *raw, *plain;
	struct reader reader;
	struct memplan plan;
	const struct codec *codec;
	bool verdict; /* the reader's hash decides */
	struct error *decode_err;
	struct progress progress;
	struct extract extract;
	pthread_t read_thread, decode_thread;
};

static int open_parent(struct job *job, const char *path, struct error **err)
{
	_cleanup_free_ char *a = strdup(path), *b = strdup(path);

	if (!a || !b)
		return error_sys(err, ENOMEM, "cannot open '%s'", path);
	job->parent = open(dirname(a), O_PATH | O_DIRECTORY | O_CLOEXEC);
	job->name = strdup(basename(b));
	if (job->parent < 0 || !job->name)
		return error_sys(err, errno, "cannot open the directory of '%s'", path);
	return 0;
}

static int open_archive(struct job *job, struct error **err)
{
	const struct unpack_options *o = job->options;
	struct stat st;

	if (strcmp(o->archive, "-") == 0)
		job->archive = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		job->archive = open(o->archive, (o->consume ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (job->archive < 0 || fstat(job->archive, &st) < 0)
		return error_sys(err, errno, "cannot open '%s'", o->archive);
	if (S_ISREG(st.st_mode) && lseek(job->archive, 0, SEEK_CUR) == 0)
		job->file_size = (uint64_t)st.st_size;
	if (S_ISREG(st.st_mode) && st.st_size == 0)
		return error_make(err, ENODATA, "'%s' is empty", o->archive);
	job->extract.over = o->over;
	if (o->over && !job->file_size)
		return error_make(err, EINVAL, "--over needs a regular file, '%s' is not one",
				  o->archive);
	if (!o->consume)
		return 0;
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || strcmp(o->archive, "-") == 0)
		return error_make(err, EINVAL,
				  "--consume needs a regular file with one name, '%s' is not one",
				  o->archive);
	return open_parent(job, o->archive, err);
}

static int open_newroot(struct job *job, struct error **err)
{
	const char *path = job->options->newroot;
	int r;

	job->newroot = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (job->newroot < 0)
		return error_sys(err, errno, "cannot open the new root '%s'", path);
	if (job->options->over)
		return 0;
	r = dir_is_empty(job->newroot);
	if (r < 0)
		return error_sys(err, r, "cannot read '%s'", path);
	if (r == 0)
		return error_make(
			err, ENOTEMPTY,
			"'%s' is not empty: unpackroot fills an empty directory, so that a "
			"failure can leave none",
			path);
	return 0;
}

static int compare_digest(const struct unpack_options *o, const uint8_t *digest, struct error **err)
{
	char want[SHA256_HEX + 1], have[SHA256_HEX + 1];

	if (memcmp(o->sha256, digest, SHA256_SIZE) == 0)
		return 0;
	sha256_format(o->sha256, want);
	sha256_format(digest, have);
	return error_make(
		err, EBADMSG,
		"sha256 of '%s' is %s, expected %s: the archive is damaged or another one",
		o->archive, have, want);
}

/* What is consumed cannot be read again, so it has to be right before. */
static int verify_first(struct job *job, struct error **err)
{
	uint8_t digest[SHA256_SIZE];
	int r;

	if (!job->options->verify || !job->options->consume)
		return 0;
	r = reader_digest(job->archive, digest, err);
	return r < 0 ? r : compare_digest(job->options, digest, err);
}

static void *read_main(void *data)
{
	struct job *job = data;

	reader_run(&job->reader, RAW_BLOCKS);
	return NULL;
}

static void *decode_main(void *data)
{
	struct job *job = data;

	(void)!decode_stream(job->codec, &job->plan.limits, job->raw, job->plain, &job->decode_err);
	return NULL;
}

static int unpack_start_thread(pthread_t *thread, void *(*run)(void *), struct job *job,
			       struct error **err)
{
	sigset_t all, old;
	int r;

	/* signals go to the main thread */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(thread, NULL, run, job);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r ? error_sys(err, r, "cannot start a thread") : 0;
}

/* Looks at the first block: what is it, does it fit? */
static int plan(struct job *job, struct error **err)
{
	struct memplan_input input = { .fd = job->archive,
				       .file_size = job->file_size,
				       .newroot = job->newroot,
				       .consume = job->options->consume,
				       .threads = job->options->threads,
				       .many_threads = job->options->many_threads };
	struct block *head;
	const char *foreign;
	int r = blockq_full(job->raw, &head);

	if (r < 0)
		return error_move(err, steal_ptr(&job->reader.err));
	if (!head)
		return error_make(err, ENODATA, "'%s' is empty", job->options->archive);
	input.head = head->data;
	input.head_len = head->len;
	input.codec = job->codec = codec_find(head->data, head->len);
	foreign = job->codec == &codec_none ? codec_unsupported(head->data, head->len) : NULL;
	if (foreign)
		return error_make(err, EBADMSG,
				  "%s is compressed by %s, which is not supported: compress the "
				  "archive with zstd, xz, gzip or bzip2",
				  strcmp(job->options->archive, "-") ? job->options->archive
								     : "the archive",
				  foreign);
	return memplan_make(&input, &job->plan, err);
}

static void show_progress(void *data, uint64_t written)
{
	struct job *job = data;

	progress_update(&job->progress, atomic_load(&job->reader.done), written);
}

static int unpack_enter(struct job *job, struct error **err)
{
	job->outside = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (job->outside < 0)
		return error_sys(err, errno, "cannot open /");
	if (fchdir(job->newroot) < 0 || chroot(".") < 0)
		return error_sys(err, errno, "cannot chroot to '%s'", job->options->newroot);
	return 0;
}

static void leave(struct job *job)
{
	if (job->outside < 0)
		return;
	if (fchdir(job->outside) < 0 || chroot(".") < 0)
		msg(MSG_WARNING, "cannot leave the new root: %s", strerror(errno));
}

static int no_space(struct job *job, struct error **err)
{
	struct statvfs fs = { 0 };

	fstatvfs(job->newroot, &fs);
	return error_wrap(
		err,
		"the new root is full: %llu MiB unpacked, its %s has %llu MiB: add memory or "
		"raise vi.size",
		(unsigned long long)(job->extract.written / MIB),
		job->plan.in_ram ? "tmpfs" : "file system",
		(unsigned long long)((uint64_t)fs.f_blocks * fs.f_frsize / MIB));
}

/* Runs decoder and writer over a reader that is already at work, and waits for the decoder. */
static int decode_and_extract(struct job *job, struct error **err)
{
	int r = unpack_start_thread(&job->decode_thread, decode_main, job, err);

	if (r < 0)
		return r;
	job->extract.in = job->plain;
	job->extract.progress = show_progress;
	job->extract.progress_data = job;
	progress_begin(&job->progress, job->file_size, job->options->quiet);
	r = unpack_enter(job, err);
	if (r == 0)
		r = extract_run(&job->extract, err);
	leave(job);
	blockq_abandon(job->plain);
	pthread_join(job->decode_thread, NULL);
	progress_end(&job->progress);
	if (r == -ENOSPC || r == -EDQUOT)
		no_space(job, err);
	/* who failed first knows why */
	if (r < 0 && job->extract.in_code < 0 && job->decode_err)
		r = error_move(err, steal_ptr(&job->decode_err));
	return r;
}

/* The reader's story beats the others': a read error or a wrong hash explains what came of it. */
static int judge(struct job *job, int r, struct error **err)
{
	_cleanup_error_ struct error *mismatch = NULL;

	if (job->reader.err)
		return error_move(err, steal_ptr(&job->reader.err));
	if (!job->verdict || compare_digest(job->options, job->reader.digest, &mismatch) == 0)
		return r;
	if (r < 0)
		msg(MSG_DEBUG, "%s", err ? error_msg(*err) : "");
	return error_move(err, steal_ptr(&mismatch));
}

static int run_pipeline(struct job *job, struct error **err)
{
	int r = unpack_start_thread(&job->read_thread, read_main, job, err);

	if (r < 0)
		return r;
	r = plan(job, err);
	/* a cut off archive may as well be a wrong one: let the hash tell; one that does not fit is
	 * no such case */
	if (r < 0 && r != -EBADMSG)
		job->verdict = false;
	if (r == 0)
		r = decode_and_extract(job, err);
	if (r < 0 && !job->verdict)
		reader_stop(&job->reader);
	blockq_abandon(job->raw);
	pthread_join(job->read_thread, NULL);
	return judge(job, r, err);
}

static int prepare(struct job *job, struct error **err)
{
	int r = open_archive(job, err);

	if (r == 0)
		r = open_newroot(job, err);
	if (r == 0)
		r = verify_first(job, err);
	if (r < 0)
		return r;
	if (blockq_new(RAW_BLOCKS, BLOCK_SIZE, &job->raw) < 0 ||
	    blockq_new(PLAIN_BLOCKS, BLOCK_SIZE, &job->plain) < 0)
		return error_sys(err, ENOMEM, "buffers");
	job->reader.fd = job->archive;
	job->reader.out = job->raw;
	job->verdict = job->options->verify && !job->options->consume;
	job->reader.hash = job->verdict;
	job->reader.wake = eventfd(0, EFD_CLOEXEC);
	job->reader.consume = job->options->consume;
	return 0;
}

static int open_removed(struct job *job, struct error **err)
{
	const char *path = job->options->removed;

	if (!path)
		return 0;
	job->extract.removed = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	return job->extract.removed < 0 ? error_sys(err, errno, "cannot open '%s'", path) : 0;
}

/* No half of a root stays: init must not find one. */
static int undo(struct job *job, struct error **err)
{
	_cleanup_error_ struct error *wipe_err = NULL;
	int r = wipe_dir(job->newroot, &wipe_err);

	if (r < 0)
		return error_wrap(err, "'%s' holds the rest of a failed unpacking (%s)",
				  job->options->newroot, error_msg(wipe_err));
	return err && *err ? (*err)->code : -EIO;
}

static void job_release(struct job *job)
{
	blockq_free(&job->raw);
	blockq_free(&job->plain);
	error_release(&job->decode_err);
	error_release(&job->reader.err);
	closep(&job->reader.wake);
	closep(&job->archive);
	closep(&job->parent);
	closep(&job->newroot);
	closep(&job->outside);
	closep(&job->extract.removed);
	free(job->name);
}

static void fill_result(const struct job *job, struct unpack_result *ret)
{
	*ret = (struct unpack_result){
		.members = job->extract.members,
		.written = job->extract.written,
		.archive_bytes = atomic_load(&job->reader.done),
		.attrs_unsupported = job->extract.attrs.unsupported,
		.acl_unknown = job->extract.attrs.unknown,
		.container = job->extract.container,
	};
	memcpy(ret->first_unsupported, job->extract.attrs.first, sizeof(ret->first_unsupported));
}

/* check: nothing is written. */
static int one_pass(const struct unpack_options *options, bool check, struct opaque *opaque,
		    struct unpack_result *ret, struct error **err)
{
	struct job job = { .options = options,
			   .extract = { .check = check, .removed = -1, .opaque = opaque },
			   .archive = -1,
			   .parent = -1,
			   .newroot = -1,
			   .outside = -1,
			   .reader.wake = -1 };
	int r = prepare(&job, err);

	if (r == 0 && !check)
		r = open_removed(&job, err);
	if (r == 0) {
		r = run_pipeline(&job, err);
		if (r < 0 && !options->over)
			r = undo(&job, err);
	}
	if (r == 0 && options->consume && unlinkat(job.parent, job.name, 0) < 0)
		msg(MSG_WARNING, "cannot remove '%s': %s", options->archive, strerror(errno));
	if (r == 0)
		fill_result(&job, ret);
	job_release(&job);
	return r;
}

int unpack(const struct unpack_options *options, struct unpack_result *ret, struct error **err)
{
	struct opaque opaque = { .layer = options->layer };
	int r = options->over ? one_pass(options, true, &opaque, ret, err) : 0;

	if (r == 0)
		r = one_pass(options, false, &opaque, ret, err);
	opaque_release(&opaque);
	return r;
}
