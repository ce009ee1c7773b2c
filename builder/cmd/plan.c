// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builder/cmd/build.h"
#include "common/msg.h"

static int fail(struct error *err, int status)
{
	msg(MSG_ERROR, "%s", error_msg(err));
	return status;
}

static void print_notes(const struct plan *plan)
{
	const char *note;

	vec_foreach(i, note, &plan->notes)
		msg(MSG_WARNING, "%s", note);
	vec_foreach(i, note, &plan->details)
		msg(MSG_DEBUG, "%s", note);
}

/* Problems of the plan that belong to lines of the profile. */
static int cmd_plan_report(struct job *job, struct diag *diag, bool quiet)
{
	size_t errors = diag->errors;

	if (errors || !quiet)
		diag_print(diag, stderr);
	if (!errors) {
		print_notes(&job->plan);
		return STATUS_OK;
	}
	msg(MSG_ERROR, "the profile cannot be built for kernel %s: %zu error%s", job->host.kver,
	    errors, errors == 1 ? "" : "s");
	return STATUS_PROFILE;
}

int job_prepare(struct job *job, const struct options *options)
{
	_cleanup_error_ struct error *err = NULL;
	struct diag diag = { 0 };
	int status;

	if (host_init_paths(&job->host, &err) < 0)
		return fail(err, STATUS_FAILED);
	/* the profile first: its errors are reported whatever the machine lacks */
	status = load_profile(options, &job->host, &job->profile);
	if (status != STATUS_OK)
		return status;
	if (host_find_kernel(&job->host, options->sysroot, options->kver, &err) < 0)
		return fail(err, STATUS_FAILED);
	if (plan_make(&job->plan, &job->profile, &job->host, &diag, &err) < 0)
		status = fail(err, STATUS_FAILED);
	else
		status = cmd_plan_report(job, &diag, options->quiet);
	diag_release(&diag);
	return status;
}

void job_release(struct job *job)
{
	plan_release(&job->plan);
	profile_release(&job->profile);
	host_release(&job->host);
}

/* `-o FILE`; contents that a list cannot hold go into the directory FILE.d. */
static int print_to_file(const struct plan *plan, const struct options *options, struct error **err)
{
	_cleanup_free_ char *spill = NULL;
	FILE *file = fopen(options->output, "we");
	int r;

	if (!file)
		return error_sys(err, errno, "cannot write '%s'", options->output);
	if (asprintf(&spill, "%s.d", options->output) < 0)
		spill = NULL;
	r = plan_print(plan, options->format, spill, file, err);
	if ((fclose(file) != 0 || !spill) && r == 0)
		r = error_sys(err, errno ? errno : ENOMEM, "cannot write '%s'", options->output);
	return r;
}

static int print_plan(const struct plan *plan, const struct options *options, struct error **err)
{
	if (options->output && strcmp(options->output, "-") != 0)
		return print_to_file(plan, options, err);
	if (options->format == PLAN_LIST && !options->quiet)
		msg(MSG_WARNING, "the contents that mkvinitrd makes itself are named 'spill/N' "
				 "in this list; "
				 "with -o FILE they are written to FILE.d");
	return plan_print(plan, options->format, NULL, stdout, err);
}

int cmd_plan(const struct options *options)
{
	_cleanup_error_ struct error *err = NULL;
	struct job job = { 0 };
	int status = job_prepare(&job, options);

	if (status == STATUS_OK && print_plan(&job.plan, options, &err) < 0)
		status = fail(err, STATUS_FAILED);
	job_release(&job);
	return status;
}
