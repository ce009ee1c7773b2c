// SPDX-License-Identifier: GPL-2.0-or-later
/* What the parameters leave open. */

#include <string.h>

#include "applets/bootplan/glob.h"
#include "applets/bootplan/settle.h"
#include "applets/bootplan/table/value.h"
#include "common/text.h"

#define DEFAULT_TIMEOUT 30

static bool is(const struct plan *plan, enum setting setting, const char *text)
{
	return strcmp(plan_get(plan, setting), text) == 0;
}

static bool settle_begins(const struct plan *plan, enum setting setting, const char *prefix)
{
	return has_prefix(plan_get(plan, setting), prefix);
}

/* Our parameters set the limit, others (+SECONDS) only raise it: the entries are in the order of
 * their ranks. */
static void settle_timeout(struct plan *plan)
{
	uint64_t limit = DEFAULT_TIMEOUT, value;

	for (const struct entry *entry = plan->values[S_WAITS]; entry; entry = entry->next) {
		const bool raise = *entry->text == '+';

		if (number_parse(entry->text + raise, LONGEST_WAIT, &value) == 0 &&
		    (!raise || value > limit))
			limit = value;
	}
	plan_force(plan, S_TIMEOUT, 0, plan_text(plan, "%u", (unsigned int)limit));
}

/* restore=PLACE mydata=NAME; without a place in the directory of tce=, or wherever it is */
static void settle_restore(struct plan *plan)
{
	const int rank = plan_rank(plan, S_TC_RESTORE);
	const char *place, *name = plan_get(plan, S_TC_MYDATA);
	size_t len;

	if (!plan_has(plan, S_TC_RESTORE))
		return;
	if (!is(plan, S_TC_RESTORE, "any"))
		place = tinycore_place(plan, plan_get(plan, S_TC_RESTORE));
	else
		place = plan_has(plan, S_TCE) ? plan_get(plan, S_TCE) : "any:/";
	len = strlen(place);
	if (len && place[len - 1] == '/')
		len--;
	plan_set(plan, S_TC_WORDS, rank, "1");
	plan_set(plan, S_PERSIST, rank,
		 plan_text(plan, "archive:%.*s/%s.tgz", (int)len, place, *name ? name : "mydata"));
}

/* noswap is about disks, nozswap about compressed memory; swap that a parameter of a higher rank
 * asks for stays. */
static void settle_swap(struct plan *plan)
{
	struct entry **entry = &plan->values[S_SWAP];

	while (*entry) {
		const bool zram = strncmp((*entry)->text, "zram", 4) == 0;
		const enum setting no = zram ? S_NO_ZRAM : S_NO_SWAP;

		if (plan_has(plan, no) && (*entry)->rank <= plan_rank(plan, no))
			*entry = (*entry)->next;
		else
			entry = &(*entry)->next;
	}
}

/* Gentoo's CD: loop= is an image on the medium, and root=/dev/ram0 means nothing any more. */
static void settle_cdroot(struct plan *plan)
{
	if (!plan_has(plan, S_CDROOT))
		return;
	plan_force(plan, S_ROOT_IS_HOST, 0, "");
	if (settle_begins(plan, S_ROOT, "/dev/ram"))
		plan_force(plan, S_ROOT, 0, "");
	if (plan_rank(plan, S_MODE) <= plan_rank(plan, S_CDROOT))
		plan_force(plan, S_MODE, plan_rank(plan, S_CDROOT), "overlay");
}

static void settle_share(struct plan *plan, const char *image)
{
	const int rank = plan_rank(plan, S_ROOT);

	plan_set(plan, S_MODE, rank, "share");
	plan_set(plan, S_IMAGE, rank, image);
	plan_force(plan, S_ROOT, rank, "");
}

