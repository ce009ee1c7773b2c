// SPDX-License-Identifier: GPL-2.0-or-later
/* Roots on logical volumes and in LUKS volumes. */

#include <string.h>
#include <strings.h>

#include "applets/bootplan/glob.h"
#include "applets/bootplan/settle.h"
#include "common/text.h"

/* Device-mapper names have each '-' of VG and LV doubled, and a single one between them; NULL
 * without exactly one. */
static const char *vg_of_mapped(struct plan *plan, const char *name)
{
	const char *dash = NULL;
	char *vg, *to;

	for (const char *c = name; *c; c++)
		if (*c == '-' && c[1] == '-')
			c++;
		else if (*c == '-' && dash)
			return NULL;
		else if (*c == '-')
			dash = c;
	if (!dash || dash == name || !dash[1])
		return NULL;
	vg = to = plan_copy(plan, plan_text(plan, "%.*s", (int)(dash - name), name));
	if (!vg)
		return NULL;
	for (const char *c = vg; *c; c += *c == '-' ? 2 : 1)
		*to++ = *c;
	*to = '\0';
	return vg;
}

/* The volume group, when /dev/VG/LV or /dev/mapper/VG-LV is the name of a logical volume; else NULL
 */
static const char *vg_of(struct plan *plan, const char *device)
{
	static const char *const others[] = { "/dev/disk/",  "/dev/vdhost/", "/dev/block/",
					      "/dev/cciss/", "/dev/ida/",    "/dev/md/" };
	const char *slash;

	if (has_prefix(device, "/dev/mapper/"))
		return vg_of_mapped(plan, device + strlen("/dev/mapper/"));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (has_prefix(device, others[i]))
			return NULL;
	if (!glob_matches("/dev/?*/?*", device))
		return NULL;
	device += strlen("/dev/");
	slash = strchr(device, '/');
	return strchr(slash + 1, '/') || slash == device
		       ? NULL
		       : plan_text(plan, "%.*s", (int)(slash - device), device);
}

/* One of the LUKS volumes of the plan gets this name. */
static bool names_luks(const struct plan *plan, const char *name)
{
	for (const struct entry *entry = plan->values[S_LUKS]; entry; entry = entry->next) {
		const char *text = strchr(entry->text, ' ');
		const size_t len = text ? strcspn(text + 1, " ") : 0;

		if (len && strlen(name) == len && strncmp(text + 1, name, len) == 0)
			return true;
	}
	return false;
}

static bool is_active(const struct plan *plan, const char *vg, const char *volume)
{
	for (const struct entry *entry = plan->values[S_LVM]; entry; entry = entry->next)
		if (strcmp(entry->text, vg) == 0 || strcmp(entry->text, volume) == 0)
			return true;
	return false;
}

/* The volume group of a root on a logical volume need not be named. */
static void add_group(struct plan *plan, const char *device)
{
	const char *name =
		has_prefix(device, "/dev/mapper/") ? device + strlen("/dev/mapper/") : device;
	const char *vg = names_luks(plan, name) ? NULL : vg_of(plan, device);
	const char *lv;

	if (!vg || plan_has(plan, S_LVM_OFF))
		return;
	lv = device + strlen("/dev/");
	if (has_prefix(device, "/dev/mapper/")) {
		/* VG/LV from VG-LV: the part behind the group and its doubled dashes */
		size_t skip = strlen(vg) + 1;
		char *text, *to;

		for (const char *c = vg; *c; c++)
			skip += *c == '-';
		text = to = plan_copy(plan, name + skip);
		if (!text)
			return;
		for (const char *c = text; *c; c += *c == '-' ? 2 : 1)
			*to++ = *c;
		*to = '\0';
		lv = plan_text(plan, "%s/%s", vg, text);
	}
	plan_force(plan, S_ON_LVM, 0, "1");
	if (!is_active(plan, vg, lv))
		plan_set(plan, S_LVM, RANK_CMDLINE + RANK_OWN, vg);
}

/* Alpine's cryptroot=DEVICE cryptdm=NAME */
static void settle_cryptroot(struct plan *plan)
{
	const char *name = plan_get(plan, S_CRYPTDM);

	if (plan_has(plan, S_CRYPTROOT))
		plan_set(plan, S_LUKS, plan_rank(plan, S_CRYPTROOT),
			 plan_text(plan, "%s %s%s", plan_get(plan, S_CRYPTROOT),
				   *name ? name : "crypt",
				   plan_has(plan, S_CRYPTDISCARDS) ? " --allow-discards" : ""));
}

/* Options are for the volumes whose UUID begins so. */
static void settle_luks_options(struct plan *plan)
{
	for (const struct entry *o = plan->values[S_LUKS_OPTIONS]; o; o = o->next) {
		const size_t len = strcspn(o->text, " ");

		for (struct entry *entry = plan->values[S_LUKS]; entry; entry = entry->next)
			if (!len || (has_prefix(entry->text, "UUID=") &&
				     strncasecmp(entry->text + 5, o->text, len) == 0))
				entry->text = plan_text(plan, "%s%s", entry->text, o->text + len);
	}
}

void settle_volumes(struct plan *plan)
{
	const bool loop = strcmp(plan_get(plan, S_MODE), "loop") == 0,
		   disk = strcmp(plan_get(plan, S_MODE), "disk") == 0;
	const char *root = plan_get(plan, S_ROOT);

	settle_cryptroot(plan);
	settle_luks_options(plan);
	if (!plan_has(plan, S_LVM) && !plan_has(plan, S_LUKS) && !glob_matches("/dev/*/*", root) &&
	    !glob_matches("/dev/*/*", plan_get(plan, S_PART)))
		return;
	if (loop && !plan_has(plan, S_PART) && !plan_has(plan, S_ROOT_IS_HOST) &&
	    has_prefix(root, "/dev/mapper/")) {
		plan_force(plan, S_PART, plan_rank(plan, S_ROOT), root);
		plan_force(plan, S_ROOT, 0, "");
	}
	if (plan_has(plan, S_LVM_OFF))
		plan->values[S_LVM] = NULL;
	if (plan_has(plan, S_LUKS_OFF))
		plan->values[S_LUKS] = NULL;
	if (disk || loop) {
		add_group(plan, plan_get(plan, disk ? S_ROOT : S_PART));
		return;
	}
	if (plan_has(plan, S_LVM) || plan_has(plan, S_LUKS))
		plan_note(plan, NULL,
			  "the parameters for LVM and LUKS volumes are not used in mode %s",
			  plan_get(plan, S_MODE));
	plan->values[S_LVM] = NULL;
	plan->values[S_LUKS] = NULL;
}
