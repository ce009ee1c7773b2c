// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/dm/hostfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "applets/lib/dmhost.h"
#include "applets/vdattach/dm/disk.h"
#include "applets/vdattach/source/sysfs.h"

#ifndef EXFAT_SUPER_MAGIC
#define EXFAT_SUPER_MAGIC 0x2011BAB0UL
#endif
#define NTFS3_MAGIC 0x7366746eUL /* linux/magic.h has none: fs/ntfs3/super.c */
#define NTFS_MAGIC  0x5346544eUL /* the driver ntfs: fs/ntfs/super.c */

/* FS_IOC_GETFLAGS: the file's blocks hold something else than its bytes, or move by themselves. */
#define FLAGS_ENCODED                                                                          \
	(FS_COMPR_FL | FS_ENCRYPT_FL | FS_JOURNAL_DATA_FL | FS_VERITY_FL | FS_INLINE_DATA_FL | \
	 FS_DAX_FL)

enum { UUID_SIZE = 129, CACHE_WINDOW = 128 * 1024 * 1024 };

static int take_slave(const char *name, void *arg)
{
	snprintf(arg, HOSTFILE_NAME_MAX, "%s", name);
	return 1;
}

static int hostfile_measure(const char *name, dev_t *ret_number, uint64_t *ret_size,
			    struct error **err)
{
	uint64_t sectors = 0;
	char text[32];
	int r = sysfs_read(name, "dev", text, sizeof(text));

	if (r == 0)
		r = parse_devnum(text, ret_number);
	if (r == 0)
		r = sysfs_read_u64(name, "size", &sectors);
	*ret_size = sectors * DM_SECTOR;
	return r < 0 ? error_sys(err, r, "/dev/%s", name) : 0;
}

int hostfile_device(int fd, char *ret, dev_t *ret_number, uint32_t *ret_sector_size,
		    uint64_t *ret_size, struct error **err)
{
	char wrapper[32], uuid[UUID_SIZE] = "";
	uint64_t sector_size = 0;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_sys(err, errno, "file");
	snprintf(wrapper, sizeof(wrapper), "dm-%u", minor(st.st_dev));
	if (sysfs_read(wrapper, "dm/uuid", uuid, sizeof(uuid)) < 0 ||
	    strncmp(uuid, DM_HOST_PREFIX, strlen(DM_HOST_PREFIX)) != 0 ||
	    sysfs_read(wrapper, "dev", uuid, sizeof(uuid)) < 0 ||
	    parse_devnum(uuid, ret_number) < 0 || *ret_number != st.st_dev)
		return error_make(err, EOPNOTSUPP,
				  "its file system is not mounted through a wrapper, as 'findimg "
				  "--wrap' mounts it");
	if (dm_disk_each(wrapper, "slaves", take_slave, ret) <= 0 ||
	    sysfs_read_u64(wrapper, "queue/logical_block_size", &sector_size) < 0)
		return error_make(err, EOPNOTSUPP, "the device below '/dev/%s' is not known",
				  wrapper);
	*ret_sector_size = (uint32_t)sector_size;
	return hostfile_measure(ret, ret_number, ret_size, err);
}

/* ext3 and ext4: what is in the journal is written to the file's blocks later. */
static bool journals_data(dev_t device)
{
	_cleanup_free_ char *line = NULL;
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	size_t room = 0;
	bool found = !mounts;
	char wanted[32];

	snprintf(wanted, sizeof(wanted), " %u:%u ", major(device), minor(device));
	while (mounts && !found && getline(&line, &room, mounts) > 0)
		found = strstr(line, wanted) && strstr(line, "data=journal");
	if (mounts)
		fclose(mounts);
	return found;
}

static const char *hostfile_reason(int fd, const struct statfs *fs, const struct stat *st)
{
	struct fsxattr attributes = { .fsx_xflags = 0 };
	int flags = 0;

	switch ((uint32_t)fs->f_type) {
	case EXT4_SUPER_MAGIC:
		if (journals_data(st->st_dev))
			return "its file system journals data";
		break;
	case XFS_SUPER_MAGIC:
		if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0 ||
		    attributes.fsx_xflags & FS_XFLAG_REALTIME)
			return "it is on the realtime device";
		break;
	case MSDOS_SUPER_MAGIC:
	case EXFAT_SUPER_MAGIC:
	case NTFS3_MAGIC:
	case NTFS_MAGIC:
		break;
	default:
		return "blocks of its file system may move, or hold something else";
	}
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && flags & FLAGS_ENCODED)
		return "it is compressed, encrypted, verified or journalled";
	return NULL;
}

int hostfile_check(int fd, struct error **err)
{
	const char *why;
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return error_sys(err, errno, "file system");
	why = S_ISREG(st.st_mode) ? hostfile_reason(fd, &fs, &st) : "it is not a regular file";
	return why ? error_make(err, EOPNOTSUPP, "%s", why) : 0;
}

/* Those blocks that lie in one piece by definition: a cluster of FAT and exFAT. */
static int hostfile_unit(int fd, uint32_t *ret_block, uint32_t *ret_unit, struct error **err)
{
	struct statfs fs;
	int block = 0;

	if (ioctl(fd, FIGETBSZ, &block) < 0 || fstatfs(fd, &fs) < 0)
		return error_sys(err, errno, "size of a block");
	*ret_block = (uint32_t)block;
	if (block < (int)DM_SECTOR || (uint64_t)fs.f_bsize % *ret_block)
		return error_make(err, EOPNOTSUPP, "blocks of %d bytes", block);
	*ret_unit = (uint32_t)fs.f_bsize / *ret_block;
	return 0;
}

