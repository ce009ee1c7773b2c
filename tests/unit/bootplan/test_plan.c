// SPDX-License-Identifier: GPL-2.0-or-later
/* What the plan is after everything has been settled: precedence as a user meets it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "applets/bootplan/address.h"
#include "applets/bootplan/plan.h"
#include "applets/bootplan/table/value.h"

struct expectation {
	const char *defaults, *cmdline;
	enum setting setting;
	const char *value;
};

static void check(const struct expectation *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct plan plan = { 0 };
		const char *value;

		plan_read(&plan, cases[i].defaults, cases[i].cmdline);
		value = setting_info[cases[i].setting].combine == ONE
				? plan_get(&plan, cases[i].setting)
				: plan_join(&plan, cases[i].setting);
		if (strcmp(value, cases[i].value) != 0)
			fail_msg("%s: expected '%s', found '%s'", cases[i].cmdline, cases[i].value,
				 value);
		plan_release(&plan);
	}
}

/* The cases of the field: a parameter of another system, or of the kernel, stood before or behind
 * ours. */
static void test_own_wins(void **state)
{
	static const struct expectation cases[] = {
		{ NULL, "vi.toram=0 toram", S_TORAM, "" },
		{ NULL, "toram vi.toram=0", S_TORAM, "" },
		{ NULL, "vi.size=1G overlay-size=2G", S_SIZE, "1G" },
		{ NULL, "vi.shell=1 rd.shell=0", S_SHELL, "1" },
		{ NULL, "vi.shell=0 rd.shell", S_SHELL, "0" },
		{ NULL, "vi.break=attach rd.break", S_BREAK, "attach" },
		{ NULL, "vi.tce=LABEL=x:/t tce=sda1", S_TCE, "LABEL=x:/t" },
		{ NULL, "vi.tce=LABEL=x:/t base", S_TCE, "LABEL=x:/t" },
		{ NULL, "vi.automount=0 automount", S_AUTOMOUNT, "" },
		{ NULL, "vi.debug=0 rd.debug", S_DEBUG, "" },
		{ NULL, "vi.net=dhcp ip=10.0.0.1", S_NET, "dhcp" },
		{ NULL, "ip=10.0.0.1 vi.net=dhcp", S_NET, "dhcp" },
		{ NULL, "panic=60 rd.emergency=reboot", S_PANIC, "60" },
		{ NULL, "rootfstype=ext4 kloopfstype=xfs", S_FSTYPE, "ext4" },
		{ NULL, "vi.mode=disk vi.host=LABEL=x root=/dev/sda1", S_ROOT, "LABEL=x" },
		{ "vi.host=LABEL=x", "vi.mode=disk root=/dev/sda1", S_ROOT, "/dev/sda1" },
		{ "vi.toram", "vi.toram=0", S_TORAM, "" },
		{ "vi.toram", "toram=0", S_TORAM, "" },
		{ "vi.image=/a.sfs", "vi.image= root=/dev/sda1", S_MODE, "disk" },
		{ "vi.image=http://a/b.sfs", "boot=live", S_IMAGE, "/live/filesystem.squashfs" },
		{ "vi.swap=auto", "noswap", S_SWAP, "" },
		{ "vi.swap=zram", "vi.swap=none vi.swap=/dev/sda5", S_SWAP, "/dev/sda5" },
		{ NULL, "archisobasedir=arch archiso_nfs_srv=h:/i vi.toram=0", S_TORAM, "" },
		{ NULL, "archisobasedir=arch archiso_nfs_srv=h:/i", S_TORAM, "1" },
	};

	check(cases, ARRAY_SIZE(cases));
}

