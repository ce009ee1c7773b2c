/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signatures of minisign(1), by libsodium. Formats: https://jedisct1.github.io/minisign/ (Ed25519
 * over the file, "Ed", or over its BLAKE2b-512, "ED"; the trusted comment is signed as well).
 */
#ifndef APPLETS_VERIFYIMG_MINISIGN_H
#define APPLETS_VERIFYIMG_MINISIGN_H

#include "common/error.h"
#include "common/macro.h"

#define MINISIGN_COMMENT_MAX 8192u

struct minisign_key {
	uint8_t id[8], key[32];
};

struct minisign_signature {
	uint8_t id[8], signature[64], global[64];
	int prehashed;				/* the signature is that of the BLAKE2b-512 */
	char comment[MINISIGN_COMMENT_MAX + 1]; /* the trusted one; foreign text */
};

/* The key is the second line of NAME.pub. 0 or -EINVAL. */
int minisign_parse_key(const char *text, struct minisign_key *ret, struct error **err) _must_check_
	_nonnull_(1, 2);

/* text: the whole of NAME.minisig. 0 or -EINVAL. */
int minisign_parse_signature(const char *text, struct minisign_signature *ret,
			     struct error **err) _must_check_ _nonnull_(1, 2);

/*
 * Reads fd to its end and checks that it was signed with the key, and the trusted comment too.
 * name: for messages. 0; -EKEYREJECTED: another key, or other content; -EINVAL: an old signature
 * ("Ed"), which needs all at once, of what is no regular file; or -errno.
 */
int minisign_verify(const struct minisign_key *key, const struct minisign_signature *signature,
		    int fd, const char *name, struct error **err) _must_check_ _nonnull_(1, 2, 4);

#endif
