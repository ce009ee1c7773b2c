// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/exitrd/asked.h"

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/file.h"
#include "common/macro.h"

/* struct cn_msg (linux/connector.h) without its open end, which clang wants at the end of all */
struct message {
	struct cb_id id;
	uint32_t sequence, acknowledged;
	uint16_t length, flags;
};

int asked_open(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		close_fd(&fd);
	return fd;
}

void asked_listen(int fd, bool on)
{
	struct {
		struct nlmsghdr header;
		struct message message;
		enum proc_cn_mcast_op op;
	} __attribute__((packed, aligned(NLMSG_ALIGNTO))) request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = NLMSG_DONE },
		.message = { .id = { CN_IDX_PROC, CN_VAL_PROC },
			     .length = sizeof(enum proc_cn_mcast_op) },
		.op = on ? PROC_CN_MCAST_LISTEN : PROC_CN_MCAST_IGNORE,
	};

	if (fd >= 0)
		(void)!send(fd, &request, sizeof(request), 0);
}

static enum asked asked_word(const char *word)
{
	if (strcmp(word, "reboot") == 0 || strcmp(word, "kexec") == 0)
		return ASKED_REBOOT;
	if (strcmp(word, "poweroff") == 0 || strcmp(word, "halt") == 0)
		return ASKED_POWEROFF;
	return ASKED_NOTHING;
}

static enum asked asked_runlevel(const char *word)
{
	if (strcmp(word, "6") == 0)
		return ASKED_REBOOT;
	return strcmp(word, "0") == 0 ? ASKED_POWEROFF : ASKED_NOTHING;
}

/* shutdown, as that of systemd, sysvinit and OpenRC: -r and --reboot; -c and -k do nothing */
static enum asked asked_shutdown(const char *at, const char *end)
{
	enum asked asked = ASKED_POWEROFF;

	for (; at < end; at += strlen(at) + 1) {
		if (strcmp(at, "-c") == 0 || strcmp(at, "-k") == 0)
			return ASKED_NOTHING;
		if (strcmp(at, "-r") == 0 || strcmp(at, "--reboot") == 0)
			asked = ASKED_REBOOT;
	}
	return asked;
}

/* The first argument that is no option; "" without. */
static const char *first_word(const char *at, const char *end)
{
	while (at < end && *at == '-')
		at += strlen(at) + 1;
	return at < end ? at : "";
}

enum asked asked_by(const char *command_line, size_t size)
{
	static const char *const with_word[] = { "systemctl", "busybox", "systemd-shutdown" };
	const char *name = command_line, *end = command_line + size, *at;

	if (size == 0 || end[-1] != '\0')
		return ASKED_NOTHING;
	at = name + strlen(name) + 1;
	if (strrchr(name, '/'))
		name = strrchr(name, '/') + 1;
	if (strcmp(name, "shutdown") == 0 || strcmp(name, "openrc-shutdown") == 0)
		return asked_shutdown(at, end);
	if (strcmp(name, "init") == 0 || strcmp(name, "telinit") == 0)
		return asked_runlevel(first_word(at, end));
	for (size_t i = 0; i < ARRAY_SIZE(with_word); i++)
		if (strcmp(name, with_word[i]) == 0)
			return asked_word(first_word(at, end));
	return asked_word(name);
}

/*
 * The command line is memory of the process, which may be locked while the kernel waits for what is
 * gone; its short name is not, and leaves few whose command line is looked at.
 */
static enum asked asked_by_process(int proc, int pid)
{
	static const char *const names[] = {
		"poweroff", "halt",    "reboot",	  "shutdown",	     "systemctl", "busybox",
		"init",	    "telinit", "systemd-shutdow", "openrc-shutdown", "exe", /* of busybox */
	};
	char path[32], text[512];
	ssize_t n;

	snprintf(path, sizeof(path), "%d/comm", pid);
	if (read_start(proc, path, text, sizeof(text)) <= 0)
		return ASKED_NOTHING;
	text[strcspn(text, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		snprintf(path, sizeof(path), "%d/cmdline", pid);
		n = read_start(proc, path, text, sizeof(text));
		/* what is longer ends in an argument, where read_start() puts a NUL */
		return n > 0 ? asked_by(text, (size_t)n + 1) : ASKED_NOTHING;
	}
	return ASKED_NOTHING;
}

enum asked asked_read(int fd, int proc)
{
	enum asked last = ASKED_NOTHING, one;
	struct {
		struct nlmsghdr header;
		struct message message;
		struct proc_event event;
		char rest[64];
	} __attribute__((packed, aligned(NLMSG_ALIGNTO))) in;
	ssize_t n;

	while ((n = recv(fd, &in, sizeof(in), 0)) > 0) {
		if ((size_t)n < sizeof(in) - sizeof(in.rest) || in.event.what != PROC_EVENT_EXEC)
			continue;
		one = asked_by_process(proc, in.event.event_data.exec.process_pid);
		if (one != ASKED_NOTHING)
			last = one;
	}
	return last;
}
