// SPDX-License-Identifier: GPL-2.0-or-later
/* Formats: linux/netlink.h, linux/genetlink.h. Numbers are in the machine's byte order. */
#include "applets/vdattach/server/genl.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#define REPLY_MAX 4096u

static void reserve(struct genl_message *message, size_t n)
{
	if (n > GENL_MESSAGE_MAX - message->n)
		abort();
	memset(message->bytes + message->n, 0, n);
}

void genl_begin(struct genl_message *message, uint16_t family, uint8_t command)
{
	struct nlmsghdr header = { .nlmsg_type = family, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK };
	struct genlmsghdr generic = { .cmd = command, .version = 1 };

	message->n = NLMSG_LENGTH(GENL_HDRLEN);
	memcpy(message->bytes, &header, sizeof(header));
	memcpy(message->bytes + NLMSG_HDRLEN, &generic, sizeof(generic));
}

void genl_put(struct genl_message *message, uint16_t type, const void *data, size_t n)
{
	struct nlattr attribute = { .nla_len = (uint16_t)(NLA_HDRLEN + n), .nla_type = type };
	size_t whole = NLA_ALIGN(NLA_HDRLEN + n);

	reserve(message, whole);
	memcpy(message->bytes + message->n, &attribute, sizeof(attribute));
	memcpy(message->bytes + message->n + NLA_HDRLEN, data, n);
	message->n += (uint32_t)whole;
}

void genl_put_u32(struct genl_message *message, uint16_t type, uint32_t value)
{
	genl_put(message, type, &value, sizeof(value));
}

void genl_put_u64(struct genl_message *message, uint16_t type, uint64_t value)
{
	genl_put(message, type, &value, sizeof(value));
}

uint32_t genl_nest_begin(struct genl_message *message, uint16_t type)
{
	uint32_t nest = message->n;

	genl_put(message, type | NLA_F_NESTED, "", 0);
	return nest;
}

void genl_nest_end(struct genl_message *message, uint32_t nest)
{
	uint16_t n = (uint16_t)(message->n - nest);

	memcpy(message->bytes + nest, &n, sizeof(n));
}

void genl_finish(struct genl_message *message, uint32_t sequence)
{
	struct nlmsghdr header;

	memcpy(&header, message->bytes, sizeof(header));
	header.nlmsg_len = message->n;
	header.nlmsg_seq = sequence;
	memcpy(message->bytes, &header, sizeof(header));
}

const uint8_t *genl_find(const uint8_t *attributes, size_t n, uint16_t type, size_t *ret_n)
{
	while (n >= (size_t)NLA_HDRLEN) {
		struct nlattr attribute;
		size_t whole;

		memcpy(&attribute, attributes, sizeof(attribute));
		if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > n)
			return NULL;
		if ((attribute.nla_type & NLA_TYPE_MASK) == type) {
			*ret_n = (size_t)attribute.nla_len - NLA_HDRLEN;
			return attributes + NLA_HDRLEN;
		}
		whole = MIN(NLA_ALIGN((size_t)attribute.nla_len), n);
		attributes += whole;
		n -= whole;
	}
	return NULL;
}

/* Takes the messages of one datagram. 1 = wait for more, 0 = acknowledged, -errno. */
static int genl_take(const struct genl *genl, const uint8_t *bytes, size_t n, uint8_t *ret,
		     size_t size, size_t *ret_n)
{
	struct nlmsghdr header;

	for (; n >= NLMSG_HDRLEN;
	     n -= MIN(n, NLMSG_ALIGN(header.nlmsg_len)), bytes += NLMSG_ALIGN(header.nlmsg_len)) {
		memcpy(&header, bytes, sizeof(header));
		if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > n)
			return -EBADMSG;
		if (header.nlmsg_seq != genl->sequence)
			continue;
		if (header.nlmsg_type == NLMSG_ERROR) {
			int r = -EBADMSG;

			if (header.nlmsg_len >= NLMSG_LENGTH(sizeof(r)))
				memcpy(&r, bytes + NLMSG_HDRLEN, sizeof(r));
			return MIN(r, 0);
		}
		if (header.nlmsg_len >= NLMSG_LENGTH(GENL_HDRLEN) && ret_n) {
			*ret_n = MIN(size, header.nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
			memcpy(ret, bytes + NLMSG_LENGTH(GENL_HDRLEN), *ret_n);
		}
	}
	return 1;
}

int genl_call(struct genl *genl, struct genl_message *message, uint8_t *ret, size_t *ret_n)
{
	uint8_t reply[REPLY_MAX];
	size_t size = ret_n ? *ret_n : 0;
	ssize_t n;
	int r;

	if (ret_n)
		*ret_n = 0;
	genl_finish(message, ++genl->sequence);
	if (send(genl->fd, message->bytes, message->n, 0) < 0)
		return -errno;
	do {
		n = recv(genl->fd, reply, sizeof(reply), 0);
		if (n < 0 && errno != EINTR)
			return -errno;
		r = n < 0 ? 1 : genl_take(genl, reply, (size_t)n, ret, size, ret_n);
	} while (r > 0);
	return r;
}

/* CTRL_ATTR_MCAST_GROUPS is an array, whose items count from 1. */
static uint32_t first_group(const uint8_t *attributes, size_t n)
{
	uint32_t group = 0;
	size_t length = 0;
	const uint8_t *at = genl_find(attributes, n, CTRL_ATTR_MCAST_GROUPS, &length);

	if (at)
		at = genl_find(at, length, 1, &length);
	if (at)
		at = genl_find(at, length, CTRL_ATTR_MCAST_GRP_ID, &length);
	if (at && length == sizeof(group))
		memcpy(&group, at, sizeof(group));
	return group;
}

int genl_open(struct genl *genl, const char *name, struct error **err)
{
	struct genl_message message;
	uint8_t reply[1024];
	size_t n = sizeof(reply), length = 0;
	const uint8_t *id;
	int r;

	*genl = (struct genl){ .family = GENL_ID_CTRL };
	genl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (genl->fd < 0)
		return error_sys(err, errno, "cannot open a generic netlink socket");
	genl_begin(&message, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	genl_put(&message, CTRL_ATTR_FAMILY_NAME, name, strlen(name) + 1);
	r = genl_call(genl, &message, reply, &n);
	id = r == 0 ? genl_find(reply, n, CTRL_ATTR_FAMILY_ID, &length) : NULL;
	if (!id || length != sizeof(genl->family)) {
		genl_close(genl);
		return error_make(err, r < 0 ? r : -ENOENT,
				  "the kernel has no generic netlink family '%s'", name);
	}
	memcpy(&genl->family, id, sizeof(genl->family));
	genl->group = first_group(reply, n);
	return 0;
}

int genl_listen(const struct genl *genl)
{
	if (genl->group == 0)
		return -ENOENT;
	return setsockopt(genl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &genl->group,
			  sizeof(genl->group)) < 0
		       ? -errno
		       : 0;
}

void genl_close(struct genl *genl)
{
	if (genl->fd >= 0)
		close(genl->fd);
	genl->fd = -1;
}
