// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "applets/vdattach/image/image.h"
#include "tests/unit/vdattach/fake/disk.h"
#include "tests/unit/vdattach/fake/memory.h"

#define DATA  65536u
#define WHOLE (DATA + 512)

/* Opens the file of n bytes; the result (or error text) is checked by the caller. */
static int open_bytes(uint8_t *file, size_t n, bool read_only, struct vd_image **ret,
		      struct error **err)
{
	struct source *source = NULL;
	int r;

	assert_int_equal(source_memory(file, n, &source), 0);
	source->read_only = read_only;
	r = open_format(source, NULL, ret, err);
	if (r < 0)
		source_close(&source);
	return r;
}

static void assert_refused(uint8_t *file, size_t n, int code, const char *part)
{
	_cleanup_error_ struct error *err = NULL;
	struct vd_image *image = NULL;

	assert_int_equal(open_bytes(file, n, false, &image, &err), code);
	assert_non_null(strstr(error_msg(err), part));
}

static void assert_size(uint8_t *file, size_t n, uint64_t size)
{
	_cleanup_image_ struct vd_image *image = NULL;

	assert_int_equal(open_bytes(file, n, false, &image, NULL), 0);
	assert_string_equal(image->format->name, "vhd");
	assert_string_equal(image->variant, "fixed");
	assert_int_equal(image->size, size);
}

static void test_size_is_current_size(void **state)
{
	static uint8_t file[WHOLE];

	vhd_footer(file + DATA, 2, DATA, "vbox");
	assert_size(file, WHOLE, DATA);
	/* CHS says less: VirtualBox disks keep their end */
	vhd_geometry(file + DATA, 10, 2, 5);
	assert_size(file, WHOLE, DATA);
}

static void test_virtual_pc_sees_geometry(void **state)
{
	static uint8_t file[WHOLE];

	vhd_footer(file + DATA, 2, DATA, "vpc ");
	vhd_geometry(file + DATA, 10, 2, 5);
	assert_size(file, WHOLE, 10 * 2 * 5 * 512);
	/* no geometry, one above the size, and the maximum say nothing */
	vhd_geometry(file + DATA, 0, 0, 0);
	assert_size(file, WHOLE, DATA);
	vhd_geometry(file + DATA, 100, 16, 63);
	assert_size(file, WHOLE, DATA);
	vhd_geometry(file + DATA, 65535, 16, 255);
	assert_size(file, WHOLE, DATA);
}

static void test_old_footer_of_511_bytes(void **state)
{
	static uint8_t file[WHOLE];

	vhd_footer(file + DATA, 2, DATA, "vpc ");
	assert_size(file, WHOLE - 1, DATA);
}

static void test_refuses_disk_larger_than_file(void **state)
{
	static uint8_t file[WHOLE];

	vhd_footer(file + DATA, 2, DATA + 512, "win ");
	assert_refused(file, WHOLE, -EINVAL, "the file holds only 65536");
}

static void test_refuses_what_is_no_disk(void **state)
{
	static uint8_t file[WHOLE];

	vhd_footer(file + DATA, 5, DATA, "win ");
	assert_refused(file, WHOLE, -EINVAL, "disk type 5");
	/* dynamic by its footer, but nothing more */
	vhd_footer(file + DATA, 3, DATA, "win ");
	assert_refused(file, WHOLE, -EINVAL, "header at offset");
	/* the footer at the end was cut off: its copy in front still tells */
	memset(file, 0, sizeof(file));
	vhd_footer(file, 3, DATA, "win ");
	assert_refused(file, WHOLE, -EINVAL, "header at offset");
	vhd_footer(file, 2, DATA, "win ");
	assert_refused(file, WHOLE, -EINVAL, "cut short");
}

static void test_damaged_footer_is_read_only(void **state)
{
	_cleanup_image_ struct vd_image *image = NULL;
	static uint8_t file[WHOLE];

	vhd_footer(file + DATA, 2, DATA, "win ");
	file[DATA + 100] ^= 1;
	assert_refused(file, WHOLE, -EROFS, "checksum");
	assert_int_equal(open_bytes(file, WHOLE, true, &image, NULL), 0);
	assert_int_equal(image->findings.count[FINDING_ERROR], 1);
}

static void test_guest_cannot_reach_footer(void **state)
{
	_cleanup_image_ struct vd_image *image = NULL;
	_cleanup_source_ struct source *disk = NULL;
	static uint8_t file[WHOLE];
	uint8_t sector[512], before[512];

	vhd_footer(file + DATA, 2, DATA, "win ");
	memcpy(before, file + DATA, 512);
	assert_int_equal(open_bytes(file, WHOLE, false, &image, NULL), 0);
	assert_int_equal(vd_image_view(image, &disk, NULL), 0);
	memset(sector, 0x77, sizeof(sector));
	assert_int_equal(source_pwrite(disk, sector, 512, DATA - 512, NULL), 0);
	assert_int_equal(source_pwrite(disk, sector, 512, DATA, NULL), -ERANGE);
	assert_int_equal(source_pwrite(disk, sector, 512, DATA - 511, NULL), -ERANGE);
	assert_int_equal(source_pread(disk, sector, 1, DATA, NULL), -ERANGE);
	assert_int_equal(source_pread(disk, sector, 1, UINT64_MAX, NULL), -ERANGE);
	assert_memory_equal(file + DATA, before, 512);
	assert_int_equal(file[DATA - 1], 0x77);
	assert_int_equal(file[DATA - 513], 0);
}

static void test_check_reports(void **state)
{
	_cleanup_image_ struct vd_image *image = NULL;
	static uint8_t file[WHOLE];

	vhd_footer(file + DATA, 2, DATA - 4096, "win ");
	assert_int_equal(open_bytes(file, WHOLE, true, &image, NULL), 0);
	assert_int_equal(vd_image_check(image, NULL), 0);
	assert_int_equal(image->findings.count[FINDING_LEAK], 1);
	assert_int_equal(image->findings.count[FINDING_ERROR], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size_is_current_size),
		cmocka_unit_test(test_virtual_pc_sees_geometry),
		cmocka_unit_test(test_old_footer_of_511_bytes),
		cmocka_unit_test(test_refuses_disk_larger_than_file),
		cmocka_unit_test(test_refuses_what_is_no_disk),
		cmocka_unit_test(test_damaged_footer_is_read_only),
		cmocka_unit_test(test_guest_cannot_reach_footer),
		cmocka_unit_test(test_check_reports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
