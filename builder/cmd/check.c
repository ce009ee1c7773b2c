// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/check/check.h"
#include "builder/cmd/command.h"
#include "builder/host/kernel.h"
#include "builder/image/kernel-config.h"
#include "builder/image/source.h"
#include "common/msg.h"

/* "rule at offset 0x..: text" */
static void format_finding(const struct check_finding *finding, char *text, size_t size)
{
	const char *what = finding->text ? finding->text : "out of memory";

	if (finding->offset == CHECK_NO_OFFSET)
		snprintf(text, size, "%s: %s", finding->rule, what);
	else
		snprintf(text, size, "%s at offset 0x%" PRIx64 ": %s", finding->rule,
			 finding->offset, what);
}

int check_image(const uint8_t *image, size_t len, const char *name, const struct host *host,
		struct error **err)
{
	struct check_report report = { 0 };
	const struct check_finding *finding;
	char text[512];
	int r = check_run(image, len, name, host, &report, err);

	vec_foreach(i, finding, &report.findings) {
		format_finding(finding, text, sizeof(text));
		/* the last one is the error that the caller prints */
		if (i + 1 < report.findings.len)
			msg(MSG_ERROR, "%s: %s", name, text);
		else
			r = error_make(err, EINVAL, "%s: %s", name, text);
	}
	check_report_release(&report);
	return r;
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* A kernel image knows its version, and its configuration lies inside or beside it. */
static int read_kernel_image(struct host *host, const char *path, struct error **err)
{
	int r = kernel_image_version(path, &host->kver, err);

	if (r < 0)
		return r;
	if (kernel_image_config(path, &host->kernel_config, NULL) < 0)
		host->kernel_config = kernel_image_config_beside(path, host->kver);
	return 0;
}

/* Facts of the kernel named by -k, a version or a kernel image; what cannot be found stays NULL. */
static int find_kernel(struct host *host, const char *sysroot, const char *kernel,
		       struct error **err)
{
	bool image = is_file(kernel);
	int r = 0;

	if (!image && strchr(kernel, '/'))
		return error_make(err, ENOENT, "no kernel image at '%s'", kernel);
	host->sysroot = realpath(sysroot ? sysroot : "/", NULL);
	if (!host->sysroot)
		return error_sys(err, errno, "cannot use '%s' as the system root (-r)", sysroot);
	if (strcmp(host->sysroot, "/") == 0)
		*host->sysroot = '\0';
	if (image)
		r = read_kernel_image(host, kernel, err);
	else if (!(host->kver = strdup(kernel)))
		r = error_no_memory(err);
	if (r == 0 && !host->kernel_config)
		host_read_kernel_config(host);
	return r;
}

static void print_report(const char *path, const struct check_report *report, bool quiet)
{
	const struct check_finding *finding;
	const char *note;
	char text[512];

	vec_foreach(i, note, &report->notes)
		msg(MSG_WARNING, "%s: %s", path, note);
	vec_foreach(i, finding, &report->findings) {
		format_finding(finding, text, sizeof(text));
		printf("%s: %s\n", path, text);
	}
	if (report->findings.len || quiet)
		return;
	printf("%s: ok (%u segment%s, %" PRIu64 " members, %" PRIu64 ".%u MiB unpacked)\n", path,
	       report->segments, report->segments == 1 ? "" : "s", report->members,
	       report->unpacked >> 20, (unsigned)((report->unpacked & 0xfffff) * 10 >> 20));
}

/* What holds its kernel is judged for that one, unless another is named. */
static int check_path(const char *path, struct host *host, bool quiet, bool *ret_broken,
		      struct error **err)
{
	struct check_report report = { 0 };
	struct image_source source;
	int r = image_source_open(path, &source, err);

	if (r < 0)
		return r;
	if (source.in_kernel && !host->kver)
		r = read_kernel_image(host, path, err);
	if (r >= 0)
		r = check_run(source.data, source.len, path, host, &report, err);
	if (r >= 0)
		print_report(path, &report, quiet);
	*ret_broken |= report.findings.len > 0;
	check_report_release(&report);
	image_source_close(&source);
	return r;
}

int cmd_check(const struct options *options)
{
	_cleanup_error_ struct error *err = NULL;
	struct host host = { 0 };
	bool broken = false;
	int r = 0;

	if (options->kver)
		r = find_kernel(&host, options->sysroot, options->kver, &err);
	else if (options->sysroot)
		r = host_find_kernel(&host, options->sysroot, NULL, &err);
	for (int i = 0; r >= 0 && i < options->argc; i++)
		r = check_path(options->argv[i], &host, options->quiet, &broken, &err);
	if (r < 0)
		msg(MSG_ERROR, "check: %s", error_msg(err));
	host_release(&host);
	return r < 0 || broken ? STATUS_FAILED : STATUS_OK;
}
