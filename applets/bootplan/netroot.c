// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Roots on servers: NFS in the forms of the kernel, dracut and anaconda, netroot=, what a DHCP
 * server tells (root-path), LTSP. Sources: the kernel's nfsroot.rst, dracut.cmdline(7) and dracut's
 * nfs-lib.sh.
 */
#include <string.h>

#include "applets/bootplan/glob.h"
#include "applets/bootplan/settle.h"
#include "applets/bootplan/table/value.h"
#include "common/text.h"

/* nfs://SERVER[:PORT]/path, text being what is behind nfs: */
static const char *nfs_of_url(struct plan *plan, const char *text)
{
	const char *path = strchr(text + 2, '/'), *port;
	int len = path ? (int)(path - text - 2) : 0;

	if (!len)
		return NULL;
	if (text[2 + len - 1] == ':') /* anaconda's nfs://SERVER:/path */
		len--;
	port = memchr(text + 2, ':', (size_t)len);
	if (!port || text[2] == '[')
		return plan_text(plan, "%.*s:%s", len, text + 2, path);
	return plan_text(plan, "%.*s:%s:port=%.*s", (int)(port - text - 2), text + 2, path,
			 (int)(text + 2 + len - port - 1), port + 1);
}

const char *nfs_place(struct plan *plan, const char *text)
{
	const char *path = strstr(text, ":/"), *colon = strchr(text, ':');

	if (has_prefix(text, "//"))
		return nfs_of_url(plan, text);
	if (*text == '/')
		return text;
	if (!path || path == text)
		return NULL;
	if (*text == '[')
		return strchr(text, ']') + 1 == path ? text : NULL;
	if (colon != path) /* anaconda's OPTIONS:SERVER:/path */
		return plan_text(plan, "%s:%.*s", colon + 1, (int)(colon - text), text);
	return text;
}

static void take_share(struct plan *plan, const struct word *word, const char *place,
		       const char *options)
{
	if (!place) {
		parameter_wrong(plan, word);
		return;
	}
	plan_set(plan, S_MODE, word->rank, "share");
	plan_set(plan, S_IMAGE, word->rank, plan_text(plan, "nfs:%s%s", place, options));
}

/* nfs:PLACE or nfs4:PLACE; without a place what the lease says */
void take_root_nfs(struct plan *plan, const struct word *word)
{
	const bool four = has_prefix(word->value, "nfs4");
	const char *rest = word->value + (four ? 4 : 3), *place;

	rest += *rest == ':';
	if (!*rest) {
		plan_set(plan, S_MODE, word->rank, "share");
		plan_set(plan, S_NETROOT, word->rank, four ? "nfs4" : "nfs");
		return;
	}
	place = nfs_place(plan, rest);
	/* options begin at a ',' or at a ':' behind the path */
	take_share(plan, word, place,
		   !four || !place ? ""
		   : strchr(strchr(place, '/'), ',') || strchr(strchr(place, '/'), ':')
			   ? ",vers=4.1"
			   : ":vers=4.1");
}

/* Whether root=TEXT is a directory of an NFS server: SERVER:/path, or /path on the server of the
 * lease. */
bool is_nfs_root(const char *text)
{
	const size_t len = strcspn(text, ":");

	if (*text == '/')
		return text[1] && !has_prefix(text, "/dev/");
	if (*text == '[')
		return strstr(text, "]:/");
	return len && text[len] && text[len + 1] == '/' && !memchr(text, '=', len) &&
	       !memchr(text, '/', len) && strcmp(plan_scheme(text), "") == 0;
}

const char *plan_scheme(const char *text)
{
	static const char *const schemes[] = { "block:",    "file:",   "live:",
					       "liveiso:",  "import:", "zfs:",
					       "bcachefs:", "mtd:",    "ubi:" };

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (has_prefix(text, schemes[i]))
			return schemes[i];
	return strstr(text, "://") ? "://" : "";
}

void take_netroot(struct plan *plan, const struct word *word)
{
	const char *text = word->value;
	struct word root = *word;

	root.text = plan_text(plan, "root=%s", text);
	root.value = strchr(root.text, '=') + 1;
	if (has_prefix(text, "nbd:"))
		plan_set(plan, S_NETDISK, word->rank, text);
	else if (glob_matches("nfs", text) || glob_matches("nfs4", text) ||
		 has_prefix(text, "nfs:") || has_prefix(text, "nfs4:"))
		take_root_nfs(plan, &root);
	else if (is_nfs_root(text))
		take_share(plan, word, nfs_place(plan, text), "");
	else if (has_prefix(text, "http://") || has_prefix(text, "https://"))
		take_root_medium(plan, text, word->rank);
	else if (has_prefix(text, "live:") || has_prefix(text, "livenet:"))
		take_root_medium(plan, strchr(text, ':') + 1, word->rank);
	else
		parameter_wrong(plan, word);
}

