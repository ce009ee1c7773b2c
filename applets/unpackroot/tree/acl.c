// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/unpackroot/tree/acl.h"

#include <archive.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/bytes.h"
#include "common/macro.h"

struct acl_item {
	uint16_t tag, perm;
	uint32_t id;
};

struct acl_list {
	struct acl_item *items;
	size_t count;
};

static bool acl_exists(struct archive_entry *entry, int type)
{
	/* an access ACL of the three mode classes alone counts as none */
	return archive_entry_acl_reset(entry, type) > 0;
}

/* Steps through the list begun by archive_entry_acl_reset. 1, 0 at the end. */
static int next_item(struct archive_entry *entry, int type, struct acl_item *item,
		     const char **ret_name)
{
	int got_type, perm, tag, id;

	if (archive_entry_acl_next(entry, type, &got_type, &perm, &tag, &id, ret_name) !=
	    ARCHIVE_OK)
		return 0;
	item->perm = (uint16_t)((perm & ARCHIVE_ENTRY_ACL_READ ? ACL_READ : 0) |
				(perm & ARCHIVE_ENTRY_ACL_WRITE ? ACL_WRITE : 0) |
				(perm & ARCHIVE_ENTRY_ACL_EXECUTE ? ACL_EXECUTE : 0));
	item->tag = tag == ARCHIVE_ENTRY_ACL_USER	 ? ACL_USER
		    : tag == ARCHIVE_ENTRY_ACL_GROUP	 ? ACL_GROUP
		    : tag == ARCHIVE_ENTRY_ACL_USER_OBJ	 ? ACL_USER_OBJ
		    : tag == ARCHIVE_ENTRY_ACL_GROUP_OBJ ? ACL_GROUP_OBJ
		    : tag == ARCHIVE_ENTRY_ACL_MASK	 ? ACL_MASK
							 : ACL_OTHER;
	item->id = (uint32_t)id;
	return 1;
}

static bool needs_lookup(const struct acl_item *item, const char *name)
{
	return (item->tag == ACL_USER || item->tag == ACL_GROUP) && item->id == UINT32_MAX &&
	       name && *name;
}

int acl_has_names(struct archive_entry *entry, int type)
{
	struct acl_item item;
	const char *name;

	if (!acl_exists(entry, type))
		return 0;
	while (next_item(entry, type, &item, &name))
		if (needs_lookup(&item, name))
			return 1;
	return 0;
}

/* Third field of the line of passwd(5) or group(5) that begins with name. */
static int acl_look_up(const char *file, const char *name, uint32_t *ret)
{
	FILE *f = fopen(file, "re");
	size_t len = strlen(name), size = 0;
	char *line = NULL, *field;
	int r = -ENOENT;

	if (!f)
		return -errno;
	while (r < 0 && getline(&line, &size, f) > 0) {
		if (strncmp(line, name, len) != 0 || line[len] != ':')
			continue;
		field = strchr(line + len + 1, ':');
		if (field && sscanf(field, ":%u:", ret) == 1)
			r = 0;
	}
	free(line);
	fclose(f);
	return r;
}

/* Whether item has its number now. */
static bool acl_resolve(struct acl_item *item, const char *name)
{
	if (!needs_lookup(item, name))
		return true;
	return acl_look_up(item->tag == ACL_USER ? "/etc/passwd" : "/etc/group", name, &item->id) ==
	       0;
}

static void acl_collect(struct archive_entry *entry, int type, struct acl_list *list,
			uint64_t *unknown)
{
	struct acl_item item;
	const char *name;

	while (next_item(entry, type, &item, &name)) {
		if (!acl_resolve(&item, name)) {
			++*unknown;
			continue;
		}
		if (item.tag != ACL_USER && item.tag != ACL_GROUP)
			item.id = ACL_UNDEFINED_ID;
		list->items[list->count++] = item;
	}
}

/* The kernel refuses named entries without a mask; the union of the group class changes nothing. */
static void add_mask(struct acl_list *list)
{
	struct acl_item mask = { .tag = ACL_MASK, .id = ACL_UNDEFINED_ID };
	bool named = false;
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (list->items[i].tag == ACL_MASK)
			return;
		named |= list->items[i].tag == ACL_USER || list->items[i].tag == ACL_GROUP;
		if (list->items[i].tag & (ACL_USER | ACL_GROUP | ACL_GROUP_OBJ))
			mask.perm |= list->items[i].perm;
	}
	if (named)
		list->items[list->count++] = mask;
}

/* The kernel's order of tags is the order of their values. */
static int acl_compare_items(const void *a, const void *b)
{
	const struct acl_item *x = a, *y = b;

	if (x->tag != y->tag)
		return x->tag < y->tag ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static int encode_list(const struct acl_list *list, void **ret, size_t *ret_size)
{
	size_t i, size = 4 + 8 * list->count;
	uint8_t *value = malloc(size), *p = value;

	if (!value)
		return -ENOMEM;
	put_le32(p, POSIX_ACL_XATTR_VERSION);
	p += 4;
	for (i = 0; i < list->count; i++, p += 8) {
		put_le16(p, list->items[i].tag);
		put_le16(p + 2, list->items[i].perm);
		put_le32(p + 4, list->items[i].id);
	}
	*ret = value;
	*ret_size = size;
	return 0;
}

int acl_encode(struct archive_entry *entry, int type, void **ret, size_t *ret_size,
	       uint64_t *unknown)
{
	_cleanup_free_ struct acl_item *items = NULL;
	struct acl_list list = { 0 };
	int count;

	*ret = NULL;
	*ret_size = 0;
	count = archive_entry_acl_reset(entry, type);
	if (count <= 0)
		return 0;
	/* three of the mode classes and a mask beyond what libarchive counts */
	list.items = items = calloc((size_t)count + 4, sizeof(*items));
	if (!items)
		return -ENOMEM;
	acl_collect(entry, type, &list, unknown);
	add_mask(&list);
	qsort(list.items, list.count, sizeof(*items), acl_compare_items);
	return encode_list(&list, ret, ret_size);
}
