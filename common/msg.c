// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/msg.h"
#include "common/print.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct {
	const char *program;
	enum msg_level level;
	int kmsg; /* fd, or -1 outside an initramfs */
} state = { "mkvinitrd", MSG_INFO, -1 };

void msg_init(const char *program, enum msg_level level)
{
	state.program = program;
	state.level = level;
	if (state.kmsg < 0 && access("/etc/initrd-release", F_OK) == 0)
		state.kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
}

void msg_to_kmsg(void)
{
	int kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC),
	    null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (state.kmsg < 0)
		state.kmsg = kmsg;
	else
		closep(&kmsg);
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
}

static void _printf_(2, 0) print_line(enum msg_level level, const char *fmt, va_list ap)
{
	static const char *const prefix[] = { "", "warning: ", "", "" };
	static const int kernel_level[] = { 3, 4, 6, 7 };
	char brief[1024], line[1200], safe[1100];
	_cleanup_free_ char *text = NULL;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(brief, sizeof(brief), fmt, ap);
	if (n >= (int)sizeof(brief) && vasprintf(&text, fmt, again) < 0)
		text = NULL;
	va_end(again);
	fprintf(stderr, "%s: %s", state.program, prefix[level]);
	print_text(stderr, text ? text : brief);
	fputc('\n', stderr);
	if (state.kmsg < 0)
		return;
	print_to_buffer(safe, sizeof(safe), brief);
	n = snprintf(line, sizeof(line), "<%d>%s: %s%s\n", kernel_level[level], state.program,
		     prefix[level], safe);
	if (write(state.kmsg, line, (size_t)MIN(n, (int)sizeof(line) - 1)) < 0)
		state.kmsg = -1;
}

void msg(enum msg_level level, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	if (level > state.level)
		return;
	va_start(ap, fmt);
	print_line(level, fmt, ap);
	va_end(ap);
	errno = saved;
}

int msg_fail(struct error *err)
{
	msg(MSG_ERROR, "%s", error_msg(err));
	error_release(&err);
	return 1;
}

int msg_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print_line(MSG_ERROR, fmt, ap);
	va_end(ap);
	fprintf(stderr, "Try '%s --help'.\n", state.program);
	return 2;
}
