// SPDX-License-Identifier: GPL-2.0-or-later
/* Every setting through every pair of ranks, in both orders: driven by the table itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "applets/bootplan/glob.h"
#include "applets/bootplan/table/table.h"

/* For patterns that do not make a parameter whose value is right */
static const struct {
	const char *pattern, *text;
} samples[] = { { "cow_spacesize=*", "cow_spacesize=1G" },
		{ "root=live:*", "root=live:LABEL=x1" },
		{ "root=nbd:?*:?*", "root=nbd:x1:x1" },
		{ "rd.overlay=/dev/*", "rd.overlay=/dev/sdb1" },
		{ "rd.live.overlay=/dev/*", "rd.live.overlay=/dev/sdb1" },
		{ "rd.overlay=*=*", "rd.overlay=LABEL=x1" },
		{ "rd.live.overlay=*=*", "rd.live.overlay=LABEL=x1:auto" },
		{ "rd.overlay.size=*", "rd.overlay.size=512" },
		{ "rd.luks.options=?*", "rd.luks.options=12=discard" },
		{ "luks.options=?*", "luks.options=12=discard" },
		{ "rd.luks.allow-discards=?*", "rd.luks.allow-discards=12" },
		{ "overlayroot=device:*dev=?*", "overlayroot=device:dev=/dev/sdb1" },
		{ "rd.live.overlay.size=*", "rd.live.overlay.size=512" },
		{ "rd.retry=*", "rd.retry=7" },
		{ "rd.timeout=*", "rd.timeout=7" },
		{ "rootdelay=*", "rootdelay=7" },
		{ "resumedelay=*", "resumedelay=7" },
		{ "netconf_timeout=*", "netconf_timeout=7" },
		{ "rd.net.timeout.iflink=*", "rd.net.timeout.iflink=7" },
		{ "ethdevice-timeout=*", "ethdevice-timeout=7" },
		{ "rd.net.timeout.dhcp=*", "rd.net.timeout.dhcp=7" },
		{ "rd.route=*", "rd.route=10.1.0.0/16:10.0.0.1" },
		{ "netroot=?*", "netroot=nbd:x1:x1" },
		{ "nameserver=*", "nameserver=10.0.0.3" },
		{ "rootwait=*", "rootwait=7" },
		{ "panic=*", "panic=7" },
		{ "ip=*", "ip=eth0:dhcp" },
		{ "live-media=/dev/*.iso", "live-media=/dev/sda1/a.iso" },
		{ "bootfrom=/dev/*.iso", "bootfrom=/dev/sda1/a.iso" },
		{ "live-media-timeout=*", "live-media-timeout=7" },
		{ "fromiso=/dev/*/*", "fromiso=/dev/sda1/a.iso" },
		{ "isofrom=/dev/*/*", "isofrom=/dev/sda1/a.iso" },
		{ "fetch=?*", "fetch=http://a/x.squashfs" },
		{ "httpfs=?*", "httpfs=http://a/x.squashfs" },
		{ "ftpfs=?*", "ftpfs=ftp://a/x.squashfs" },
		{ "overlay-size=*", "overlay-size=2G" },
		{ "overlay_root_size=?*", "overlay_root_size=2G" },
		{ "url=*://*.iso", "url=http://a/x.iso" },
		{ "iso-url=*://*.iso", "iso-url=http://a/x.iso" },
		{ "tohd=/dev/*", "tohd=/dev/sda2" },
		{ "vi.persist=,*", "vi.persist=,discard" },
		{ "vi.persist=rollback=*", "vi.persist=rollback=2" },
		{ "vi.persist=*", "vi.persist=ram" },
		{ "vi.size=*", "vi.size=1500m" },
		{ "vi.swap=*", "vi.swap=zram" },
		{ "vi.timeout=*", "vi.timeout=7" },
		{ "vi.patience=*", "vi.patience=7" },
		{ "from=*://*.iso", "from=http://a/x.iso" },
		{ "from=*://*", "from=http://a/x" },
		{ "pfix=?*", "pfix=ram" },
		{ "scandelay=*", "scandelay=7" },
		{ "waitforroot=*", "waitforroot=7" },
		{ "perchdir=*", "perchdir=3" },
		{ "slax.flags=*", "slax.flags=perch" },
		{ "changes=?*", "changes=/x1" },
		{ "perchsize=*", "perchsize=2GB" },
		{ "rd.vdloop=/dev/vdhost/Partition*", "rd.vdloop=/dev/vdhost/Partition2" },
		{ "rd.ntfsloop=?*:/*", "rd.ntfsloop=/dev/sda2:/a.img" },
		{ "vlooppart=p[0-9]*", "vlooppart=p3" },
		{ "kroot=/dev/mapper/loop[0-9]*p[0-9]*", "kroot=/dev/mapper/loop0p2" },
		{ "kroot=/dev/loop[0-9]*p[0-9]*", "kroot=/dev/loop0p2" },
		{ "waitusb=*", "waitusb=7" },
		{ "home=?*", "home=sda1" },
		{ "opt=?*", "opt=sda1" },
		{ "local=?*", "local=sda1" },
		{ "tce=?*", "tce=sda1" } };

