// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/server/nbd-link.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/nbd-netlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "applets/vdattach/server/genl.h"
#include "common/msg.h"

struct nbd_link nbd_link_load(const struct vd_server *server)
{
	struct nbd_link link = { .index = 0 };

	if (pread(server->memory_fd, &link, sizeof(link), 0) != sizeof(link))
		memset(&link, 0, sizeof(link));
	return link;
}

void nbd_link_store(const struct vd_server *server, size_t offset, const void *bytes, size_t n)
{
	if (pwrite(server->memory_fd, bytes, n, (off_t)offset) != (ssize_t)n)
		msg(MSG_ERROR, "nbd: %s", strerror(errno));
}

void nbd_link_set(const struct vd_server *server, size_t offset, uint8_t value)
{
	nbd_link_store(server, offset, &value, sizeof(value));
}

uint64_t nbd_link_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	return (uint64_t)time.tv_sec;
}

static bool tells_of_death(const uint8_t *bytes, size_t n, uint32_t index)
{
	struct nlmsghdr header;
	struct genlmsghdr generic;
	const uint8_t *found;
	size_t length = 0;

	if (n < NLMSG_LENGTH(GENL_HDRLEN))
		return false;
	memcpy(&header, bytes, sizeof(header));
	memcpy(&generic, bytes + NLMSG_HDRLEN, sizeof(generic));
	if (header.nlmsg_type < NLMSG_MIN_TYPE || generic.cmd != NBD_CMD_LINK_DEAD)
		return false;
	found = genl_find(bytes + NLMSG_LENGTH(GENL_HDRLEN), n - NLMSG_LENGTH(GENL_HDRLEN),
			  NBD_ATTR_INDEX, &length);
	return found && length == sizeof(index) && memcmp(found, &index, sizeof(index)) == 0;
}

void nbd_link_take_event(const struct vd_server *server, int ms)
{
	struct pollfd poller = { .fd = server->kernel_fd, .events = POLLIN };
	struct nbd_link link = nbd_link_load(server);
	uint8_t bytes[1024];
	ssize_t n;

	if (poll(&poller, 1, ms) <= 0)
		return;
	n = recv(server->kernel_fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	/* ENOBUFS: some event was lost */
	if (!link.dead && ((n < 0 && errno == ENOBUFS) ||
			   (n > 0 && tells_of_death(bytes, (size_t)n, link.index)))) {
		link.since = nbd_link_now();
		nbd_link_store(server, offsetof(struct nbd_link, since), &link.since,
			       sizeof(link.since));
		nbd_link_set(server, offsetof(struct nbd_link, dead), 1);
	}
	if (n >= 0)
		(void)!recv(server->kernel_fd, bytes, sizeof(bytes), MSG_DONTWAIT);
}
