// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/cmd/build.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "builder/image/image.h"
#include "builder/profile/value.h"
#include "builder/util/progress.h"
#include "builder/write/assemble.h"
#include "common/msg.h"

static void on_progress(void *context, uint64_t done)
{
	progress_update(context, done);
}

/* Source: https://reproducible-builds.org/specs/source-date-epoch/ ; the header of a member has 32
 * bits. */
static int read_epoch(uint32_t *ret, struct error **err)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	uint64_t seconds;

	*ret = 0;
	if (!text || !*text)
		return 0;
	if (!parse_number(text, UINT32_MAX, &seconds))
		return error_make(err, EINVAL,
				  "SOURCE_DATE_EPOCH is '%s'; expected seconds from 0 to %" PRIu32,
				  text, UINT32_MAX);
	*ret = (uint32_t)seconds;
	return 0;
}

static char *output_name(const struct options *options, const struct plan *plan)
{
	char *name;

	if (options->output)
		return strdup(options->output);
	return asprintf(&name, "initramfs-%s-%s.img", plan->kver, plan->profile) < 0 ? NULL : name;
}

/* The rules of `mkvinitrd check` on what was written, before it replaces anything. */
static int check_output(struct output *out, const char *name, const struct host *host,
			struct error **err)
{
	const uint8_t *image;
	size_t len;
	int r = output_fd(out, err); /* from here on all of it is in the file */

	if (r >= 0)
		r = image_map(output_temp_path(out), &image, &len, err);
	if (r < 0)
		return r;
	r = check_image(image, len, name, host, err);
	image_unmap(image, len);
	return r;
}

static void print_segments(const struct assemble_stats *stats)
{
	for (size_t i = 0; i < stats->count; i++) {
		const struct segment_stats *s = &stats->segments[i];

		msg(MSG_DEBUG,
		    "segment %s: %" PRIu64 " members, %" PRIu64 " bytes, %s to %" PRIu64 " bytes%s",
		    s->name, s->members, s->bytes, s->compressor, s->packed,
		    s->cached ? ", from the cache" : "");
	}
}

static void print_summary(const char *name, const struct plan *plan, uint64_t size,
			  uint64_t milliseconds)
{
	uint64_t hundredths = size * 100 / MIB;

	msg(MSG_INFO,
	    "%s: %" PRIu64 ".%02" PRIu64 " MiB, %" PRIu64 " members, %" PRIu64
	    " MiB unpacked, %" PRIu64 ".%02" PRIu64 " s",
	    strcmp(name, "-") == 0 ? "standard output" : name, hundredths / 100, hundredths % 100,
	    plan->members + 1, (uint64_t)((plan->bytes + MIB - 1) / MIB), milliseconds / 1000,
	    milliseconds % 1000 / 10);
}

static int write_image(struct job *job, const struct options *options, struct output *out,
		       struct assemble_stats *stats, struct error **err)
{
	struct progress progress;
	struct assemble_options how = { .jobs = options->jobs,
					.cache_dir = job->host.cache_dir,
					.progress = on_progress,
					.context = &progress };
	int r = read_epoch(&how.mtime, err);

	if (r < 0)
		return r;
	progress_begin(&progress, job->plan.bytes, options->quiet);
	r = assemble(&job->plan, &how, out, stats, err);
	progress_end(&progress);
	return r;
}

static int cmd_build_build(struct job *job, const struct options *options, const char *name,
			   uint64_t started, struct error **err)
{
	struct assemble_stats stats;
	struct output *out = NULL;
	int r = output_open(name, &out, err);

	if (r == 0 && job->plan.secret)
		output_keep_secret(out);
	if (r == 0)
		r = write_image(job, options, out, &stats, err);
	if (r == 0)
		r = check_output(out, name, &job->host, err);
	if (r == 0)
		r = output_commit(out, err);
	if (r == 0) {
		print_segments(&stats);
		print_summary(name, &job->plan, output_offset(out), progress_clock() - started);
	}
	output_close(out);
	return r;
}

int cmd_build(const struct options *options)
{
	_cleanup_error_ struct error *err = NULL;
	_cleanup_free_ char *name = NULL;
	uint64_t started = progress_clock();
	struct job job = { 0 };
	int status = job_prepare(&job, options);

	if (status == STATUS_OK) {
		name = output_name(options, &job.plan);
		if (!name || cmd_build_build(&job, options, name, started, &err) < 0) {
			msg(MSG_ERROR, "%s", error_msg(err));
			status = STATUS_FAILED;
		}
	}
	job_release(&job);
	return status;
}
