// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "applets/lib/state.h"
#include "applets/vdattach/image/image.h"
#include "tests/unit/vdattach/fake/disk.h"
#include "tests/unit/vdattach/fake/memory.h"

#define SIZE 8192u

static int open_bytes(uint8_t *file, size_t n, const char *format, struct vd_image **ret,
		      struct error **err)
{
	struct source *source = NULL;
	int r;

	assert_int_equal(source_memory(file, n, &source), 0);
	r = open_format(source, format, ret, err);
	if (r < 0)
		source_close(&source);
	return r;
}

static void test_raw_rounds_down_and_says_so(void **state)
{
	_cleanup_image_ struct vd_image *image = NULL;
	static uint8_t file[SIZE];

	assert_int_equal(open_bytes(file, SIZE - 1, NULL, &image, NULL), 0);
	assert_string_equal(image->format->name, "raw");
	assert_int_equal(image->size, SIZE - 512);
	assert_int_equal(image->findings.count[FINDING_WARNING], 1);
	assert_non_null(strstr(image->findings.items[0].text, "last 511 bytes"));
}

static void test_too_small_for_a_disk(void **state)
{
	_cleanup_error_ struct error *err = NULL;
	struct vd_image *image = NULL;
	static uint8_t file[512];

	assert_int_equal(open_bytes(file, 511, NULL, &image, &err), -EINVAL);
	assert_int_equal(open_bytes(file, 0, NULL, &image, &err), -EINVAL);
	assert_int_equal(open_bytes(file, 0, "vhd", &image, &err), -EINVAL);
}

struct sample {
	const char *name;
	size_t offset, length;
	const char *bytes;
};