/* A time limit is the longest that is asked for, unless ours sets it: whatever the order. */
static void test_timeout(void **state)
{
	static const struct expectation cases[] = {
		{ NULL, "", S_TIMEOUT, "30" },
		{ NULL, "rootdelay=40 waitusb=90", S_TIMEOUT, "90" },
		{ NULL, "waitusb=90 rootdelay=40", S_TIMEOUT, "90" },
		{ NULL, "rootdelay=5", S_TIMEOUT, "30" },
		{ NULL, "rootdelay=40 vi.timeout=5", S_TIMEOUT, "5" },
		{ NULL, "vi.timeout=5 rootwait", S_TIMEOUT, "5" },
		{ "vi.timeout=120", "rootdelay=40", S_TIMEOUT, "120" },
		{ "vi.timeout=5", "rootdelay=40", S_TIMEOUT, "40" },
		{ "rootwait", "vi.timeout=7", S_TIMEOUT, "7" },
		{ NULL, "rootwait=99999999999999999999999", S_TIMEOUT, "86400" },
	};

	check(cases, ARRAY_SIZE(cases));
}

static void test_several_addresses(void **state)
{
	static const struct expectation cases[] = {
		{ NULL, "ip=eth0:10.0.0.5:24:10.0.0.1:9.9.9.9,eth1:10.0.1.5:24", S_NET,
		  "eth0:10.0.0.5:24:10.0.0.1:9.9.9.9 eth1:10.0.1.5:24" },
		{ NULL, "ip=eth0,10.0.0.5,255.0.0.0,10.0.0.1:eth1,10.0.1.5,255.0.0.0,10.0.1.1",
		  S_NET, "eth0:10.0.0.5:255.0.0.0:10.0.0.1 eth1:10.0.1.5:255.0.0.0:10.0.1.1" },
		{ NULL, "ip=frommedia", S_NET, "" },
		{ NULL, "ip=dhcp ip=eth1:auto6", S_NET, "dhcp eth1:auto6" },
		{ "ip=dhcp", "ip=eth1:auto6", S_NET, "eth1:auto6" },
		{ NULL, "ethdevice=eth1,eth2", S_ETHDEVICE, "eth1 eth2" },
	};

	check(cases, ARRAY_SIZE(cases));
}

static void test_prefixes(void **state)
{
	static const char *const bad[] = { "33", "255.0.255.0", "255.255.255.7", "0.255.0.0",
					   "x",	 "-1",		"1.2.3",	 "4294967304" };
	unsigned int prefix;
	uint32_t address;

	for (unsigned int i = 0; i <= 32; i++) {
		struct plan plan = { 0 };
		const uint32_t mask = i ? UINT32_MAX << (32 - i) : 0;

		assert_true(prefix_parse(ipv4_text(&plan, mask), 0, &prefix));
		assert_int_equal(prefix, i);
		assert_true(prefix_parse(plan_text(&plan, "00%u", i), 0, &prefix));
		assert_int_equal(prefix, i);
		plan_release(&plan);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(prefix_parse(bad[i], 0, &prefix));
	assert_true(ipv4_parse("172.16.0.1", &address) && prefix_parse("", address, &prefix) &&
		    prefix == 16);
	assert_true(in_subnet(0x0a000202, 0x0a00020f, 24));
	assert_false(in_subnet(0x0a000302, 0x0a00020f, 24));
	assert_true(in_subnet(0x08080808, 0x0a000001, 0));
	assert_false(in_subnet(0x08080808, 0x0a000001, 32));
}

static void test_numbers(void **state)
{
	uint64_t value = 0;

	assert_int_equal(number_parse("08", 10, &value), 0);
	assert_int_equal(value, 8);
	assert_int_equal(number_parse("18446744073709551615", UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(number_parse("18446744073709551616", UINT64_MAX, &value), -ERANGE);
	assert_int_equal(number_parse("11", 10, &value), -ERANGE);
	assert_int_equal(number_parse("", 10, &value), -EINVAL);
	assert_int_equal(number_parse("-1", 10, &value), -EINVAL);
	assert_int_equal(number_parse(" 1", 10, &value), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_wins),	  cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_several_addresses), cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests_name("bootplan_plan", tests, NULL, NULL);
}
