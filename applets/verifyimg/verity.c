// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/verifyimg/verity.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "applets/lib/dm.h"
#include "applets/lib/loopdev.h"
#include "applets/lib/modreq.h"
#include "applets/verifyimg/extent.h"
#include "applets/verifyimg/superblock.h"

/* Where mkvinitrd pack and users of veritysetup --hash-offset append the tree */
#define APPEND_ALIGN 4096u

/* A file or device that is open. */
struct verity_part {
	const char *path;
	int fd;
	uint64_t size;
	char *loop;  /* for a file: its device, owned */
	int loop_fd; /* holds it until the mapped device does */
	dev_t device;
};

struct verity_setup {
	const struct verity_request *request;
	struct verity_part image, hashes;
	struct verity_super super;
	uint64_t offset; /* of the header, in the hashes */
};

static void part_release(struct verity_part *part)
{
	close_fd(&part->fd);
	close_fd(&part->loop_fd);
	free(part->loop);
}

static void setup_release(struct verity_setup *setup)
{
	part_release(&setup->image);
	part_release(&setup->hashes);
}

static int part_open(struct verity_part *part, const char *path, struct error **err)
{
	off_t end;

	part->path = path;
	part->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	end = part->fd < 0 ? -1 : lseek(part->fd, 0, SEEK_END);
	if (end < 0)
		return error_sys(err, errno, "cannot open '%s'", path);
	part->size = (uint64_t)end;
	return 0;
}

static int part_read(const struct verity_part *part, void *buf, size_t n, uint64_t offset,
		     struct error **err)
{
	ssize_t have = pread(part->fd, buf, n, (off_t)offset);

	if (have == (ssize_t)n)
		return 0;
	if (have < 0)
		return error_sys(err, errno, "cannot read '%s'", part->path);
	return error_make(err, ENODATA, "'%s' ends at byte %" PRIu64, part->path, part->size);
}

/* Sets offset for a tree behind the file system of the image. */
static int find_appended(struct verity_setup *setup, struct error **err)
{
	uint8_t head[EXTENT_HEAD];
	uint64_t size = 0;
	int r = part_read(&setup->image, head, sizeof(head), 0, err);

	if (r < 0)
		return r;
	size = file_system_extent(head);
	if (size && add_u64(size, APPEND_ALIGN - 1, &size)) {
		setup->offset = size & ~(uint64_t)(APPEND_ALIGN - 1);
		if (setup->offset < setup->image.size)
			return 0;
	}
	return error_make(err, ENODATA,
			  "'%s' has no hash tree behind its file system, and none lies beside it: "
			  "make one with mkvinitrd pack --verity or veritysetup format",
			  setup->image.path);
}

static int read_super(struct verity_setup *setup, struct error **err)
{
	const struct verity_request *request = setup->request;
	uint8_t data[VERITY_SUPER_SIZE];
	int r = part_open(&setup->image, request->image, err);

	if (r == 0)
		r = part_open(&setup->hashes, request->hashes ? request->hashes : request->image,
			      err);
	if (r == 0 && !request->hashes)
		r = find_appended(setup, err);
	if (r == 0)
		r = part_read(&setup->hashes, data, sizeof(data), setup->offset, err);
	if (r < 0)
		return r;
	r = verity_super_parse(data, &setup->super, err);
	return r < 0 ? error_wrap(err, "'%s', byte %" PRIu64, setup->hashes.path, setup->offset)
		     : 0;
}

static int check_sizes(const struct verity_setup *setup, struct error **err)
{
	const struct verity_super *super = &setup->super;
	uint64_t data = super->data_blocks * super->data_block_size, end;

	if (data > setup->image.size)
		return error_make(err, ENODATA,
				  "'%s' has %" PRIu64 " bytes and its hash tree is for %" PRIu64
				  ": it is cut off, or the tree is that of another image",
				  setup->image.path, setup->image.size, data);
	end = verity_tree_start(super, setup->offset) +
	      verity_tree_blocks(super, setup->request->root_size);
	if (end > setup->hashes.size / super->hash_block_size)
		return error_make(err, ENODATA, "the hash tree in '%s' is cut off",
				  setup->hashes.path);
	return 0;
}

/* The hash of the tree's root, where this program knows the algorithm. Type 1 hashes the salt
 * first. */
static int check_root(const struct verity_setup *setup, struct error **err)
{
	const struct verity_super *super = &setup->super;
	uint8_t digest[SHA256_DIGEST_LENGTH], *block;
	SHA2_CTX ctx;
	int r;

	if (strcmp(super->algorithm, "sha256") != 0 || super->data_blocks < 2 ||
	    super->hash_type != 1)
		return 0;
	block = malloc(super->hash_block_size);
	if (!block)
		return error_no_memory(err);
	r = part_read(&setup->hashes, block, super->hash_block_size,
		      verity_tree_start(super, setup->offset) * super->hash_block_size, err);
	SHA256Init(&ctx);
	SHA256Update(&ctx, super->salt, super->salt_size);
	SHA256Update(&ctx, block, super->hash_block_size);
	SHA256Final(digest, &ctx);
	free(block);
	if (r < 0)
		return r;
	if (setup->request->root_size == sizeof(digest) &&
	    memcmp(digest, setup->request->root, sizeof(digest)) == 0)
		return 0;
	return error_make(
		err, EKEYREJECTED,
		"the hash tree in '%s' does not have the root hash that is trusted: it is "
		"damaged, or that of another image",
		setup->hashes.path);
}

