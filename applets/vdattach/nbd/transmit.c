// SPDX-License-Identifier: GPL-2.0-or-later
/* The transmission phase: requests and simple replies. */
#include <errno.h>
#include <string.h>

#include "applets/vdattach/nbd/stream.h"
#include "common/bytes.h"

#define REQUEST_MAGIC 0x25609513u
#define REPLY_MAGIC   0x67446698u

#define COMMAND_FUA	1u
#define COMMAND_NO_HOLE 2u

enum command {
	COMMAND_READ = 0,
	COMMAND_WRITE = 1,
	COMMAND_DISCONNECT = 2,
	COMMAND_FLUSH = 3,
	COMMAND_TRIM = 4,
	COMMAND_WRITE_ZEROES = 6,
};

struct request {
	uint16_t flags, type;
	uint8_t cookie[8];
	uint64_t offset;
	uint32_t length;
};

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

static void put_reply(uint8_t *header, const struct request *req, int result)
{
	put_be32(header, REPLY_MAGIC);
	put_be32(header + 4, error_number(result));
	memcpy(header + 8, req->cookie, sizeof(req->cookie));
}

/* Flags whose meaning is not known, or not for this command, are refused, not ignored. */
static bool knows_flags(const struct request *req)
{
	unsigned int known = COMMAND_FUA;

	if (req->type == COMMAND_WRITE_ZEROES)
		known |= COMMAND_NO_HOLE;
	return !(req->flags & ~known);
}

static int send_reply(const struct nbd_client *client, const struct request *req, int result)
{
	uint8_t header[NBD_REPLY_SIZE];

	put_reply(header, req, result);
	return nbd_send(client, header, sizeof(header));
}

static bool transmit_inside(const struct nbd_client *client, const struct request *req)
{
	uint64_t size = client->disk->size;

	return req->offset <= size && req->length <= size - req->offset;
}

static uint8_t *payload(const struct nbd_client *client)
{
	return client->buf + NBD_REPLY_SIZE;
}

/* What fits into the buffer of what is left behind done bytes. */
static uint32_t part_of(const struct request *req, uint32_t done)
{
	return MIN(req->length - done, NBD_PAYLOAD_SIZE);
}

/*
 * The reply says whether the read succeeded and goes before the data: what is larger than the
 * buffer is read twice, first only to see whether it can be.
 */
static int probe_read(struct nbd_client *client, const struct request *req)
{
	int r = 0;

	for (uint32_t done = 0; done < req->length && r == 0; done += part_of(req, done))
		r = backend_request(client->backend, BACKEND_READ, payload(client),
				    part_of(req, done), req->offset + done, false);
	return r;
}

static int send_large(struct nbd_client *client, const struct request *req)
{
	int r = send_reply(client, req, 0);

	for (uint32_t done = 0; done < req->length && r > 0; done += part_of(req, done)) {
		uint32_t n = part_of(req, done);

		r = backend_request(client->backend, BACKEND_READ, payload(client), n,
				    req->offset + done, false);
		if (r == 0)
			r = nbd_send(client, payload(client), n);
	}
	return r;
}

static int do_read(struct nbd_client *client, const struct request *req)
{
	int result = -EINVAL;

	if (req->length <= NBD_MAX_REQUEST && transmit_inside(client, req))
		result = probe_read(client, req);
	if (result < 0)
		return send_reply(client, req, result);
	if (req->length > NBD_PAYLOAD_SIZE)
		return send_large(client, req);
	put_reply(client->buf, req, 0);
	return nbd_send(client, client->buf, NBD_REPLY_SIZE + req->length);
}

/* A payload that is too large is not worth reading only to refuse it: hang up. */
static int do_write(struct nbd_client *client, const struct request *req)
{
	/* the specification wants ENOSPC for writes beyond the end */
	int result = !knows_flags(req)		    ? -EINVAL
		     : transmit_inside(client, req) ? 0
						    : -ENOSPC,
	    r = 1;

	if (req->length > NBD_MAX_REQUEST)
		return -EPROTO;
	for (uint32_t done = 0; done < req->length && r > 0; done += part_of(req, done)) {
		uint32_t n = part_of(req, done);

		r = nbd_recv(client, payload(client), n);
		if (r == 0)
			return -EPIPE;
		if (r > 0 && result == 0)
			result = backend_request(client->backend, BACKEND_WRITE, payload(client), n,
						 req->offset + done, false);
	}
	if (r < 0)
		return r;
	if (result == 0 && (req->flags & COMMAND_FUA))
		result = backend_request(client->backend, BACKEND_FLUSH, NULL, 0, 0, false);
	return send_reply(client, req, result);
}

static int transmit_write_zeros(struct nbd_client *client, const struct request *req)
{
	int r = 0;

	memset(payload(client), 0, MIN(req->length, NBD_PAYLOAD_SIZE));
	for (uint32_t done = 0; done < req->length && r == 0; done += part_of(req, done))
		r = backend_request(client->backend, BACKEND_WRITE, payload(client),
				    part_of(req, done), req->offset + done,
				    req->flags & COMMAND_FUA);
	return r;
}

static int do_trim(struct nbd_client *client, const struct request *req)
{
	enum backend_op op = req->type == COMMAND_TRIM ? BACKEND_DISCARD : BACKEND_WRITE_ZEROES;
	int result = op == BACKEND_DISCARD ? -EINVAL : -ENOSPC;

	if (transmit_inside(client, req) && op == BACKEND_WRITE_ZEROES &&
	    (req->flags & COMMAND_NO_HOLE))
		result = transmit_write_zeros(client, req);
	else if (transmit_inside(client, req))
		result = backend_request(client->backend, op, NULL, req->length, req->offset,
					 req->flags & COMMAND_FUA);
	return send_reply(client, req, result);
}

static int transmit_answer(struct nbd_client *client, const struct request *req)
{
	if (!knows_flags(req) && req->type != COMMAND_WRITE && req->type != COMMAND_DISCONNECT)
		return send_reply(client, req, -EINVAL);
	switch (req->type) {
	case COMMAND_READ:
		return do_read(client, req);
	case COMMAND_WRITE:
		return do_write(client, req);
	case COMMAND_DISCONNECT:
		return 0;
	case COMMAND_FLUSH:
		return send_reply(
			client, req,
			backend_request(client->backend, BACKEND_FLUSH, NULL, 0, 0, false));
	case COMMAND_TRIM:
	case COMMAND_WRITE_ZEROES:
		return do_trim(client, req);
	default:
		return send_reply(client, req, -EINVAL);
	}
}

int nbd_take_request(struct nbd_client *client)
{
	struct request req;
	uint8_t bytes[28];
	int r = nbd_recv(client, bytes, sizeof(bytes));

	if (r > 0)
		r = nbd_reserve(client, NBD_BUFFER_SIZE) < 0 ? -ENOMEM : 1;
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
	return transmit_answer(client, &req);
}
