// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/image/kernel-config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "builder/image/decode/decode.h"
#include "builder/image/image.h"
#include "builder/image/pe.h"
#include "builder/util/readfile.h"
#include "builder/util/strbuf.h"
#include "common/bytes.h"

#define RELEASE_MAX  64 /* __NEW_UTS_LEN of include/uapi/linux/utsname.h */
#define UNPACKED_MAX (512 * MIB)
/* Setup header of a bzImage. */
#define SETUP_SECTS    0x1f1
#define HEADER_MAGIC   0x202
#define PAYLOAD_OFFSET 0x248
#define PAYLOAD_LENGTH 0x24c
#define HEADER_END     0x250
/* Header of an arm64 Image. */
#define ARM64_MAGIC 56
/* Header of an EFI zboot image. */
#define ZBOOT_MAGIC  4
#define ZBOOT_OFFSET 8
#define ZBOOT_SIZE   12
#define ZBOOT_END    64

static int kernel_config_collect(void *context, const uint8_t *data, size_t len, struct error **err)
{
	struct strbuf *sb = context;

	if (sb->len + len > UNPACKED_MAX)
		return error_make(err, EFBIG, "unpacks to more than %llu MiB", UNPACKED_MAX / MIB);
	strbuf_add_mem(sb, data, len);
	return sb->failed ? error_no_memory(err) : 0;
}

static int unpack(const uint8_t *data, size_t len, struct strbuf *ret, struct error **err)
{
	const struct decode_output output = { kernel_config_collect, ret, UNPACKED_MAX };
	const struct decoder *decoder = decoder_detect(data, len);
	size_t used;

	if (!decoder)
		return error_make(err, ENOENT, "not compressed in a known way");
	return decoder->decode(data, len, &output, &used, err);
}

/* The gzip stream between the markers of kernel/configs.c. */
static int find_config(const uint8_t *data, size_t len, char **ret, struct error **err)
{
	static const char start[] = "IKCFG_ST", end[] = "IKCFG_ED";
	_cleanup_strbuf_ struct strbuf text = { 0 };
	const uint8_t *p = data ? memmem(data, len, start, 8) : NULL, *q;
	int r;

	if (!p)
		return error_make(err, ENOENT, "no configuration inside (CONFIG_IKCONFIG)");
	p += 8;
	q = memmem(p, len - (size_t)(p - data), end, 8);
	if (!q)
		return error_make(err, EBADMSG, "its configuration is truncated");
	r = unpack(p, (size_t)(q - p), &text, err);
	if (r < 0)
		return r;
	*ret = strbuf_steal(&text);
	return *ret ? 0 : error_no_memory(err);
}

/* The EFI zboot image of arm64 and others. */
static bool find_zboot(const uint8_t **data, size_t *len)
{
	const uint8_t *p = *data;
	uint64_t offset, size;

	if (*len < ZBOOT_END || memcmp(p, "MZ", 2) != 0 || memcmp(p + ZBOOT_MAGIC, "zimg", 4) != 0)
		return false;
	offset = get_le32(p + ZBOOT_OFFSET);
	size = get_le32(p + ZBOOT_SIZE);
	if (offset >= *len || size > *len - offset)
		return false;
	*data = p + offset;
	*len = (size_t)size;
	return true;
}

/* The compressed kernel inside a bzImage or a zboot image, or what there is. */
static void find_payload(const uint8_t **data, size_t *len)
{
	const uint8_t *p = *data;
	uint64_t offset, size;

	if (find_zboot(data, len) || *len < HEADER_END || memcmp(p + HEADER_MAGIC, "HdrS", 4) != 0)
		return;
	offset = (p[SETUP_SECTS] ? p[SETUP_SECTS] + 1U : 5U) * 512U +
		 (uint64_t)get_le32(p + PAYLOAD_OFFSET);
	size = get_le32(p + PAYLOAD_LENGTH);
	if (offset >= *len || size > *len - offset || size < 4)
		return;
	*data = p + offset;
	/* the last 4 bytes are the unpacked size */
	*len = (size_t)size - 4;
}

