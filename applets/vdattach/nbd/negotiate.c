// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "applets/vdattach/nbd/negotiate.h"
#include "applets/vdattach/nbd/server.h"
#include "applets/vdattach/nbd/stream.h"
#include "common/bytes.h"

#define OLD_MAGIC   0x00420281861253ULL
#define REPLY_MAGIC 0x3e889045565a9ULL

enum { FIXED_NEWSTYLE = 1, NO_ZEROES = 2 };
enum { OPT_EXPORT_NAME = 1, OPT_GO = 7 };
enum { INFO_EXPORT = 0, INFO_BLOCK_SIZE = 3 };

#define REP_ACK		     1u
#define REP_INFO	     3u
#define REP_ERROR	     0x80000000u
#define REP_ERR_UNSUP	     0x80000001u
#define REP_ERR_POLICY	     0x80000002u
#define REP_ERR_TLS_REQUIRED 0x80000005u
#define REP_ERR_UNKNOWN	     0x80000006u
#define REP_ERR_SHUTDOWN     0x80000007u

#define REPLIES_MAX 64u	   /* to one option */
#define REPLY_MAX   65536u /* bytes of one of them */
#define ZEROES	    124u

struct peer {
	int fd;
	struct timespec until; /* CLOCK_MONOTONIC: all of the negotiation */
};

static int lost(int r, struct error **err)
{
	if (r == -EPIPE)
		return error_make(err, EPIPE, "the server hung up");
	if (r == -EAGAIN)
		return error_make(err, ETIMEDOUT, "the server does not answer");
	return error_sys(err, r, "the server");
}

/* However many answers there are, and however many bytes come at a time. 0 or an error. */
static int wait_for_peer(const struct peer *peer, short events, struct error **err)
{
	struct pollfd poll_fd = { peer->fd, events, 0 };
	struct timespec now;
	int64_t left;
	int r;

	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = (peer->until.tv_sec - now.tv_sec) * 1000 +
		       (peer->until.tv_nsec - now.tv_nsec) / 1000000;
		r = left > 0 ? poll(&poll_fd, 1, (int)left) : 0;
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return lost(-errno, err);
	return r == 0 ? lost(-EAGAIN, err) : 0;
}

static int get(const struct peer *peer, void *buf, size_t n, struct error **err)
{
	uint8_t *p = buf;

	while (n > 0) {
		ssize_t got;
		int r = wait_for_peer(peer, POLLIN, err);

		if (r < 0)
			return r;
		got = recv(peer->fd, p, n, 0);
		if (got == 0)
			return lost(-EPIPE, err);
		if (got < 0 && errno != EINTR)
			return lost(-errno, err);
		p += MAX(got, 0);
		n -= (size_t)MAX(got, 0);
	}
	return 0;
}

static int negotiate_put(const struct peer *peer, const void *buf, size_t n, struct error **err)
{
	const uint8_t *p = buf;

	while (n > 0) {
		ssize_t done;
		int r = wait_for_peer(peer, POLLOUT, err);

		if (r < 0)
			return r;
		done = send(peer->fd, p, n, MSG_NOSIGNAL);
		if (done < 0 && errno != EINTR)
			return lost(-errno, err);
		p += MAX(done, 0);
		n -= (size_t)MAX(done, 0);
	}
	return 0;
}

static int skip(const struct peer *peer, size_t n, struct error **err)
{
	uint8_t buf[512];
	int r = 0;

	for (size_t part; n > 0 && r == 0; n -= part) {
		part = MIN(n, sizeof(buf));
		r = get(peer, buf, part, err);
	}
	return r;
}

/* Both say hello. *ret: the flags of both. */
static int greet(const struct peer *peer, uint32_t *ret, struct error **err)
{
	uint8_t hello[18] = { 0 }, answer[4];
	int r = get(peer, hello, 16, err);

	if (r < 0)
		return r;
	if (memcmp(hello, "NBDMAGIC", 8) != 0)
		return error_make(err, EPROTO, "this is no NBD server");
	if (get_be64(hello + 8) == OLD_MAGIC)
		return error_make(err, EPROTO,
				  "the server speaks the oldstyle protocol of before 2010, without "
				  "names of exports: use a newer one");
	if (get_be64(hello + 8) != NBD_OPTION_MAGIC)
		return error_make(err, EPROTO, "the server begins with an unknown protocol");
	r = get(peer, hello + 16, 2, err);
	if (r < 0)
		return r;
	*ret = get_be16(hello + 16) & (FIXED_NEWSTYLE | NO_ZEROES);
	put_be32(answer, *ret);
	return negotiate_put(peer, answer, sizeof(answer), err);
}

static int put_option(const struct peer *peer, uint32_t option, const void *data, size_t n,
		      struct error **err)
{
	uint8_t message[16 + NBD_EXPORT_MAX + 16];

	put_be64(message, NBD_OPTION_MAGIC);
	put_be32(message + 8, option);
	put_be32(message + 12, (uint32_t)n);
	memcpy(message + 16, data, n);
	return negotiate_put(peer, message, 16 + n, err);
}

/* The oldest way: a server without that export hangs up. */
static int ask_by_name(const struct peer *peer, const char *name, uint32_t flags,
		       struct nbd_export *ret, struct error **err)
{
	uint8_t answer[10] = { 0 };
	int r = put_option(peer, OPT_EXPORT_NAME, name, strlen(name), err);