/* *ret 0: a hole, or not written yet. */
static int fibmap(int fd, uint64_t block, uint64_t *ret, struct error **err)
{
	int number = (int)block;

	if (block > INT_MAX)
		return error_make(err, EOPNOTSUPP, "too large for FIBMAP");
	if (ioctl(fd, FIBMAP, &number) < 0)
		return error_sys(err, errno, "FIBMAP");
	*ret = (uint32_t)number;
	return 0;
}

static int add_unit(struct file_extents *extents, const struct file_extent *e)
{
	struct file_extent *last = extents->n ? extents->items + extents->n - 1 : NULL;

	if (!last || last->physical + last->length != e->physical ||
	    last->logical + last->length != e->logical)
		return extents_add(extents, e);
	last->length += e->length;
	return 0;
}

static int extents_by_fibmap(int fd, uint64_t length, struct file_extents *ret, struct error **err)
{
	uint32_t size = 0, unit = 0;
	int r = hostfile_unit(fd, &size, &unit, err);
	uint64_t blocks = r < 0 ? 0 : (length + size - 1) / size;

	for (uint64_t i = 0; i < blocks && r == 0; i += unit) {
		uint64_t n = MIN((uint64_t)unit, blocks - i), first = 0, last = 0;
		struct file_extent e = { .logical = i * size, .length = n * size };

		/* what exFAT has allocated and not written ends anywhere in a cluster */
		r = fibmap(fd, i, &first, err);
		if (r == 0)
			r = fibmap(fd, i + n - 1, &last, err);
		e.physical = first * size;
		if (r < 0 || !first || last != first + n - 1)
			break;
		r = add_unit(ret, &e);
		if (r < 0)
			return error_no_memory(err);
	}
	return r;
}

enum { FIEMAP_EACH = 128 };

static int take_extents(const struct fiemap *request, struct file_extents *ret, uint64_t *start,
			struct error **err)
{
	for (uint32_t i = 0; i < MIN(request->fm_mapped_extents, (uint32_t)FIEMAP_EACH); i++) {
		const struct fiemap_extent *f = request->fm_extents + i;
		const struct file_extent e = { f->fe_logical, f->fe_physical, f->fe_length,
					       f->fe_flags };

		if (f->fe_length > UINT64_MAX - f->fe_logical ||
		    f->fe_logical + f->fe_length <= *start)
			return error_make(err, EOPNOTSUPP, "FIEMAP answers nonsense");
		if (extents_add(ret, &e) < 0)
			return error_no_memory(err);
		*start = f->fe_logical + f->fe_length;
	}
	return 0;
}

static int extents_by_fiemap(int fd, uint64_t length, struct file_extents *ret, struct error **err)
{
	_cleanup_free_ struct fiemap *request =
		calloc(1, sizeof(*request) + FIEMAP_EACH * sizeof(*request->fm_extents));
	uint64_t start = 0;
	int r = request ? 0 : error_no_memory(err);

	while (start < length && r == 0) {
		*request = (struct fiemap){ .fm_start = start,
					    .fm_length = length - start,
					    .fm_flags = FIEMAP_FLAG_SYNC,
					    .fm_extent_count = FIEMAP_EACH };
		if (ioctl(fd, FS_IOC_FIEMAP, request) < 0)
			return error_sys(err, errno, "FIEMAP");
		if (request->fm_mapped_extents == 0)
			break;
		r = take_extents(request, ret, &start, err);
	}
	return r;
}

int hostfile_extents(int fd, uint64_t length, struct file_extents *ret, struct error **err)
{
	struct statfs fs;

	if (fsync(fd) < 0 || fstatfs(fd, &fs) < 0)
		return error_sys(err, errno, "cannot write the file out");
	switch ((uint32_t)fs.f_type) {
	case MSDOS_SUPER_MAGIC:
	case EXFAT_SUPER_MAGIC:
		return extents_by_fibmap(fd, length, ret, err);
	default:
		return extents_by_fiemap(fd, length, ret, err);
	}
}

/* mincore(2) of a mapping is the only way to ask that every kernel has. */
static int count_cached(int fd, uint64_t offset, size_t length, uint8_t *pages, uint64_t *ret,
			struct error **err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *map = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, (off_t)offset);
	int r = 0;

	if (map == MAP_FAILED)
		return error_sys(err, errno, "cannot ask for cached pages");
	if (mincore(map, length, pages) < 0)
		r = error_sys(err, errno, "cannot ask for cached pages");
	for (size_t i = 0; i < (length + page - 1) / page && r == 0; i++)
		*ret += pages[i] & 1;
	munmap(map, length);
	return r;
}

int hostfile_uncache(int fd, uint64_t length, struct error **err)
{
	_cleanup_free_ uint8_t *pages = malloc(CACHE_WINDOW / 4096);
	uint64_t cached = 0;
	int r = pages ? 0 : error_no_memory(err);

	if (r == 0 && fsync(fd) < 0)
		return error_sys(err, errno, "cannot write the file out");
	if (r == 0) {
		/* posix_fadvise(3) returns the error and sets none */
		r = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		if (r > 0)
			return error_sys(err, r, "cannot drop cached pages");
	}
	for (uint64_t offset = 0; offset < length && r == 0; offset += CACHE_WINDOW)
		r = count_cached(fd, offset, (size_t)MIN(length - offset, (uint64_t)CACHE_WINDOW),
				 pages, &cached, err);
	if (r == 0 && cached)
		r = error_make(err, EBUSY,
			       "%" PRIu64 " pages of it stay in memory: another program uses it",
			       cached);
	return r;
}
