// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/filesystem/imageid.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "applets/lib/fsprobe.h"

#define SHA256_DIGITS 64
#define PREFIX_DIGITS 8
#define READ_SIZE     (256 * 1024)

static int set_hash(const char *text, struct image_id *id)
{
	size_t n = strlen(text);

	if (n < PREFIX_DIGITS || n > SHA256_DIGITS || strspn(text, "0123456789abcdefABCDEF") != n)
		return -EINVAL;
	id->kind = IMAGE_ID_SHA256;
	for (size_t i = 0; i <= n; i++)
		id->value[i] = (char)tolower((unsigned char)text[i]);
	return 0;
}

static int set_name(enum image_id_kind kind, const char *text, struct image_id *id)
{
	if (!*text || strlen(text) >= sizeof(id->value))
		return -EINVAL;
	id->kind = kind;
	snprintf(id->value, sizeof(id->value), "%s", text);
	return 0;
}

static int imageid_parse(const char *text, struct image_id *id)
{
	if (strncmp(text, "sha256:", 7) == 0)
		return set_hash(text + 7, id);
	if (strlen(text) == SHA256_DIGITS && set_hash(text, id) == 0)
		return 0;
	if (strncmp(text, "UUID=", 5) == 0)
		return set_name(IMAGE_ID_UUID, text + 5, id);
	if (strncmp(text, "LABEL=", 6) == 0)
		return set_name(IMAGE_ID_LABEL, text + 6, id);
	if (strpbrk(text, "=:/"))
		return -EINVAL;
	return set_name(IMAGE_ID_UUID, text, id);
}

int image_id_parse(const char *text, struct image_id *ret, struct error **err)
{
	struct image_id id = { .kind = IMAGE_ID_NONE };

	if (text && *text && imageid_parse(text, &id) < 0)
		return error_make(err, EINVAL,
				  "'%s' is no image id: expected UUID=.., LABEL=.. or sha256:HEX",
				  text);
	*ret = id;
	return 0;
}

static int check_hash(const struct image_id *id, const char *path, struct error **err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ uint8_t *buffer = malloc(READ_SIZE);
	char digest[SHA256_DIGEST_STRING_LENGTH];
	SHA2_CTX context;
	ssize_t n;

	if (fd < 0 || !buffer)
		return error_sys(err, fd < 0 ? errno : ENOMEM, "cannot read the image");
	SHA256Init(&context);
	while ((n = read(fd, buffer, READ_SIZE)) > 0)
		SHA256Update(&context, buffer, (size_t)n);
	if (n < 0)
		return error_sys(err, errno, "cannot read the image");
	SHA256End(&context, digest);
	if (strncmp(digest, id->value, strlen(id->value)) == 0)
		return 0;
	return error_make(err, ENOENT, "holds another image: its SHA-256 is %s", digest);
}

static int check_name(const struct image_id *id, const char *path, struct error **err)
{
	bool label = id->kind == IMAGE_ID_LABEL;
	struct fs_info fs;
	const char *found;
	int r = fs_probe(path, 0, &fs, NULL);

	if (r < 0 && r != -ENOENT)
		return error_sys(err, r, "cannot read the image");
	found = label ? fs.label : fs.uuid;
	if (label ? strcmp(found, id->value) == 0 : strcasecmp(found, id->value) == 0)
		return 0;
	return error_make(err, ENOENT, "holds another image: its file system has %s '%s'",
			  label ? "label" : "UUID", found);
}

int image_id_check(const struct image_id *id, int fd, struct error **err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	switch (id->kind) {
	case IMAGE_ID_NONE:
		return 0;
	case IMAGE_ID_SHA256:
		return check_hash(id, path, err);
	case IMAGE_ID_UUID:
	case IMAGE_ID_LABEL:
		return check_name(id, path, err);
	}
	return -EINVAL;
}
