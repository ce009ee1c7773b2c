// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/microcode.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/host/places.h"
#include "builder/resolve/module/inflate.h"
#include "builder/resolve/tree.h"
#include "common/bytes.h"

/* arch/x86/kernel/cpu/microcode/amd.c: UCODE_MAGIC; intel.c: header version 1, loader revision 1.
 */
#define AMD_MAGIC 0x00414d44

static bool is_amd(const uint8_t *data, size_t len)
{
	return len > 12 && get_le32(data) == AMD_MAGIC;
}

static bool is_intel(const uint8_t *data, size_t len)
{
	return len >= 48 && get_le32(data) == 1 && get_le32(data + 20) == 1;
}

static int microcode_add_file(struct microcode *microcode, const char *path, struct error **err)
{
	_cleanup_free_ char *data = NULL;
	size_t len;
	int r = inflate_file(path, &data, &len, err);

	if (r < 0)
		return r;
	if (is_amd((const uint8_t *)data, len))
		strbuf_add_mem(&microcode->amd, data, len);
	else if (is_intel((const uint8_t *)data, len))
		strbuf_add_mem(&microcode->intel, data, len);
	else
		return error_make(err, EINVAL, "'%s' is microcode of neither Intel nor AMD", path);
	return 0;
}

/* What else lies there (README, signatures) is passed over, and so is a link to what lies there as
 * well. */
static int microcode_add_node(struct microcode *microcode, const struct host *host,
			      const char *directory, const struct tree_node *node,
			      struct error **err)
{
	_cleanup_error_ struct error *problem = NULL;
	_cleanup_free_ char *real = NULL;
	size_t len = strlen(directory);
	struct stat st;
	int r;

	if (node->kind != ENTRY_FILE && node->kind != ENTRY_SYMLINK)
		return 0;
	if (node->kind == ENTRY_SYMLINK &&
	    (host_resolve_below(host, directory, node->path, &real, NULL) < 0 ||
	     stat(real, &st) < 0 || !S_ISREG(st.st_mode) ||
	     (strncmp(real, directory, len) == 0 && real[len] == '/')))
		return 0;
	r = microcode_add_file(microcode, real ? real : node->source, &problem);
	return r == 0 || r == -EINVAL ? 0 : error_move(err, steal_ptr(&problem));
}

static int microcode_add_directory(struct microcode *microcode, const struct host *host,
				   const char *directory, struct error **err)
{
	struct vec nodes = { 0 };
	const struct tree_node *node;
	int r = tree_list(directory, &nodes, err);

	vec_foreach(i, node, &nodes)
		if (r == 0)
			r = microcode_add_node(microcode, host, directory, node, err);
	vec_clear(&nodes, tree_node_free);
	return r;
}

int microcode_add_auto(struct microcode *microcode, const struct host *host, struct error **err)
{
	static const char *const vendors[] = { "/lib/firmware/intel-ucode",
					       "/lib/firmware/amd-ucode" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(vendors); i++) {
		struct vec directories = { 0 };
		const char *directory;

		r = host_directories(host, vendors[i], &directories, err);
		vec_foreach(k, directory, &directories)
			if (r == 0)
				r = microcode_add_directory(microcode, host, directory, err);
		vec_clear(&directories, free);
	}
	return r;
}

int microcode_add_path(struct microcode *microcode, const char *path, struct error **err)
{
	char none[] = "";
	const struct host here = { .sysroot = none };
	struct tree_node *node = NULL;
	int r = tree_probe(path, true, &node, err);

	if (r < 0)
		return r;
	r = node->kind == ENTRY_DIR ? microcode_add_directory(microcode, &here, path, err)
				    : microcode_add_file(microcode, path, err);
	tree_node_free(node);
	return r;
}

void microcode_release(struct microcode *microcode)
{
	strbuf_release(&microcode->intel);
	strbuf_release(&microcode->amd);
}
