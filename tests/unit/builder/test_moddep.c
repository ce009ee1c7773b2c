// SPDX-License-Identifier: GPL-2.0-or-later
/* The text indexes of a module directory, and the sets of modules by place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first */
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "builder/resolve/module/group.h"
#include "builder/resolve/module/index.h"

static const char dep[] =
	"kernel/net/virtio-net.ko.xz: kernel/core/failover.ko.xz kernel/core/ring.ko.xz\n"
	"kernel/core/failover.ko.xz:\n"
	"kernel/core/ring.ko.xz:\n"
	"extra/plain.ko: kernel/core/ring.ko.xz\n";

static void parse(struct module_table *table, const char *text, const char *builtin)
{
	*table = (struct module_table){ 0 };
	assert_int_equal(modindex_parse(&table->index, strdup(text), strlen(text),
					builtin ? strdup(builtin) : NULL),
			 0);
	assert_int_equal(module_table_fill(table, NULL), 0);
}

static void finds_names_in_either_spelling(void **state)
{
	struct module_table table;

	parse(&table, dep, NULL);
	assert_int_equal(table.count, 4);
	assert_ptr_equal(module_table_find(&table, "virtio-net"),
			 module_table_find(&table, "virtio_net"));
	assert_string_equal(module_table_find(&table, "virtio-net")->path,
			    "kernel/net/virtio-net.ko.xz");
	assert_string_equal(module_table_find(&table, "failover")->deps, "");
	assert_null(module_table_find(&table, "virtio"));
	assert_null(module_table_find(&table, ""));
	module_table_release(&table);
}

static void what_is_no_index_is_refused_by_line(void **state)
{
	struct module_table table = { 0 };
	struct error *err = NULL;

	assert_int_equal(modindex_parse(&table.index, strdup("a.ko:\nREADME: b\n"), 16, NULL), 0);
	assert_int_equal(module_table_fill(&table, &err), -EINVAL);
	assert_string_equal(error_msg(err), "modules.dep:2: expected 'PATH.ko: PATH...'");
	error_release(&err);
	module_table_release(&table);
}

static void knows_what_is_built_in(void **state)
{
	struct module_table table;

	parse(&table, dep, "kernel/a/virtio-pci.ko\nkernel/b/scsi.ko\n");
	assert_true(module_table_is_builtin(&table, "virtio_pci"));
	assert_true(module_table_is_builtin(&table, "virtio-pci"));
	assert_false(module_table_is_builtin(&table, "virtio"));
	assert_false(module_table_is_builtin(&table, "virtio_net"));
	assert_null(module_table_find(&table, "virtio-pci"));
	module_table_release(&table);
}

static void near_names_are_few_and_the_nearest_first(void **state)
{
	struct module_table table;
	char *near;

	parse(&table, "virtio_net.ko:\nvirtio_blk.ko:\nvirtio_bl.ko:\nxfs.ko:\n", NULL);
	near = module_table_near(&table, "virtio_bk");
	assert_string_equal(near, "'virtio_bl' or 'virtio_blk'");
	free(near);
	assert_null(module_table_near(&table, "nothing_like_it"));
	module_table_release(&table);
}

static void index_has_the_chosen_and_no_dependency_that_is_not_inside(void **state)
{
	struct module_table table;
	size_t len;
	char *text;

	parse(&table, dep, NULL);
	module_table_find(&table, "virtio_net")->chosen = true;
	module_table_find(&table, "ring")->chosen = true;
	text = module_index_dep(&table, &len);
	assert_string_equal(text, "kernel/core/ring.ko.xz:\n"
				  "kernel/net/virtio-net.ko.xz: kernel/core/ring.ko.xz\n");
	assert_int_equal(len, strlen(text));
	free(text);
	table.inflated = true;
	text = module_index_dep(&table, &len);
	assert_string_equal(
		text, "kernel/core/ring.ko:\nkernel/net/virtio-net.ko: kernel/core/ring.ko\n");
	free(text);
	module_table_release(&table);
}

static bool in(const char *group, const char *path)
{
	return module_group_has(module_group_find(group), path);
}

static void groups_by_place(void **state)
{
	assert_true(in("block", "kernel/drivers/ata/ahci.ko.xz"));
	assert_true(in("block", "kernel/drivers/nvme/host/nvme.ko"));
	assert_false(in("block", "kernel/drivers/scsi/scsi_debug.ko.xz"));
	assert_false(in("block", "kernel/drivers/net/tun.ko.xz"));
	assert_true(in("net", "kernel/drivers/net/ethernet/intel/e1000e/e1000e.ko.xz"));
	assert_false(in("net", "kernel/drivers/net/wireless/ath/ath.ko.xz"));
	assert_true(in("fs", "kernel/fs/ext4/ext4.ko.zst"));
	assert_false(in("fs", "kernel/fs/ocfs2/ocfs2.ko.xz"));
	assert_true(in("usb", "kernel/drivers/hid/usbhid/usbhid.ko.xz"));
	assert_false(in("usb", "kernel/drivers/usb/gadget/legacy/g_ether.ko.xz"));
	assert_true(in("vm", "kernel/drivers/block/virtio_blk.ko"));
	assert_true(in("all", "updates/dkms/nvidia.ko.xz"));
	assert_true(in("crypto", "kernel/arch/x86/crypto/aesni-intel.ko"));
	assert_null(module_group_find("blok"));
	for (size_t i = 0; module_group_name(NULL, i); i++)
		assert_non_null(module_group_find(module_group_name(NULL, i)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_names_in_either_spelling),
		cmocka_unit_test(what_is_no_index_is_refused_by_line),
		cmocka_unit_test(knows_what_is_built_in),
		cmocka_unit_test(near_names_are_few_and_the_nearest_first),
		cmocka_unit_test(index_has_the_chosen_and_no_dependency_that_is_not_inside),
		cmocka_unit_test(groups_by_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