/* root=/dev/root is any, /dev/nbd0 the disk that nbdroot= names. */
static bool is_no_root(const char *root)
{
	return !*root || strcmp(root, "/dev/root") == 0 || strcmp(root, "block:/dev/root") == 0 ||
	       (glob_matches("/dev/nbd[0-9]*", root) && !strchr(root, 'p'));
}

/* netroot=nbd:... with a root= is a disk that the root is looked for on; else it is the root. */
static void settle_netdisks(struct plan *plan)
{
	struct entry *entry = plan->values[S_NETDISK];

	if (!entry)
		return;
	if (is_no_root(plan_get(plan, S_ROOT))) {
		const char *text = plan_text(plan, "root=%s", entry->text);
		const struct word word = { .text = text,
					   .value = strchr(text, '=') + 1,
					   .rank = entry->rank,
					   .expected = NBD_FORM };

		plan_force(plan, S_ROOT, RANK_NONE, "");
		plan_set(plan, S_MODE, entry->rank, "disk");
		take_root_nbd(plan, &word);
		plan->values[S_NETDISK] = NULL;
		return;
	}
	plan_set(plan, S_MODE, entry->rank, "disk");
	for (; entry; entry = entry->next)
		entry->text = nbd_disk_uri(plan, entry->text);
}

/* ltsp.image=PATH: the image is below the root, which is an NFS directory or a partition. */
static void settle_ltsp(struct plan *plan)
{
	const char *image = plan_get(plan, S_LTSP), *root = plan_get(plan, S_ROOT);
	const int rank = plan_rank(plan, S_LTSP);
	const size_t len = strcspn(image, ",");

	if (!*image)
		return;
	if (image[len])
		plan_note(plan, NULL, "parameter 'ltsp.image=%s': its options are not used", image);
	plan_set(plan, S_MODE, rank, "overlay");
	plan_set(plan, S_IMAGE, rank,
		 plan_text(plan, "%s%.*s", *image == '/' ? "" : "/", (int)len, image));
	if (strcmp(root, "/dev/nfs") == 0)
		root = plan_get(plan, S_NFSROOT);
	if (is_nfs_root(root)) {
		plan_force(plan, S_LIVE_NFS, rank, root);
		plan_force(plan, S_ROOT, RANK_NONE, "");
	} else {
		plan_set(plan, S_ROOT_IS_HOST, rank, "1");
	}
}

/* root=/dev/nfs alone is what the lease says */
static void settle_lease(struct plan *plan)
{
	if (strcmp(plan_get(plan, S_ROOT), "/dev/nfs") != 0 || plan_has(plan, S_NFSROOT) ||
	    plan_has(plan, S_LIVE_NETBOOT) || plan_has(plan, S_LTSP))
		return;
	plan_set(plan, S_NETROOT, plan_rank(plan, S_ROOT), "nfs");
	plan_set(plan, S_MODE, plan_rank(plan, S_ROOT), "share");
}

/* What a server tells counts as netroot= does. */
void plan_take_root_path(struct plan *plan, const char *path)
{
	struct word word = { .expected = "a root-path as nfs:SERVER:/path, SERVER:/path, /path or "
					 "nbd:SERVER:EXPORT" };
	const char *kind;

	settle_lease(plan);
	kind = plan_get(plan, S_NETROOT);
	if (!*kind)
		return;
	word.rank = plan_rank(plan, S_NETROOT);
	plan_force(plan, S_ROOT, RANK_NONE, "");
	plan_force(plan, S_NETROOT, RANK_NONE, "");
	plan_force(plan, S_MODE, RANK_NONE, "");
	if (strcmp(kind, "dhcp") != 0 && !has_prefix(path, "nfs"))
		path = plan_text(plan, "%s:%s", kind, path);
	word.text = plan_text(plan, "root-path=%s", path);
	word.value = strchr(word.text, '=') + 1;
	if (glob_matches("iscsi:*", path))
		parameter_refused(plan, &word);
	else
		take_netroot(plan, &word);
}

void settle_netroot(struct plan *plan)
{
	settle_ltsp(plan);
	settle_lease(plan);
	if (plan_rank(plan, S_IMAGE) > plan_rank(plan, S_NETROOT))
		plan_force(plan, S_NETROOT, RANK_NONE, "");
	if (plan_has(plan, S_NETROOT))
		plan_force(plan, S_ROOT, RANK_NONE, "");
	if (strcmp(plan_get(plan, S_NETROOT), "dhcp6") == 0) {
		plan_force(plan, S_NETROOT, plan_rank(plan, S_NETROOT), "dhcp");
		if (!plan_has(plan, S_NET))
			plan_force(plan, S_NET, 0, "dhcp6");
	}
	settle_netdisks(plan);
	if (plan_rank(plan, S_IMAGE) > plan_rank(plan, S_REFUSED))
		plan_force(plan, S_REFUSED, RANK_NONE, "");
}
