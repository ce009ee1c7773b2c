// SPDX-License-Identifier: GPL-2.0-or-later
/* coldplug: modules for the hardware that is there and for what is plugged in later; modprobe when
 * called so. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "applets/coldplug/daemon.h"
#include "applets/coldplug/events.h"
#include "applets/coldplug/hardware.h"
#include "applets/lib/uevent.h"
#include "common/msg.h"

enum { OPTION_PIDFILE = 256, OPTION_STOP, OPTION_EVENTS };

struct arguments {
	const char *program;
	struct loader_paths paths;
	const char *pidfile, *events;
	bool modprobe, daemon, stop, quiet, verbose, dry_run, all, remove;
	char **names;
	int count;
};

static const struct option coldplug_options[] = {
	{ "daemon", no_argument, NULL, 'd' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "root", required_argument, NULL, 'S' },
	{ "kernel", required_argument, NULL, 'k' },
	{ "config", required_argument, NULL, 'C' },
	{ "pidfile", required_argument, NULL, OPTION_PIDFILE },
	{ "stop", no_argument, NULL, OPTION_STOP },
	{ "events", required_argument, NULL, OPTION_EVENTS },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

/* The subset of modprobe(8) that kernels, udev and boot scripts use. */
static const struct option modprobe_options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "show", no_argument, NULL, 'n' },
	{ "show-depends", no_argument, NULL, 'D' },
	{ "use-blacklist", no_argument, NULL, 'b' },
	{ "syslog", no_argument, NULL, 's' },
	{ "remove", no_argument, NULL, 'r' },
	{ "dirname", required_argument, NULL, 'd' },
	{ "set-version", required_argument, NULL, 'S' },
	{ "config", required_argument, NULL, 'C' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static int coldplug_help(const struct arguments *a)
{
	if (a->modprobe)
		puts("Usage: modprobe [-a] [-q] [-v] [-n] [-d ROOT] [-S KVER] [-C DIR] NAME "
		     "[PARAM=VALUE]...\n"
		     "Loads a module, by name or alias, with its dependencies.\n\n"
		     "  -a   all arguments are names    -q   do not report an unknown name\n"
		     "  -v   print what is loaded       -n   print it, load nothing\n"
		     "  -d   directory with lib/modules    -S   kernel version\n"
		     "  -C   directory with *.conf files   -h, --help   -V, --version\n"
		     "This is coldplug; it does not remove modules.");
	else
		puts("Usage: coldplug [OPTION]... [NAME]...\n"
		     "Loads the modules for the hardware of this machine. With NAMEs: loads these, "
		     "by\n"
		     "module name or alias.\n\n"
		     "  -d, --daemon        then stay in the background for newly plugged "
		     "hardware\n"
		     "      --pidfile=FILE  write the daemon's process ID to FILE\n"
		     "      --stop          terminate the daemon of --pidfile, and wait for it\n"
		     "      --events=N      for N seconds: a line for each change of disks, links, "
		     "addresses\n"
		     "  -q, --quiet         do not report an unknown NAME\n"
		     "  -v, --verbose       print the modules that are loaded\n"
		     "  -n, --dry-run       print them, load nothing\n"
		     "  -S, --root=DIR      read below DIR: lib/modules, sys, proc, "
		     "etc/modprobe.d\n"
		     "  -k, --kernel=KVER   use modules of this kernel\n"
		     "  -C, --config=DIR    read settings only from DIR/*.conf\n"
		     "  -h, --help          -V, --version\n"
		     "Exit status: 0 success, 1 failure or unknown NAME, 2 usage error");
	return 0;
}

/* Options that both programs have. */
static bool set_common(struct arguments *a, int option)
{
	switch (option) {
	case 'q':
		a->quiet = true;
		return true;
	case 'v':
		a->verbose = true;
		return true;
	case 'n':
		a->dry_run = true;
		return true;
	case 'C':
		a->paths.config_dir = optarg;
		return true;
	default:
		return false;
	}
}

static bool set_modprobe(struct arguments *a, int option)
{
	switch (option) {
	case 'a':
		a->all = true;
		return true;
	case 'D':
		a->dry_run = true;
		return true;
	case 'b':
	case 's':
		return true;
	case 'r':
		a->remove = true;
		return true;
	case 'd':
		a->paths.root = optarg;
		return true;
	case 'S':
		a->paths.kver = optarg;
		return true;
	default:
		return set_common(a, option);
	}
}

static bool set_coldplug(struct arguments *a, int option)
{
	switch (option) {
	case 'd':
		a->daemon = true;
		return true;
	case 'S':
		a->paths.root = optarg;
		return true;
	case 'k':
		a->paths.kver = optarg;
		return true;
	case OPTION_PIDFILE:
		a->pidfile = optarg;
		return true;
	case OPTION_STOP:
		a->stop = true;
		return true;
	case OPTION_EVENTS:
		a->events = optarg;
		return true;
	default:
		return set_common(a, option);
	}
}

/* Returns -1 to continue, or the exit status. */
static int coldplug_parse(struct arguments *a, int argc, char **argv)
{
	const char *letters = a->modprobe ? "+aqvnDbsrd:S:C:hV" : "dqvnS:k:C:hV";
	const struct option *options = a->modprobe ? modprobe_options : coldplug_options;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, letters, options, NULL)) >= 0) {
		if (option == 'h')
			return coldplug_help(a);
		if (option == 'V') {
			printf("%s " VERSION "\n", a->program);
			return 0;
		}
		if (!(a->modprobe ? set_modprobe(a, option) : set_coldplug(a, option)))
			return msg_usage("unknown option, or one without its argument: '%s'",
					 argv[optind - 1]);
	}
	a->names = argv + optind;
	a->count = argc - optind;
	if (a->remove)
		return msg_usage("removing modules is not supported");
	if (a->modprobe && !a->count)
		return msg_usage("which module?");
	if (a->daemon && (a->count || a->dry_run))
		return msg_usage("-d goes with neither NAMEs nor -n");
	if (a->stop && (!a->pidfile || a->daemon || a->count))
		return msg_usage("--stop goes with --pidfile alone");
	if (a->events && (a->stop || a->daemon || a->count || a->dry_run))
		return msg_usage("--events goes with --pidfile alone");
	return -1;
}