bool kernel_image_detect(const uint8_t *data, size_t len)
{
	static const uint8_t arm64[] = { 'A', 'R', 'M', 0x64 };

	if (len < HEADER_END)
		return false;
	if (memcmp(data, "\177ELF", 4) == 0) /* vmlinux, or any other program */
		return memmem(data, len, "Linux version ", 14) != NULL;
	return memcmp(data + HEADER_MAGIC, "HdrS", 4) == 0 ||
	       memcmp(data + ARM64_MAGIC, arm64, sizeof(arm64)) == 0 ||
	       (memcmp(data, "MZ", 2) == 0 && memcmp(data + ZBOOT_MAGIC, "zimg", 4) == 0);
}

int kernel_image_unpack(const uint8_t *image, size_t image_len, char **ret_owned,
			const uint8_t **ret, size_t *ret_len, struct error **err)
{
	_cleanup_strbuf_ struct strbuf vmlinux = { 0 };
	struct pe_section section;
	struct pe pe;
	int r;

	*ret_owned = NULL;
	if (pe_open(image, image_len, &pe, NULL) == 0 && pe_find(&pe, ".linux", &section)) {
		image = section.data;
		image_len = section.len;
	}
	find_payload(&image, &image_len);
	*ret = image;
	*ret_len = image_len;
	if (!decoder_detect(image, image_len))
		return 0;
	r = unpack(image, image_len, &vmlinux, err);
	if (r < 0)
		return r;
	*ret_len = vmlinux.len;
	*ret_owned = strbuf_steal(&vmlinux);
	*ret = (const uint8_t *)*ret_owned;
	return *ret_owned ? 0 : error_no_memory(err);
}

/* What look finds in the kernel of the image at path, decompressed. */
static int search_image(const char *path,
			int (*look)(const uint8_t *, size_t, char **, struct error **), char **ret,
			struct error **err)
{
	_cleanup_free_ char *owned = NULL;
	const uint8_t *map, *data;
	size_t map_len, len;
	int r = image_map(path, &map, &map_len, err);

	if (r < 0)
		return r;
	r = kernel_image_unpack(map, map_len, &owned, &data, &len, err);
	if (r >= 0)
		r = look(data, len, ret, err);
	image_unmap(map, map_len);
	return r;
}

int kernel_image_config(const char *path, char **ret, struct error **err)
{
	int r = search_image(path, find_config, ret, err);

	return r < 0 ? error_wrap(err, "kernel image '%s'", path) : 0;
}

/* "Linux version 6.1.0-44-arm64 (...": linux_banner of init/version.c. The text is there as a
 * format, too. */
static int find_banner(const uint8_t *data, size_t len, char **ret, struct error **err)
{
	static const char banner[] = "Linux version ";
	const size_t skip = sizeof(banner) - 1;

	for (const uint8_t *p = data;
	     p && (p = memmem(p, len - (size_t)(p - data), banner, skip));) {
		size_t left, n = 0;

		p += skip;
		left = len - (size_t)(p - data);
		while (n < left && n < RELEASE_MAX && p[n] > ' ' && p[n] < 0x7f && p[n] != '/')
			n++;
		if (n == left || p[n] != ' ' || !n || *p < '0' || *p > '9')
			continue;
		*ret = strndup((const char *)p, n);
		return *ret ? 0 : error_no_memory(err);
	}
	return error_make(err, ENOENT, "no version inside");
}

int kernel_image_banner(const char *path, char **ret, struct error **err)
{
	return search_image(path, find_banner, ret, err);
}

char *kernel_image_config_beside(const char *image, const char *kver)
{
	const char *slash = strrchr(image, '/');
	_cleanup_free_ char *path = NULL;
	char *text = NULL;

	if (asprintf(&path, "%.*sconfig-%s", slash ? (int)(slash - image) + 1 : 0, image, kver) < 0)
		path = NULL;
	return path && read_file(path, &text, NULL, NULL) >= 0 ? text : NULL;
}
