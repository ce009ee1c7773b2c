// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/verifyimg/minisign.h"

#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/text.h"

/* "Ed" or "ED", the key's number, then the key or the signature */
enum {
	ALGORITHM = 2,
	ID = 8,
	KEY_SIZE = ALGORITHM + ID + 32,
	SIGNATURE_SIZE = ALGORITHM + ID + 64
};

/* Exactly n bytes in base64, up to the end of the line. */
static bool decode_line(const char *text, size_t length, uint8_t *ret, size_t n)
{
	size_t have = 0;

	return sodium_base642bin(ret, n, text, length, NULL, &have, NULL,
				 sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       have == n;
}

int minisign_parse_key(const char *text, struct minisign_key *ret, struct error **err)
{
	uint8_t data[KEY_SIZE];

	if (!decode_line(text, strlen(text), data, sizeof(data)) || memcmp(data, "Ed", 2) != 0)
		return error_make(err, EINVAL,
				  "not a public key of minisign: expected the 56 characters of the "
				  "second line of a .pub file, RW...");
	memcpy(ret->id, data + ALGORITHM, sizeof(ret->id));
	memcpy(ret->key, data + ALGORITHM + ID, sizeof(ret->key));
	return 0;
}

/* The next line of *text, without its end; false: there is none. */
static bool minisign_line(const char **text, const char **ret, size_t *ret_length)
{
	size_t n = strcspn(*text, "\n");

	if (!**text)
		return false;
	*ret = *text;
	*ret_length = n > 0 && (*text)[n - 1] == '\r' ? n - 1 : n;
	*text += n + ((*text)[n] == '\n');
	return true;
}

static bool parse_lines(const char *text, struct minisign_signature *ret)
{
	static const char trusted[] = "trusted comment: ";
	uint8_t data[SIGNATURE_SIZE];
	const char *line;
	size_t n;

	if (!minisign_line(&text, &line, &n) || !has_prefix(line, "untrusted comment:"))
		return false;
	if (!minisign_line(&text, &line, &n) || !decode_line(line, n, data, sizeof(data)))
		return false;
	ret->prehashed = data[1] == 'D';
	if (data[0] != 'E' || (data[1] != 'D' && data[1] != 'd'))
		return false;
	memcpy(ret->id, data + ALGORITHM, sizeof(ret->id));
	memcpy(ret->signature, data + ALGORITHM + ID, sizeof(ret->signature));
	if (!minisign_line(&text, &line, &n) || !has_prefix(line, trusted))
		return false;
	n -= sizeof(trusted) - 1;
	if (n > MINISIGN_COMMENT_MAX)
		return false;
	memcpy(ret->comment, line + sizeof(trusted) - 1, n);
	ret->comment[n] = '\0';
	return minisign_line(&text, &line, &n) &&
	       decode_line(line, n, ret->global, sizeof(ret->global));
}

int minisign_parse_signature(const char *text, struct minisign_signature *ret, struct error **err)
{
	return parse_lines(text, ret) ? 0 : error_make(err, EINVAL, "not a signature of minisign");
}

static bool is_signed_comment(const struct minisign_key *key,
			      const struct minisign_signature *signature)
{
	uint8_t data[sizeof(signature->signature) + MINISIGN_COMMENT_MAX];
	size_t n = strlen(signature->comment);

	memcpy(data, signature->signature, sizeof(signature->signature));
	memcpy(data + sizeof(signature->signature), signature->comment, n);
	return crypto_sign_verify_detached(signature->global, data,
					   sizeof(signature->signature) + n, key->key) == 0;
}

static int verify_hash(const struct minisign_key *key, const struct minisign_signature *signature,
		       int fd)
{
	uint8_t buf[65536], hash[crypto_generichash_BYTES_MAX];
	crypto_generichash_state state;
	ssize_t n;

	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			crypto_generichash_update(&state, buf, (unsigned long long)n);
	}
	crypto_generichash_final(&state, hash, sizeof(hash));
	return crypto_sign_verify_detached(signature->signature, hash, sizeof(hash), key->key) == 0
		       ? 0
		       : -EKEYREJECTED;
}

/* The old kind goes over the content twice. */
static int verify_whole(const struct minisign_key *key, const struct minisign_signature *signature,
			int fd)
{
	struct stat st;
	void *data;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size == 0)
		return crypto_sign_verify_detached(signature->signature, (const uint8_t *)"", 0,
						   key->key) == 0
			       ? 0
			       : -EKEYREJECTED;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	r = crypto_sign_verify_detached(signature->signature, data, (size_t)st.st_size, key->key);
	munmap(data, (size_t)st.st_size);
	return r == 0 ? 0 : -EKEYREJECTED;
}

int minisign_verify(const struct minisign_key *key, const struct minisign_signature *signature,
		    int fd, const char *name, struct error **err)
{
	int r;

	if (memcmp(key->id, signature->id, sizeof(key->id)) != 0)
		return error_make(err, EKEYREJECTED,
				  "%s was signed with another key than the one that is trusted",
				  name);
	r = signature->prehashed ? verify_hash(key, signature, fd)
				 : verify_whole(key, signature, fd);
	if (r == -EINVAL)
		return error_make(err, EINVAL,
				  "%s has a signature of the old kind, which needs a file: sign "
				  "it again (minisign -S -H)",
				  name);
	if (r < 0 && r != -EKEYREJECTED)
		return error_sys(err, r, "cannot read %s", name);
	if (r < 0 || !is_signed_comment(key, signature))
		return error_make(err, EKEYREJECTED,
				  "%s is not what was signed, or its signature is damaged", name);
	return 0;
}