/* A parameter that the pattern fits */
static const char *sample_of(struct plan *plan, const struct parameter *parameter)
{
	static const char *const fill[][2] = {
		{ "?*", "x1" }, { "[0-9]", "1" }, { "[1-6]", "5" }, { "*", "x1" }, { "?", "0" }
	};
	const char *text = "", *from = parameter->pattern;

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		if (strcmp(samples[i].pattern, from) == 0)
			return samples[i].text;
	if (parameter->use == ON)
		return plan_text(plan, "%s=0", from);
	while (*from) {
		size_t i = 0;

		while (i < ARRAY_SIZE(fill) && strncmp(from, fill[i][0], strlen(fill[i][0])) != 0)
			i++;
		if (i < ARRAY_SIZE(fill)) {
			text = plan_text(plan, "%s%s", text, fill[i][1]);
			from += strlen(fill[i][0]);
		} else {
			text = plan_text(plan, "%s%c", text, *from++);
		}
	}
	return text;
}

struct setter {
	const char *text, *value; /* what it sets */
	int rank;
};

#define MOST 64

static struct plan strings;

static struct plan read_one(const char *profile, const char *first, const char *second)
{
	struct plan plan = { 0 };

	if (profile)
		plan_parameter(&plan, profile, 0);
	if (first)
		plan_parameter(&plan, first, RANK_CMDLINE);
	if (second)
		plan_parameter(&plan, second, RANK_CMDLINE);
	return plan;
}

/* All parameters of the table that set this setting, with the rank at which they do */
static size_t setters_of(enum setting setting, struct setter *setters)
{
	size_t count = 0;

	for (size_t i = 0; i < parameter_table_count; i++)
		for (size_t j = 0; j < parameter_tables[i]->count; j++) {
			const struct parameter *parameter = &parameter_tables[i]->parameters[j];
			const char *text = sample_of(&strings, parameter);
			struct plan plan = read_one(NULL, text, NULL);

			if (plan_rank(&plan, setting) > RANK_NONE && count < MOST &&
			    parameter->use != WRONG)
				setters[count++] = (struct setter){
					text, plan_text(&strings, "%s", plan_get(&plan, setting)),
					plan_rank(&plan, setting)
				};
			plan_release(&plan);
		}
	return count;
}

static bool is_tried(enum setting setting)
{
	return setting_info[setting].combine != SUM && setting != S_ARGUMENTS;
}

static void assert_value(struct plan plan, enum setting setting, const struct setter *winner,
			 const struct setter *loser)
{
	if (strcmp(plan_get(&plan, setting), winner->value) != 0)
		fail_msg("%s and %s: expected '%s' of setting %d, found '%s'", winner->text,
			 loser->text, winner->value, setting, plan_get(&plan, setting));
	plan_release(&plan);
}

static void test_ranks(void **state)
{
	struct setter setters[MOST];
	size_t pairs = 0;

	for (enum setting setting = S_NONE + 1; setting < SETTINGS; setting++) {
		const size_t count = is_tried(setting) ? setters_of(setting, setters) : 0;

		for (size_t i = 0; i < count; i++)
			for (size_t j = 0; j < count; j++) {
				const struct setter *low = &setters[i], *high = &setters[j];

				if (low->rank >= high->rank)
					continue;
				assert_value(read_one(NULL, low->text, high->text), setting, high,
					     low);
				assert_value(read_one(NULL, high->text, low->text), setting, high,
					     low);
				pairs++;
			}
	}
	assert_true(pairs > 150);
}

/* Any parameter of the command line beats any of the profile, whatever their ranks. */
static void test_profile(void **state)
{
	struct setter setters[MOST];

	for (enum setting setting = S_NONE + 1; setting < SETTINGS; setting++) {
		const size_t count = is_tried(setting) ? setters_of(setting, setters) : 0;

		for (size_t i = 0; i < count; i++)
			for (size_t j = 0; j < count; j++)
				assert_value(read_one(setters[i].text, setters[j].text, NULL),
					     setting, &setters[j], &setters[i]);
	}
}

/* Within a rank the later one */
static void test_later(void **state)
{
	struct setter setters[MOST];

	for (enum setting setting = S_NONE + 1; setting < SETTINGS; setting++) {
		const size_t count = setting_info[setting].combine == ONE && is_tried(setting)
					     ? setters_of(setting, setters)
					     : 0;

		for (size_t i = 0; i < count; i++)
			for (size_t j = 0; j < count; j++)
				if (setters[i].rank == setters[j].rank)
					assert_value(
						read_one(NULL, setters[i].text, setters[j].text),
						setting, &setters[j], &setters[i]);
	}
}

