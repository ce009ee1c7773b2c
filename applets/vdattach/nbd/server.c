// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/nbd/server.h"

#include <errno.h>

#include "applets/vdattach/nbd/stream.h"
#include "common/bytes.h"

#define INIT_MAGIC	    0x4e42444d41474943ULL /* "NBDMAGIC" */
#define HANDSHAKE_FIXED	    1u
#define HANDSHAKE_NO_ZEROES 2u

/* All clients share one source, so a flush of one covers the writes of all: MULTI_CONN. */
uint16_t nbd_export_flags(const struct nbd_client *client)
{
	unsigned int flags =
		NBD_EXPORT_HAS_FLAGS | NBD_EXPORT_FLUSH | NBD_EXPORT_FUA | NBD_EXPORT_MULTI_CONN;

	flags |= client->disk->read_only ? NBD_EXPORT_READ_ONLY
					 : NBD_EXPORT_TRIM | NBD_EXPORT_WRITE_ZEROES;
	return (uint16_t)flags;
}

static void nbd_server_take(struct nbd_client *client, int fd, int stop_fd, struct backend *backend)
{
	*client = (struct nbd_client){
		.fd = fd, .stop_fd = stop_fd, .backend = backend, .disk = backend->disk
	};
}

int nbd_client_start(struct nbd_client *client, int fd, int stop_fd, struct backend *backend)
{
	uint8_t hello[18];
	int r;

	nbd_server_take(client, fd, stop_fd, backend);
	put_be64(hello, INIT_MAGIC);
	put_be64(hello + 8, NBD_OPTION_MAGIC);
	put_be16(hello + 16, HANDSHAKE_FIXED | HANDSHAKE_NO_ZEROES);
	r = nbd_send(client, hello, sizeof(hello));
	return MIN(r, 0);
}

int nbd_client_adopt(struct nbd_client *client, int fd, int stop_fd, struct backend *backend)
{
	int r;

	nbd_server_take(client, fd, stop_fd, backend);
	client->phase = NBD_PHASE_TRANSMIT;
	r = nbd_reserve(client, NBD_BUFFER_SIZE);
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

int nbd_client_step(struct nbd_client *client)
{
	switch (client->phase) {
	case NBD_PHASE_HELLO:
		return take_hello(client);
	case NBD_PHASE_OPTIONS:
		return nbd_take_option(client);
	case NBD_PHASE_TRANSMIT:
		return nbd_take_request(client);
	}
	return -EPROTO;
}