/* Sets part->device, by a loop device for a file. */
static int part_attach(struct verity_part *part, struct error **err)
{
	struct loop_request request = {
		.path = part->path, .fd = part->fd, .read_only = true, .autoclear = true
	};
	struct stat st;
	int r;

	if (fstat(part->fd, &st) < 0)
		return error_sys(err, errno, "cannot open '%s'", part->path);
	if (!S_ISBLK(st.st_mode)) {
		r = loop_attach_fd(&request, &part->loop, &part->loop_fd, err);
		if (r < 0)
			return r;
		if (fstat(part->loop_fd, &st) < 0)
			return error_sys(err, errno, "cannot open '%s'", part->loop);
	}
	part->device = st.st_rdev;
	return 0;
}

static void to_hex(const uint8_t *data, size_t n, char *ret)
{
	for (size_t i = 0; i < n; i++)
		snprintf(ret + 2 * i, 3, "%02x", data[i]);
}

static int load_table(const struct verity_setup *setup, int control, const char *name,
		      struct error **err)
{
	const struct verity_super *super = &setup->super;
	char root[2 * VERITY_DIGEST_MAX + 1] = "", salt[2 * VERITY_SALT_MAX + 1] = "-";
	struct dm_verity verity = {
		.hash_type = super->hash_type,
		.data = setup->image.device,
		.hashes = setup->hashes.device,
		.data_block_size = super->data_block_size,
		.hash_block_size = super->hash_block_size,
		.data_blocks = super->data_blocks,
		.hash_start = verity_tree_start(super, setup->offset),
		.algorithm = super->algorithm,
		.root = root,
		.salt = salt,
	};
	struct dm_table table;
	int r = dm_table_new(DM_VERITY_ROOM, &table);

	if (r < 0)
		return error_no_memory(err);
	to_hex(setup->request->root, setup->request->root_size, root);
	if (super->salt_size)
		to_hex(super->salt, super->salt_size, salt);
	r = dm_table_verity(&table, &verity)
		    ? dm_swap(control, name, &table, true, err)
		    : error_make(err, E2BIG, "the table of '%s' is too long", name);
	dm_table_release(&table);
	return r;
}

/* What is damaged at its beginning is better refused now than by a mount that says nothing of it.
 */
static int read_first(const struct verity_setup *setup, const char *node, struct error **err)
{
	uint8_t byte;
	_cleanup_close_ int fd = open(node, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && pread(fd, &byte, 1, 0) == 1)
		return 0;
	return error_make(
		err, EKEYREJECTED,
		"'%s' is not the image that is trusted: its first block, or the hash tree "
		"above it, does not lead to the root hash; the kernel's log names the block",
		setup->image.path);
}

static int verity_map(const struct verity_setup *setup, int control, char **ret_device,
		      struct error **err)
{
	char root[9], uuid[2 * VERITY_UUID_SIZE + 1], name[32], text[80], node[32];
	dev_t device = 0;
	int r;

	to_hex(setup->request->root, 4, root);
	to_hex(setup->super.uuid, VERITY_UUID_SIZE, uuid);
	snprintf(name, sizeof(name), "verity-%s", root);
	/* as libcryptsetup names it, so that `veritysetup status` knows it */
	snprintf(text, sizeof(text), "CRYPT-VERITY-%s-%s", uuid, name);
	r = dm_create(control, name, text, &device, err);
	if (r < 0)
		return r;
	r = load_table(setup, control, name, err);
	if (r == 0)
		r = dm_make_nodes(name, device, err);
	dm_node(device, node, sizeof(node));
	if (r == 0)
		r = read_first(setup, node, err);
	if (r == 0 && !(*ret_device = strdup(node)))
		r = error_no_memory(err);
	if (r < 0) {
		(void)!dm_remove(control, name, NULL);
		dm_remove_nodes(name, device);
	}
	return r;
}

int verity_attach(const struct verity_request *request, char **ret_device, struct error **err)
{
	_cleanup_(setup_release) struct verity_setup setup = {
		.request = request,
		.image = { .fd = -1, .loop_fd = -1 },
		.hashes = { .fd = -1, .loop_fd = -1 },
	};
	_cleanup_close_ int control = -1;
	int r = read_super(&setup, err);

	if (r == 0)
		r = check_sizes(&setup, err);
	if (r == 0)
		r = check_root(&setup, err);
	if (r == 0)
		r = part_attach(&setup.image, err);
	if (r == 0)
		r = part_attach(&setup.hashes, err);
	if (r < 0)
		return r;
	control = dm_open(err);
	if (control < 0)
		return control;
	module_request("dm_verity");
	return verity_map(&setup, control, ret_device, err);
}
