// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/lib/uevent.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

/* Multicast group of the kernel; group 2 carries what udevd sends on. */
#define KERNEL_GROUP 1
/* A busy cold start sends thousands of events while modules are being loaded. */
#define RECEIVE_BUFFER (16 * 1024 * 1024)

int uevent_open(struct error **err)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP };
	int size = RECEIVE_BUFFER, fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
	if (fd < 0)
		return error_sys(err, errno, "cannot open the kernel's uevent socket");
	/* Without CAP_NET_ADMIN the limit of net.core.rmem_max holds; ENOBUFS is dealt with anyway.
	 */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		int r = error_sys(err, errno, "cannot listen on the kernel's uevent socket");

		close(fd);
		return r;
	}
	return fd;
}

static void set_field(struct uevent *ev, const char *line)
{
	const struct {
		const char *key;
		const char **field;
	} fields[] = {
		{ "ACTION=", &ev->action },	  { "DEVPATH=", &ev->devpath },
		{ "SUBSYSTEM=", &ev->subsystem }, { "DEVNAME=", &ev->devname },
		{ "DEVTYPE=", &ev->devtype },	  { "MODALIAS=", &ev->modalias },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		size_t n = strlen(fields[i].key);

		if (strncmp(line, fields[i].key, n) == 0)
			*fields[i].field = line + n;
	}
	if (strcmp(line, "DISK_MEDIA_CHANGE=1") == 0)
		ev->media_change = true;
}

int uevent_parse(struct uevent *ev, size_t length)
{
	size_t at;

	if (length == 0 || length >= sizeof(ev->text))
		return -EBADMSG;
	ev->text[length] = '\0';
	ev->action = ev->devpath = ev->subsystem = ev->devname = ev->devtype = ev->modalias = "";
	ev->media_change = false;
	if (!strchr(ev->text, '@'))
		return -EBADMSG;
	for (at = strlen(ev->text) + 1; at < length; at += strlen(ev->text + at) + 1)
		set_field(ev, ev->text + at);
	return *ev->action && *ev->devpath ? 0 : -EBADMSG;
}

int uevent_read(int fd, struct uevent *ret)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		struct iovec iov = { .iov_base = ret->text, .iov_len = sizeof(ret->text) - 1 };
		struct msghdr message = { .msg_name = &from,
					  .msg_namelen = sizeof(from),
					  .msg_iov = &iov,
					  .msg_iovlen = 1 };
		ssize_t n = recvmsg(fd, &message, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		/* Any process with CAP_NET_ADMIN may send to the group; only port 0 is the kernel.
		 */
		if (from.nl_pid != 0 || (message.msg_flags & MSG_TRUNC))
			continue;
		if (uevent_parse(ret, (size_t)n) == 0)
			return 0;
	}
}