static void test_foreign_formats_are_named(void **state)
{
	static const struct sample samples[] = {
		{ "qed", 0, 4, "QED\0" },
		{ "parallels", 0, 16, "WithoutFreeSpace" },
		{ "dmg", SIZE - 512, 4, "koly" },
		{ "zip", 0, 4, "PK\3\4" },
		{ "7z", 0, 6, "7z\xbc\xaf\x27\x1c" },
		{ "ova", 257, 5, "ustar" },
		{ "ewf", 0, 8, "EVF\t\r\n\xff\0" },
		{ "xz", 0, 6,
		  "\xfd"
		  "7zXZ\0" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		_cleanup_error_ struct error *err = NULL;
		struct vd_image *image = NULL;
		uint8_t file[SIZE] = { 0 };
		char want[64];

		memcpy(file + samples[i].offset, samples[i].bytes, samples[i].length);
		snprintf(want, sizeof(want), "format '%s' recognised", samples[i].name);
		assert_int_equal(open_bytes(file, SIZE, NULL, &image, &err), -EOPNOTSUPP);
		assert_non_null(strstr(error_msg(err), want));
		/* who insists gets his raw disk */
		assert_int_equal(open_bytes(file, SIZE, "raw", &image, NULL), 0);
		vd_image_close(&image);
	}
}

static void test_format_names(void **state)
{
	_cleanup_error_ struct error *err = NULL;
	struct vd_image *image = NULL;
	static uint8_t file[SIZE];

	assert_int_equal(open_bytes(file, SIZE, "qed", &image, &err), -EOPNOTSUPP);
	assert_int_equal(open_bytes(file, SIZE, "nonsense", &image, &err), -EINVAL);
	assert_int_equal(open_bytes(file, SIZE, "vhd", &image, &err), -EINVAL);
	vhd_footer(file + SIZE - 512, 2, SIZE - 512, "win ");
	assert_int_equal(open_bytes(file, SIZE, "vpc", &image, NULL), 0);
	assert_string_equal(image->format->name, "vhd");
	vd_image_close(&image);
}

/* A format as the dynamic ones will be: 1 KiB blocks as a string says. */
struct toy {
	const char *blocks; /* D = data at 1 KiB x index, Z = zero, P = parent, E = encoded */
};

static int toy_extent(struct vd_image *image, uint64_t offset, struct vd_extent *ret,
		      struct error **err)
{
	const struct toy *toy = image->state;
	uint64_t block = offset / 1024;

	*ret = (struct vd_extent){ .length = 1024 - offset % 1024 };
	switch (toy->blocks[block]) {
	case 'D':
		ret->kind = VD_EXTENT_DATA;
		ret->source = image->source;
		ret->host_offset = offset;
		break;
	case 'P':
		ret->kind = VD_EXTENT_PARENT;
		break;
	case 'E':
		ret->kind = VD_EXTENT_ENCODED;
		break;
	default:
		ret->kind = VD_EXTENT_ZERO;
	}
	return 0;
}

static int toy_pread(struct vd_image *image, void *buf, size_t n, uint64_t offset,
		     struct error **err)
{
	memset(buf, 'e', n);
	return 0;
}

static const struct vd_format_ops toy_format = {
	.name = "toy",
	.extent = toy_extent,
	.pread = toy_pread,
};

static struct vd_image *toy_image(struct toy *toy, uint8_t *file, uint64_t size,
				  struct vd_image *parent)
{
	struct vd_image *image = calloc(1, sizeof(*image));

	assert_non_null(image);
	assert_int_equal(source_memory(file, SIZE, &image->source), 0);
	image->format = &toy_format;
	image->state = toy;
	image->size = size;
	image->parent = parent;
	return image;
}

static void test_chain_reads_through_parents(void **state)
{
	static uint8_t base_file[SIZE], file[SIZE];
	struct toy base = { "DZEDD" }, top = { "PPPDZPP" };
	_cleanup_image_ struct vd_image *image = NULL;
	_cleanup_source_ struct source *disk = NULL;
	uint8_t got[7 * 1024];

	memset(base_file, 'b', SIZE);
	memset(file, 't', SIZE);
	image = toy_image(&top, file, 7 * 1024, toy_image(&base, base_file, 6 * 1024 - 512, NULL));
	base.blocks = "DZEDDD";
	assert_int_equal(vd_image_view(image, &disk, NULL), 0);
	assert_int_equal(source_pread(disk, got, sizeof(got), 0, NULL), 0);
	/* base data, base zero, base encoded, own data, own zero, base data, beyond the base */
	assert_int_equal(got[0], 'b');
	assert_int_equal(got[1024], 0);
	assert_int_equal(got[2048], 'e');
	assert_int_equal(got[3072], 't');
	assert_int_equal(got[4096], 0);
	assert_int_equal(got[5120], 'b');
	assert_int_equal(got[5631], 'b');
	assert_int_equal(got[5632], 0);
	assert_int_equal(got[7167], 0);
}

static void test_chain_map(void **state)
{
	static uint8_t base_file[SIZE], file[SIZE];
	struct toy base = { "DZED" }, top = { "PPPDZP" };
	_cleanup_image_ struct vd_image *image = NULL;
	struct vd_map_entry e;
	struct vd_extent run;

	image = toy_image(&top, file, 6 * 1024, toy_image(&base, base_file, 4 * 1024, NULL));
	assert_int_equal(vd_image_map(image, 512, &e, NULL), 0);
	assert_true(e.data && e.present && e.offset_valid && e.depth == 1);
	assert_int_equal(e.length, 512);
	assert_int_equal(vd_image_map(image, 2048, &e, NULL), 0);
	assert_true(e.data && !e.offset_valid && e.depth == 1);
	assert_int_equal(vd_image_map(image, 3072, &e, NULL), 0);
	assert_true(e.data && e.depth == 0);
	assert_int_equal(vd_image_map(image, 5120, &e, NULL), 0);
	assert_true(e.zero && !e.present && !e.data);
	assert_int_equal(vd_image_map(image, 6 * 1024, &e, NULL), -ERANGE);
	assert_false(vd_image_is_linear(image, &run));
}

static void test_state_file(void **state)
{
	char path[] = "/tmp/vdattach-state-XXXXXX", got[64] = "";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(state_push(NULL, "loop %s", "/dev/loop0"), 0);
	assert_int_equal(state_push(path, "loop %s", "/dev/loop0"), 0);
	assert_int_equal(state_push(path, "mount %s", "/run/host"), 0);
	assert_int_equal(state_push(path, "mount %s", "/run/a\nb"), -EINVAL);
	assert_int_equal(state_push("/nonexistent/state", "x"), -ENOENT);
	assert_true(read(fd, got, sizeof(got) - 1) > 0);
	assert_string_equal(got, "loop /dev/loop0\nmount /run/host\n");
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raw_rounds_down_and_says_so),
		cmocka_unit_test(test_too_small_for_a_disk),
		cmocka_unit_test(test_foreign_formats_are_named),
		cmocka_unit_test(test_format_names),
		cmocka_unit_test(test_chain_reads_through_parents),
		cmocka_unit_test(test_chain_map),
		cmocka_unit_test(test_state_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