/* NAME=1 is NAME, NAME=0 its opposite, and stronger than a NAME of a lower rank. */
static void test_switches(void **state)
{
	size_t count = 0;

	for (size_t i = 0; i < parameter_table_count; i++)
		for (size_t j = 0; j < parameter_tables[i]->count; j++) {
			const struct parameter *parameter = &parameter_tables[i]->parameters[j];
			const enum setting setting = parameter->sets[0].setting;
			struct plan plain, one, zero;

			if (parameter->use != SWITCH)
				continue;
			plain = read_one(NULL, parameter->pattern, NULL);
			one = read_one(NULL, plan_text(&strings, "%s=1", parameter->pattern), NULL);
			zero = read_one(parameter->pattern,
					plan_text(&strings, "%s=0", parameter->pattern), NULL);
			assert_string_equal(plan_get(&plain, setting), plan_get(&one, setting));
			assert_null(plain.notes);
			assert_null(zero.notes);
			if (setting_info[setting].combine == ONE &&
			    strcmp(parameter->sets[0].text, "1") == 0)
				assert_string_equal(plan_get(&zero, setting),
						    setting_info[setting].off);
			plan_release(&plain);
			plan_release(&one);
			plan_release(&zero);
			count++;
		}
	assert_true(count > 30);
}

/* NAME=0 and the like set what is off, NAME and NAME=1 take that back. */
static void test_on(void **state)
{
	static const char *const off[] = { "0", "no", "off" }, *const on[] = { "", "=1", "=yes" };
	size_t count = 0;

	for (size_t i = 0; i < parameter_table_count; i++)
		for (size_t j = 0; j < parameter_tables[i]->count; j++) {
			const struct parameter *parameter = &parameter_tables[i]->parameters[j];
			const char *name = parameter->pattern;
			const struct assignment *sets = &parameter->sets[0];

			if (parameter->use != ON)
				continue;
			for (size_t k = 0; k < ARRAY_SIZE(off); k++) {
				const char *no = plan_text(&strings, "%s=%s", name, off[k]);
				const char *yes = plan_text(&strings, "%s%s", name, on[k]);
				struct plan plan = read_one(NULL, yes, no);

				assert_string_equal(plan_get(&plan, sets->setting), sets->text);
				plan_release(&plan);
				plan = read_one(NULL, no, yes);
				assert_string_equal(plan_get(&plan, sets->setting), "");
				assert_null(plan.notes);
				plan_release(&plan);
			}
			count++;
		}
	assert_true(count >= 6);
}

/* No entry is hidden behind another, of its table or of one before it. */
static void test_reachable(void **state)
{
	for (size_t i = 0; i < parameter_table_count; i++)
		for (size_t j = 0; j < parameter_tables[i]->count; j++) {
			const struct parameter *parameter = &parameter_tables[i]->parameters[j];
			const char *text = sample_of(&strings, parameter);
			struct plan plan = read_one(NULL, text, NULL);

			if (parameter->use != WRONG && parameter->sets[0].setting &&
			    plan_rank(&plan, parameter->sets[0].setting) == RANK_NONE)
				fail_msg("%s (%s) does not set what it says; note: %s", text,
					 parameter->pattern,
					 plan.notes ? plan.notes->text : "none");
			plan_release(&plan);
		}
}

/* What is in no table is no business of ours; what is, gives an effect or a note. */
static void test_known(void **state)
{
	static const char *const noted[] = { "cryptkey=x",     "rd.multipath",	  "ip=frommedia",
					     "earlymodules=x", "todisk=/dev/sda", "extramod=/x" };
	static const char *const unknown[] = { "xvi.mode=tmpfs", "notroot=/dev/x", "rwx", "foo",
					       "systemd" };
	struct plan plan;

	for (size_t i = 0; i < ARRAY_SIZE(noted); i++) {
		plan = read_one(NULL, noted[i], NULL);
		if (!plan.notes || !strstr(plan.notes->text, noted[i]))
			fail_msg("no note about %s", noted[i]);
		plan_release(&plan);
	}
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		plan = (struct plan){ 0 };
		assert_false(plan_parameter(&plan, unknown[i], RANK_CMDLINE));
		assert_null(plan.notes);
		plan_release(&plan);
	}
}

static void test_glob(void **state)
{
	assert_true(glob_matches("a*b*c", "axxbyyc"));
	assert_true(glob_matches("*", ""));
	assert_true(glob_matches("root=nbd:?*:?*", "root=nbd:h:1"));
	assert_false(glob_matches("root=nbd:?*:?*", "root=nbd:h:"));
	assert_true(glob_matches("p[0-9]*", "p07"));
	assert_false(glob_matches("p[0-9]", "px"));
	assert_false(glob_matches("ro", "rox"));
	assert_false(glob_matches("ro?", "ro"));
	assert_true(glob_matches("*.iso", "a.iso.iso"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranks), cmocka_unit_test(test_profile),
		cmocka_unit_test(test_later), cmocka_unit_test(test_switches),
		cmocka_unit_test(test_on),    cmocka_unit_test(test_reachable),
		cmocka_unit_test(test_known), cmocka_unit_test(test_glob),
	};
	const int failed = cmocka_run_group_tests_name("bootplan_table", tests, NULL, NULL);

	plan_release(&strings);
	return failed;
}