/* root=TAG rootfstype=9p, root=/dev/nfs nfsroot=SERVER:/path */
static void settle_shares(struct plan *plan)
{
	const char *type = plan_get(plan, S_FSTYPE), *root = plan_get(plan, S_ROOT);
	const bool nfs = strcmp(type, "nfs") == 0 || strcmp(type, "nfs4") == 0;

	if (plan_has(plan, S_LIVE_NFS))
		plan_force(plan, S_ROOT, 0, "");
	else if (*root && (strcmp(type, "9p") == 0 || strcmp(type, "virtiofs") == 0))
		settle_share(plan, plan_text(plan, "%s:%s", type, root));
	else if ((nfs || !*type) && strcmp(root, "/dev/nfs") == 0)
		settle_share(plan, plan_text(plan, "nfs:%s", plan_get(plan, S_NFSROOT)));
	else if ((nfs || !*type) && is_nfs_root(root) && nfs_place(plan, root))
		settle_share(plan, plan_text(plan, "nfs:%s", nfs_place(plan, root)));
}

static const char *guess_mode(const struct plan *plan)
{
	static const struct {
		const char *pattern, *mode;
	} guesses[] = {
		{ "9p:*", "share" },   { "virtiofs:*", "share" }, { "nfs:*", "share" },
		{ "nbd://*", "disk" }, { "*.tar", "tmpfs" },	  { "*.tar.*", "tmpfs" },
		{ "*.tgz", "tmpfs" },  { "*.txz", "tmpfs" },	  { "*.tzst", "tmpfs" },
		{ "*.cpio", "tmpfs" }, { "*.cpio.*", "tmpfs" },	  { "*.vhd", "loop" },
		{ "*.vhdx", "loop" },  { "*.vdi", "loop" },	  { "*.vmdk", "loop" },
		{ "*.qcow2", "loop" }, { "*.img", "loop" },	  { "*.raw", "loop" },
		{ "*.disk", "loop" },  { "?*", "overlay" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(guesses); i++)
		if (glob_matches(guesses[i].pattern, plan_get(plan, S_IMAGE)))
			return guesses[i].mode;
	return plan_has(plan, S_ROOT) ? "disk" : "tmpfs";
}

/* What other systems, or the profile, say of changes is for a root that can have them. */
static void settle_persist(struct plan *plan)
{
	const bool said = plan_has(plan, S_PERSIST);

	if (is(plan, S_MODE, "overlay")) {
		if (!said)
			plan_force(plan, S_PERSIST, 0, "ram");
	} else if (is(plan, S_MODE, "loop") || is(plan, S_MODE, "disk")) {
		if (!said)
			plan_force(plan, S_PERSIST_OPEN, 0, "1");
		if (!said)
			plan_force(plan, S_PERSIST, 0, "none");
	} else if (is(plan, S_MODE, "share") && plan_rank(plan, S_PERSIST) >= RANK_CMDLINE) {
		if (is(plan, S_PERSIST, "none"))
			plan_force(plan, S_PERSIST, 0, "");
	} else if (plan_rank(plan, S_PERSIST) < RANK_CMDLINE + RANK_OWN &&
		   !(is(plan, S_MODE, "tmpfs") && settle_begins(plan, S_PERSIST, "archive:"))) {
		plan_force(plan, S_PERSIST, 0, "");
	}
	if (plan_has(plan, S_GENERATIONS) &&
	    (settle_begins(plan, S_PERSIST, "dir:") || settle_begins(plan, S_PERSIST, "file:") ||
	     settle_begins(plan, S_PERSIST, "device:")))
		plan_force(plan, S_PERSIST, plan_rank(plan, S_PERSIST),
			   plan_text(plan, "%s,%s", plan_get(plan, S_PERSIST),
				     plan_join(plan, S_GENERATIONS)));
}

/* root= is the disk; the profile's host is the one to use without it, vi.host= before it. */
static void settle_disk(struct plan *plan)
{
	if (settle_begins(plan, S_IMAGE, "nbd:")) {
		if (plan_has(plan, S_ROOT))
			plan_note(plan, NULL, "parameter 'root=%s' is not used: the root is on %s",
				  plan_get(plan, S_ROOT), plan_get(plan, S_IMAGE));
		plan_force(plan, S_HOST, 0, "");
		plan_force(plan, S_ROOT, 0, "");
		return;
	}
	if (!plan_has(plan, S_ROOT) ||
	    (plan_rank(plan, S_HOST) > plan_rank(plan, S_ROOT) && !is(plan, S_HOST, "any")))
		plan_force(plan, S_ROOT, plan_rank(plan, S_HOST), plan_get(plan, S_HOST));
	plan_force(plan, S_HOST, 0, "");
	plan_force(plan, S_IMAGE, 0, "");
}

static void note_unused(struct plan *plan)
{
	const char *mode = plan_get(plan, S_MODE);

	if (is(plan, S_TORAM, "1") && strcmp(mode, "overlay") != 0 && strcmp(mode, "tmpfs") != 0)
		plan_note(plan, NULL, "parameter 'vi.toram' is not used in mode %s", mode);
	if (plan_has(plan, S_RESUME_OFFSET) && !plan_has(plan, S_RESUME))
		plan_note(plan, NULL,
			  "parameter 'resume_offset=%s' is not used: resume= does not say which "
			  "device has the swap file",
			  plan_get(plan, S_RESUME_OFFSET));
	if (plan_has(plan, S_CHECKS) && strcmp(mode, "overlay") != 0)
		plan_note(plan, NULL,
			  "the parameters verify-checksums, checksum, verify= and cms_verify= are "
			  "not "
			  "used in mode %s",
			  mode);
	if (strcmp(mode, "disk") != 0 && plan_has(plan, S_IMAGE) && plan_has(plan, S_ROOT) &&
	    !plan_has(plan, S_ROOT_IS_HOST))
		plan_note(plan, NULL,
			  "parameter 'root=%s' is not used: the root is made of vi.image=%s",
			  plan_get(plan, S_ROOT), plan_get(plan, S_IMAGE));
}

/* Notes about parameters of a live system's are of no use where another system is booted. */
static void settle_notes(struct plan *plan, const char *live)
{
	struct note **note = &plan->notes;

	while (*note)
		if ((*note)->system && strcmp((*note)->system, live) != 0)
			*note = (*note)->next;
		else
			note = &(*note)->next;
}

void plan_settle(struct plan *plan)
{
	settle_timeout(plan);
	if (plan_has(plan, S_VERBOSE))
		plan_force(plan, S_QUIET, 0, "");
	settle_notes(plan, plan_get(plan, S_LIVE));
	settle_netroot(plan);
	if (plan_has(plan, S_LIVE) || plan_has(plan, S_RD_LIVE) || plan_has(plan, S_COW_HOST) ||
	    (plan_has(plan, S_PERSIST) && plan_rank(plan, S_PERSIST) < RANK_CMDLINE + RANK_OWN))
		settle_live(plan);
	settle_restore(plan);
	if (plan_has(plan, S_NO_TCE) && plan_rank(plan, S_TCE) <= plan_rank(plan, S_NO_TCE))
		plan_force(plan, S_TCE, 0, "");
	settle_swap(plan);
	settle_cdroot(plan);
	settle_shares(plan);
	if (plan_has(plan, S_ROOT_IS_HOST) && plan_has(plan, S_ROOT))
		plan_set(plan, S_HOST, plan_rank(plan, S_ROOT_IS_HOST), plan_get(plan, S_ROOT));
	if (!plan_has(plan, S_HOST))
		plan_force(plan, S_HOST, RANK_NONE, "any");
	if (!plan_has(plan, S_MODE))
		plan_force(plan, S_MODE, 0, guess_mode(plan));
	settle_persist(plan);
	if (is(plan, S_MODE, "disk"))
		settle_disk(plan);
	settle_volumes(plan);
	settle_links(plan);
	note_unused(plan);
}