/* Returns 0 or 1: the exit status. */
static int load_name(const struct arguments *a, struct loader *l, const char *name,
		     const char *extra)
{
	_cleanup_error_ struct error *err = NULL;
	int r = loader_load(l, name, extra, &err);

	if (r == -ENOENT && !a->quiet)
		msg(MSG_ERROR, "no module or alias '%s' in '%s'", name, l->index.dir);
	else if (r < 0 && r != -ENOENT)
		msg(MSG_ERROR, "%s", error_msg(err));
	return r < 0;
}

/* "modprobe NAME PARAM=VALUE...": the parameters in one string, the caller's to free. */
static char *coldplug_join(char **words, int count)
{
	size_t room = 1;
	char *text, *to;

	for (int i = 0; i < count; i++)
		room += strlen(words[i]) + 1;
	text = to = malloc(room);
	if (!text)
		return NULL;
	*to = '\0';
	for (int i = 0; i < count; i++)
		to += sprintf(to, "%s%s", i ? " " : "", words[i]);
	return text;
}

static int load_names(const struct arguments *a, struct loader *l)
{
	int status = 0;

	if (a->modprobe && !a->all) {
		_cleanup_free_ char *extra = coldplug_join(a->names + 1, a->count - 1);

		return load_name(a, l, a->names[0], extra);
	}
	for (int i = 0; i < a->count; i++)
		status |= load_name(a, l, a->names[i], NULL);
	return status;
}

static int serve_hardware(const struct arguments *a, struct loader *l)
{
	struct hardware h = { .loader = l };
	_cleanup_close_ int uevents = -1;
	struct error *err = NULL;
	int status = 0;

	/* before the first look, so that nothing falls in between */
	if (a->daemon)
		uevents = uevent_open(&err);
	if (hardware_load_first(&h) < 0)
		status = 1;
	else if ((a->daemon && uevents < 0) || hardware_settle(&h, uevents, &err) < 0)
		status = msg_fail(err);
	else if (a->daemon)
		status = daemon_follow(&h, uevents, a->pidfile);
	else
		status = hardware_load_later(&h, MODULE_SPARE) < 0;
	hardware_free(&h);
	return status;
}

static int print_events(const struct arguments *a)
{
	struct error *err = NULL;
	char *end;
	unsigned long seconds = strtoul(a->events, &end, 10);

	if (*end || end == a->events || seconds > 86400)
		return msg_usage("--events: expected seconds, at most 86400, found '%s'",
				 a->events);
	return events_print((unsigned int)seconds, a->pidfile, &err) < 0 ? msg_fail(err) : 0;
}

/* Before it runs init the kernel asks for modules, most of them for its tests of ciphers, and waits
 * for each answer. */
static bool is_too_early(const struct arguments *a)
{
	return a->modprobe && a->quiet && !a->paths.root && access("/proc/self", F_OK) < 0;
}

int main(int argc, char **argv)
{
	struct arguments a = { .program = "coldplug" };
	const char *slash = strrchr(argv[0], '/');
	struct error *err = NULL;
	struct loader loader;
	int status;

	a.modprobe = strcmp(slash ? slash + 1 : argv[0], "modprobe") == 0;
	if (a.modprobe)
		a.program = "modprobe";
	msg_init(a.program, MSG_INFO);
	status = coldplug_parse(&a, argc, argv);
	if (status >= 0)
		return status;
	if (is_too_early(&a))
		return 1;
	if (a.stop)
		return daemon_stop(a.pidfile, &err) < 0 ? msg_fail(err) : 0;
	if (a.events)
		return print_events(&a);
	if (loader_open(&loader, &a.paths, &err) < 0)
		return msg_fail(err);
	loader.dry_run = a.dry_run;
	loader.verbose = a.verbose;
	status = a.count ? load_names(&a, &loader) : serve_hardware(&a, &loader);
	loader_close(&loader);
	return fflush(stdout) == 0 ? status : 1;
}
