// SPDX-License-Identifier: GPL-2.0-or-later
/* bootplan: what the kernel parameters mean for this boot, for init to read. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "applets/bootplan/ip.h"
#include "applets/bootplan/print.h"
#include "applets/bootplan/table/table.h"
#include "common/file.h"
#include "common/msg.h"

static int bootplan_help(void)
{
	puts("Usage: bootplan [show] [ROOT [ROOT-PATH]]\n"
	     "       bootplan ip VALUE\n"
	     "       bootplan lease FILE [SERVER]\n"
	     "       bootplan list\n"
	     "Prints what the kernel parameters mean for this boot, as shell assignments.\n\n"
	     "  [ROOT]   reads ROOT/etc/mkvinitrd/defaults and ROOT/proc/cmdline (default: /)\n"
	     "  [ROOT-PATH]  the root path of a DHCP lease, for root=dhcp and root=/dev/nfs\n"
	     "  show     prints the same in readable form\n"
	     "  ip       prints the fields of one ip=\n"
	     "  lease    prints a DHCP lease, and whether it reaches SERVER\n"
	     "  list     prints all known parameters: system, use, pattern, meaning\n"
	     "  -h, --help   -V, --version\n"
	     "Exit status: 0 success, 1 failure, 2 usage error");
	return 0;
}

/* The file's text, the caller's to free; *ret is NULL for a file that is not there. NUL bytes are
 * left out. */
static int read_input(const char *path, char **ret, struct error **err)
{
	size_t len, to = 0;
	char *text;
	int r = read_text(path, &text, &len);

	*ret = NULL;
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_sys(err, r, "cannot read '%s'", path);
	for (size_t i = 0; i < len; i++)
		if (text[i])
			text[to++] = text[i];
	text[to] = '\0';
	*ret = text;
	return 0;
}

static int read_below(const char *root, const char *path, char **ret, struct error **err)
{
	char name[4096];

	if (snprintf(name, sizeof(name), "%s/%s", root, path) >= (int)sizeof(name))
		return error_make(err, ENAMETOOLONG, "'%s' is too long", root);
	return read_input(name, ret, err);
}

/* What was printed arrived: half a plan is none. */
static int finish(struct plan *plan)
{
	struct error *err = NULL;
	const bool failed = plan_failed(plan);

	plan_release(plan);
	if (failed)
		error_no_memory(&err);
	else if (fflush(stdout) != 0 || ferror(stdout))
		error_sys(&err, errno ? errno : EIO, "cannot write the plan");
	return err ? msg_fail(err) : 0;
}

static int make_plan(const char *root, const char *root_path, bool for_people)
{
	_cleanup_free_ char *defaults = NULL, *cmdline = NULL;
	struct error *err = NULL;
	struct plan plan = { 0 };

	if (read_below(root, "etc/mkvinitrd/defaults", &defaults, &err) < 0 ||
	    read_below(root, "proc/cmdline", &cmdline, &err) < 0)
		return msg_fail(err);
	plan_read_lease(&plan, defaults, cmdline, root_path);
	if (for_people)
		print_for_people(&plan, stdout);
	else
		print_plan(&plan, stdout);
	return finish(&plan);
}

static int read_lease(const char *path, const char *server)
{
	_cleanup_free_ char *text = NULL;
	struct error *err = NULL;
	struct plan plan = { 0 };

	if (read_input(path, &text, &err) < 0)
		return msg_fail(err);
	lease_print(&plan, text ? text : "", server, stdout);
	return finish(&plan);
}

static int read_ip(const char *text)
{
	struct plan plan = { 0 };

	ip_print(&plan, text, stdout);
	return finish(&plan);
}

static int print_list(void)
{
	struct plan plan = { 0 };

	table_print();
	return finish(&plan);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	msg_init("bootplan", MSG_WARNING);
	if (strcmp(verb, "-h") == 0 || strcmp(verb, "--help") == 0)
		return bootplan_help();
	if (strcmp(verb, "-V") == 0 || strcmp(verb, "--version") == 0)
		return puts("bootplan " VERSION) == EOF;
	if (strcmp(verb, "show") == 0 && argc <= 4)
		return make_plan(argc > 2 ? argv[2] : "", argc > 3 ? argv[3] : NULL, true);
	if (strcmp(verb, "ip") == 0 && argc == 3)
		return read_ip(argv[2]);
	if (strcmp(verb, "lease") == 0 && (argc == 3 || argc == 4))
		return read_lease(argv[2], argc == 4 ? argv[3] : "");
	if (strcmp(verb, "list") == 0 && argc == 2)
		return print_list();
	if (argc > 3 || (*verb && *verb != '/' && *verb != '.'))
		return msg_usage("unknown option or command, or one without its argument: '%s'",
				 verb);
	return make_plan(verb, argc > 2 ? argv[2] : NULL, false);
}