	if (r == 0)
		r = get(peer, answer, sizeof(answer), err);
	if (r == -EPIPE) {
		error_release(err);
		return error_make(err, ENOENT,
				  "the server hung up when it was asked for the export '%s'", name);
	}
	if (r == 0 && !(flags & NO_ZEROES))
		r = skip(peer, ZEROES, err);
	if (r < 0)
		return r;
	ret->size = get_be64(answer);
	ret->flags = get_be16(answer + 8);
	return 0;
}

/* Its own message follows, as far as it is printable. */
static int refused(const struct peer *peer, uint32_t type, uint32_t n, const char *name,
		   struct error **err)
{
	const char *what = "refuses the export";
	char words[161] = "";
	int r = EPROTO;

	if (n > 0 && get(peer, words, MIN(n, sizeof(words) - 1), NULL) < 0)
		words[0] = '\0';
	for (char *c = words; *c; c++)
		*c = *c < ' ' || *c > '~' ? '?' : *c;
	if (type == REP_ERR_UNKNOWN) {
		what = "has no export";
		r = ENOENT;
	} else if (type == REP_ERR_TLS_REQUIRED) {
		what = "wants TLS, which is not known here, for the export";
		r = EACCES;
	} else if (type == REP_ERR_POLICY) {
		what = "is told to refuse the export";
		r = EACCES;
	} else if (type == REP_ERR_SHUTDOWN) {
		what = "is going down, and has no more the export";
		r = ECONNREFUSED;
	}
	return error_make(err, r, "the server %s '%s'%s%s", what, name, *words ? ": " : "", words);
}

static int take_info(const struct peer *peer, uint32_t n, struct nbd_export *ret, bool *known,
		     struct error **err)
{
	uint8_t info[14] = { 0 };
	size_t have = MIN(n, sizeof(info));
	int r = n < 2 ? error_make(err, EPROTO, "the server sends a reply that is too short")
		      : get(peer, info, have, err);

	if (r < 0)
		return r;
	if (get_be16(info) == INFO_EXPORT && n == 12) {
		ret->size = get_be64(info + 2);
		ret->flags = get_be16(info + 10);
		*known = true;
	} else if (get_be16(info) == INFO_BLOCK_SIZE && n == 14) {
		ret->sector = get_be32(info + 2);
		ret->max = get_be32(info + 10);
	}
	return skip(peer, n - have, err);
}

/* 0 = done, 1 = more replies follow, 2 = the server does not know the option, -errno. */
static int take_reply(const struct peer *peer, const char *name, struct nbd_export *ret,
		      bool *known, struct error **err)
{
	uint8_t header[20] = { 0 };
	uint32_t type, n;
	int r = get(peer, header, sizeof(header), err);

	if (r < 0)
		return r;
	type = get_be32(header + 12);
	n = get_be32(header + 16);
	if (get_be64(header) != REPLY_MAGIC || get_be32(header + 8) != OPT_GO || n > REPLY_MAX)
		return error_make(err, EPROTO, "the server breaks the rules of the negotiation");
	if (type == REP_ERR_UNSUP) {
		r = skip(peer, n, err);
		return r < 0 ? r : 2;
	}
	if (type & REP_ERROR)
		return refused(peer, type, n, name, err);
	if (type == REP_INFO)
		r = take_info(peer, n, ret, known, err);
	else
		r = skip(peer, n, err);
	if (r == 0 && type == REP_ACK && !*known)
		return error_make(err, EPROTO, "the server does not report the size of '%s'", name);
	return r < 0 ? r : type != REP_ACK;
}

static int ask_to_go(const struct peer *peer, const char *name, struct nbd_export *ret,
		     struct error **err)
{
	uint8_t data[4 + NBD_EXPORT_MAX + 4];
	size_t n = strnlen(name, NBD_EXPORT_MAX);
	bool known = false;
	int r;

	put_be32(data, (uint32_t)n);
	memcpy(data + 4, name, n);
	put_be16(data + 4 + n, 1);
	put_be16(data + 6 + n, INFO_BLOCK_SIZE);
	r = put_option(peer, OPT_GO, data, n + 8, err);
	for (unsigned int i = 0; r == 0 && i < REPLIES_MAX; i++) {
		r = take_reply(peer, name, ret, &known, err);
		if (r != 1)
			return r;
		r = 0;
	}
	return r < 0 ? r : error_make(err, EPROTO, "the server never comes to an end");
}

int nbd_negotiate(int fd, unsigned int seconds, const char *name, struct nbd_export *ret,
		  struct error **err)
{
	struct peer peer = { .fd = fd };
	uint32_t flags = 0;
	int r;

	clock_gettime(CLOCK_MONOTONIC, &peer.until);
	peer.until.tv_sec += seconds;
	*ret = (struct nbd_export){ .sector = 1, .max = NBD_MAX_REQUEST };
	r = greet(&peer, &flags, err);
	if (r < 0)
		return r;
	r = flags & FIXED_NEWSTYLE ? ask_to_go(&peer, name, ret, err) : 2;
	if (r == 2)
		r = ask_by_name(&peer, name, flags, ret, err);
	if (r < 0)
		return r;
	if (!(ret->flags & NBD_EXPORT_HAS_FLAGS) || ret->sector == 0 ||
	    (ret->sector & (ret->sector - 1)) || ret->max < ret->sector)
		return error_make(err, EPROTO, "the server describes '%s' in an impossible way",
				  name);
	return 0;
}

void nbd_hang_up(int fd)
{
	uint8_t request[28] = { 0x25, 0x60, 0x95, 0x13, [7] = 2 }; /* NBD_CMD_DISC */

	(void)!send(fd, request, sizeof(request), MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}
