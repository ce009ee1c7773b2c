// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/image/source.h"

#include <errno.h>
#include <string.h>

#include "builder/image/decode/decode.h"
#include "builder/image/image.h"
#include "builder/image/kernel-config.h"
#include "builder/image/pe.h"
#include "common/bytes.h"

#define CPIO_MAGIC 4 /* bytes of "0707", enough to know an archive */

/* Collects the first bytes of a stream, then ends the decoder. */
struct probe {
	uint8_t head[CPIO_MAGIC];
	size_t len;
};

static int probe_head(void *context, const uint8_t *data, size_t len, struct error **err)
{
	struct probe *probe = context;
	size_t n = MIN(len, sizeof(probe->head) - probe->len);

	memcpy(probe->head + probe->len, data, n);
	probe->len += n;
	return probe->len == sizeof(probe->head);
}

static bool is_archive(const uint8_t *data, size_t len)
{
	const struct decoder *decoder;
	struct probe probe = { .len = 0 };
	const struct decode_output output = { probe_head, &probe, 256 * MIB };
	struct error *ignored = NULL;
	size_t used;

	if (len < 32)
		return false;
	if (memcmp(data, "07070", 5) == 0)
		return true;
	decoder = decoder_detect(data, len);
	if (!decoder)
		return false;
	(void)decoder->decode(data, len, &output, &used, &ignored);
	error_release(&ignored);
	return probe.len == CPIO_MAGIC && memcmp(probe.head, "0707", CPIO_MAGIC) == 0;
}

/*
 * In a kernel the archive starts at a multiple of 4 bytes, is padded to one of 8, and its size
 * follows. There are no symbols to find it by.
 */
static bool find_built_in(const uint8_t *data, size_t len, const uint8_t **ret, size_t *ret_len)
{
	for (size_t at = 8; at + 8 <= len; at += 8) {
		uint64_t size = get_le64(data + at);

		if (size < 32 || size + 8 > at)
			continue;
		for (size_t padding = -size & 3; padding < 8; padding += 4) {
			const uint8_t *start = data + at - padding - size;

			if (!is_archive(start, (size_t)size))
				continue;
			*ret = start;
			*ret_len = (size_t)size;
			return true;
		}
	}
	return false;
}

/* What the kernel in these bytes has built in. */
static int open_kernel(struct image_source *source, const uint8_t *kernel, size_t len,
		       const char *path, struct error **err)
{
	const uint8_t *data;
	size_t data_len;
	int r = kernel_image_unpack(kernel, len, &source->unpacked, &data, &data_len, err);

	if (r < 0)
		return error_wrap(err, "kernel image '%s'", path);
	if (!find_built_in(data, data_len, &source->data, &source->len))
		return error_make(err, ENOENT,
				  "'%s' is a kernel, and no initramfs is built into it", path);
	return 0;
}

static int open_program(struct image_source *source, const char *path, struct error **err)
{
	struct pe_section linux_section, initrd;
	struct pe pe;
	int r = pe_open(source->map, source->map_len, &pe, err);

	if (r < 0)
		return error_wrap(err, "'%s'", path);
	source->in_kernel = true;
	if (pe_find(&pe, ".initrd", &initrd)) {
		source->data = initrd.data;
		source->len = initrd.len;
		return initrd.len ? 0
				  : error_make(err, ENODATA, "'%s': its section .initrd is empty",
					       path);
	}
	if (pe_find(&pe, ".linux", &linux_section))
		return open_kernel(source, linux_section.data, linux_section.len, path, err);
	if (kernel_image_detect(source->map, source->map_len))
		return open_kernel(source, source->map, source->map_len, path, err);
	return error_make(err, ENOENT,
			  "'%s' is an EFI program without initramfs (section .initrd); "
			  "'mkvinitrd efi' lists its sections",
			  path);
}

static void use_whole_file(struct image_source *source)
{
	source->data = source->map;
	source->len = source->map_len;
}

int image_source_open(const char *path, struct image_source *ret, struct error **err)
{
	int r;

	*ret = (struct image_source){ 0 };
	r = image_map(path, &ret->map, &ret->map_len, err);
	if (r < 0)
		return r;
	if (pe_detect(ret->map, ret->map_len)) {
		r = open_program(ret, path, err);
	} else if (kernel_image_detect(ret->map, ret->map_len)) {
		ret->in_kernel = true;
		r = open_kernel(ret, ret->map, ret->map_len, path, err);
	} else {
		use_whole_file(ret);
	}
	if (r < 0)
		image_source_close(ret);
	return r;
}

void image_source_close(struct image_source *source)
{
	image_unmap(source->map, source->map_len);
	free(source->unpacked);
	*source = (struct image_source){ 0 };
}
