// SPDX-License-Identifier: GPL-2.0-or-later
/* Negotiation ("haggling"): one default export, named "". */
#include <errno.h>

#include "applets/vdattach/nbd/stream.h"
#include "common/bytes.h"

#define REPLY_MAGIC	0x3e889045565a9ULL
#define OPTION_DATA_MAX 65536u

enum option { OPT_EXPORT_NAME = 1, OPT_ABORT = 2, OPT_LIST = 3, OPT_INFO = 6, OPT_GO = 7 };

#define REP_ACK		1u
#define REP_SERVER	2u
#define REP_INFO	3u
#define REP_ERR_UNSUP	0x80000001u
#define REP_ERR_POLICY	0x80000002u
#define REP_ERR_INVALID 0x80000003u
#define REP_ERR_UNKNOWN 0x80000006u

#define INFO_EXPORT	0u
#define INFO_BLOCK_SIZE 3u

static int reply(const struct nbd_client *client, uint32_t option, uint32_t type, const void *data,
		 uint32_t n)
{
	uint8_t header[20];
	int r;

	put_be64(header, REPLY_MAGIC);
	put_be32(header + 8, option);
	put_be32(header + 12, type);
	put_be32(header + 16, n);
	r = nbd_send(client, header, sizeof(header));
	return r > 0 && n ? nbd_send(client, data, n) : r;
}

/* The oldest way: no way to refuse but to hang up. */
static int export_name(struct nbd_client *client, uint32_t n)
{
	uint8_t answer[8 + 2 + 124] = { 0 };

	if (n != 0)
		return -ENOENT;
	put_be64(answer, client->disk->size);
	put_be16(answer + 8, nbd_export_flags(client));
	client->phase = NBD_PHASE_TRANSMIT;
	return nbd_send(client, answer, client->no_zeroes ? 10 : sizeof(answer));
}

/* With the only option that has no answer the connection ends. */
static int refuse_option(const struct nbd_client *client, uint32_t option)
{
	static const char why[] = "too many clients";

	if (option == OPT_EXPORT_NAME)
		return 0;
	return reply(client, option, REP_ERR_POLICY, why, sizeof(why) - 1);
}

static int list(const struct nbd_client *client, uint32_t n)
{
	static const uint8_t empty_name[4];
	int r;

	if (n != 0)
		return reply(client, OPT_LIST, REP_ERR_INVALID, NULL, 0);
	r = reply(client, OPT_LIST, REP_SERVER, empty_name, sizeof(empty_name));
	return r > 0 ? reply(client, OPT_LIST, REP_ACK, NULL, 0) : r;
}

static int send_info(const struct nbd_client *client, uint32_t option)
{
	uint8_t export[12], block[14];
	int r;

	put_be16(export, INFO_EXPORT);
	put_be64(export + 2, client->disk->size);
	put_be16(export + 10, nbd_export_flags(client));
	put_be16(block, INFO_BLOCK_SIZE);
	put_be32(block + 2, 1);
	put_be32(block + 6, 4096);
	put_be32(block + 10, NBD_MAX_REQUEST);
	r = reply(client, option, REP_INFO, export, sizeof(export));
	if (r > 0)
		r = reply(client, option, REP_INFO, block, sizeof(block));
	return r > 0 ? reply(client, option, REP_ACK, NULL, 0) : r;
}

/* Data: u32 length of name, name, u16 count, count x u16. We volunteer all that we have. */
static int info_or_go(struct nbd_client *client, uint32_t option, uint32_t n)
{
	uint32_t name_length = n >= 6 ? get_be32(client->buf) : 0;
	int r;

	if (n < 6 || name_length > n - 6)
		return reply(client, option, REP_ERR_INVALID, NULL, 0);
	if (n - 6 - name_length != 2u * get_be16(client->buf + 4 + name_length))
		return reply(client, option, REP_ERR_INVALID, NULL, 0);
	if (name_length != 0)
		return reply(client, option, REP_ERR_UNKNOWN, NULL, 0);
	r = send_info(client, option);
	if (r > 0 && option == OPT_GO)
		client->phase = NBD_PHASE_TRANSMIT;
	return r;
}

int nbd_take_option(struct nbd_client *client)
{
	uint8_t header[16];
	uint32_t option, n;
	int r;

	r = nbd_recv(client, header, sizeof(header));
	if (r <= 0)
		return r;
	option = get_be32(header + 8);
	n = get_be32(header + 12);
	if (get_be64(header) != NBD_OPTION_MAGIC || n > OPTION_DATA_MAX)
		return -EPROTO;
	r = nbd_reserve(client, n);
	if (r > 0 && n > 0) {
		r = nbd_recv(client, client->buf, n);
		if (r == 0)
			r = -EPIPE;
	}
	if (r < 0)
		return r;
	if (client->refused && option != OPT_ABORT)
		return refuse_option(client, option);
	switch (option) {
	case OPT_EXPORT_NAME:
		return export_name(client, n);
	case OPT_ABORT:
		r = reply(client, option, REP_ACK, NULL, 0);
		/* the client need not wait for the answer */
		return r > 0 || r == -EPIPE ? 0 : r;
	case OPT_LIST:
		return list(client, n);
	case OPT_INFO:
	case OPT_GO:
		return info_or_go(client, option, n);
	default:
		return reply(client, option, REP_ERR_UNSUP, NULL, 0);
	}
}
