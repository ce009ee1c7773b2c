// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/nbd-server.h"

#include <errno.h>
#include <string.h>

#include "applets/vdattach/nbd-stream.h"
#include "common/bytes.h"

#define INIT_MAGIC    0x4e42444d41474943ULL /* "NBDMAGIC" */
#define REQUEST_MAGIC 0x25609513u
#define REPLY_MAGIC   0x67446698u

#define HANDSHAKE_FIXED	    1u
#define HANDSHAKE_NO_ZEROES 2u

#define EXPORT_HAS_FLAGS  (1u << 0)
#define EXPORT_READ_ONLY  (1u << 1)
#define EXPORT_SEND_FLUSH (1u << 2)
#define EXPORT_SEND_FUA	  (1u << 3)
#define EXPORT_MULTI_CONN (1u << 8)

#define COMMAND_FUA 1u

enum command { COMMAND_READ = 0, COMMAND_WRITE = 1, COMMAND_DISCONNECT = 2, COMMAND_FLUSH = 3 };

struct request {
	uint16_t flags, type;
	uint8_t cookie[8];
	uint64_t offset;
	uint32_t length;
};

/* All clients share one source, so a flush of one covers the writes of all: MULTI_CONN. */
uint16_t nbd_export_flags(const struct nbd_client *client)
{
	uint16_t flags = EXPORT_HAS_FLAGS | EXPORT_SEND_FLUSH | EXPORT_SEND_FUA | EXPORT_MULTI_CONN;

	return client->disk->read_only ? flags | EXPORT_READ_ONLY : flags;
}

int nbd_client_start(struct nbd_client *client, int fd, int stop_fd, struct source *disk)
{
	uint8_t hello[18];
	int r;

	*client = (struct nbd_client){ .fd = fd, .stop_fd = stop_fd, .disk = disk };
	put_be64(hello, INIT_MAGIC);
	put_be64(hello + 8, NBD_OPTION_MAGIC);
	put_be16(hello + 16, HANDSHAKE_FIXED | HANDSHAKE_NO_ZEROES);
	r = nbd_send(client, hello, sizeof(hello));
	return MIN(r, 0);
}

void nbd_client_release(struct nbd_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	free(client->buf);
	*client = (struct nbd_client){ .fd = -1, .stop_fd = -1 };
}

static int take_hello(struct nbd_client *client)
{
	uint8_t bytes[4];
	uint32_t flags;
	int r = nbd_recv(client, bytes, sizeof(bytes));

	if (r <= 0)
		return r;
	flags = get_be32(bytes);
	if (flags & ~(HANDSHAKE_FIXED | HANDSHAKE_NO_ZEROES))
		return -EPROTO;
	client->no_zeroes = flags & HANDSHAKE_NO_ZEROES;
	client->phase = NBD_PHASE_OPTIONS;
	return 1;
}

/* The protocol has numbers of its own, those of Linux on x86, for a few errors. */
static uint32_t error_number(int r)
{
	switch (-r) {
	case 0:
		return 0;
	case EPERM:
	case EROFS:
		return 1;
	case ENOMEM:
		return 12;
	case EINVAL:
	case ERANGE:
		return 22;
	case ENOSPC:
	case EDQUOT:
		return 28;
	default:
		return 5; /* EIO */
	}
}

static int send_reply(const struct nbd_client *client, const struct request *req, int result)
{
	uint8_t header[16];

	put_be32(header, REPLY_MAGIC);
	put_be32(header + 4, error_number(result));
	memcpy(header + 8, req->cookie, sizeof(req->cookie));
	return nbd_send(client, header, sizeof(header));
}

static int do_read(struct nbd_client *client, const struct request *req)
{
	int result = -EINVAL, r;

	if (req->length <= NBD_MAX_REQUEST) {
		r = nbd_reserve(client, req->length);
		result = r < 0 ? r
			       : source_pread(client->disk, client->buf, req->length, req->offset,
					      NULL);
	}
	r = send_reply(client, req, result);
	return r > 0 && result == 0 && req->length ? nbd_send(client, client->buf, req->length) : r;
}

/* A payload that is too large is not worth reading only to refuse it: hang up. */
static int do_write(struct nbd_client *client, const struct request *req)
{
	int r, result;

	if (req->length > NBD_MAX_REQUEST)
		return -EPROTO;
	r = nbd_reserve(client, req->length);
	if (r > 0 && req->length) {
		r = nbd_recv(client, client->buf, req->length);
		if (r == 0)
			r = -EPIPE;
	}
	if (r < 0)
		return r;
	result = source_pwrite(client->disk, client->buf, req->length, req->offset, NULL);
	/* the specification wants ENOSPC for writes beyond the end */
	if (result == -ERANGE)
		result = -ENOSPC;
	if (result == 0 && (req->flags & COMMAND_FUA))
		result = source_flush(client->disk, NULL);
	return send_reply(client, req, result);
}

static int take_request(struct nbd_client *client)
{
	struct request req;
	uint8_t bytes[28];
	int r = nbd_recv(client, bytes, sizeof(bytes));

	if (r <= 0)
		return r;
	if (get_be32(bytes) != REQUEST_MAGIC)
		return -EPROTO;
	req = (struct request){
		.flags = get_be16(bytes + 4),
		.type = get_be16(bytes + 6),
		.offset = get_be64(bytes + 16),
		.length = get_be32(bytes + 24),
	};
	memcpy(req.cookie, bytes + 8, sizeof(req.cookie));
	switch (req.type) {
	case COMMAND_READ:
		return do_read(client, &req);
	case COMMAND_WRITE:
		return do_write(client, &req);
	case COMMAND_DISCONNECT:
		return 0;
	case COMMAND_FLUSH:
		return send_reply(client, &req, source_flush(client->disk, NULL));
	default:
		return send_reply(client, &req, -EINVAL);
	}
}

int nbd_client_step(struct nbd_client *client)
{
	switch (client->phase) {
	case NBD_PHASE_HELLO:
		return take_hello(client);
	case NBD_PHASE_OPTIONS:
		return nbd_take_option(client);
	case NBD_PHASE_TRANSMIT:
		return take_request(client);
	}
	return -EPROTO;
}
