// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/util/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "builder/util/readfile.h"
#include "builder/util/vec.h"
#include "common/file.h"

#define FILES_MAX 64
#define BYTES_MAX (128 * MIB)
/* A proof of the content in front of it; a new layout gets a new number. */
#define MAGIC	    "mkvinitrd cache 1\n"
#define HEADER_SIZE (sizeof(MAGIC) - 1 + 32 + 1)
#define SUFFIX	    ".cache"

static void to_hex(XXH128_hash_t hash, char text[33])
{
	snprintf(text, 33, "%016" PRIx64 "%016" PRIx64, (uint64_t)hash.high64,
		 (uint64_t)hash.low64);
}

struct cache_key cache_key(const char *what, const void *content, size_t len)
{
	const uint64_t seed = XXH3_64bits(what, strlen(what));
	struct cache_key key = { .text = "" };

	to_hex(XXH3_128bits_withSeed(content, len, seed), key.text);
	return key;
}

static char *entry_path(const char *dir, const struct cache_key *key)
{
	char *path;

	return asprintf(&path, "%s/%s" SUFFIX, dir, key->text) < 0 ? NULL : path;
}

static bool is_sound(const char *file, size_t len)
{
	char hash[33];

	if (len < HEADER_SIZE || memcmp(file, MAGIC, sizeof(MAGIC) - 1) != 0)
		return false;
	to_hex(XXH3_128bits(file + HEADER_SIZE, len - HEADER_SIZE), hash);
	return memcmp(file + sizeof(MAGIC) - 1, hash, 32) == 0;
}

bool cache_load(const char *dir, const struct cache_key *key, char **ret, size_t *ret_len)
{
	_cleanup_free_ char *path = dir ? entry_path(dir, key) : NULL;
	_cleanup_free_ char *file = NULL;
	size_t len;

	if (!path || read_file(path, &file, &len, NULL) < 0)
		return false;
	if (!is_sound(file, len)) {
		unlink(path);
		return false;
	}
	/* used now: pruning goes by this time */
	utimensat(AT_FDCWD, path, NULL, 0);
	memmove(file, file + HEADER_SIZE, len - HEADER_SIZE);
	*ret_len = len - HEADER_SIZE;
	*ret = steal_ptr(&file);
	return true;
}

struct cached {
	char *path;
	uint64_t size;
	struct timespec used;
};

static void cached_free(void *data)
{
	struct cached *file = data;

	free(file->path);
	free(file);
}

/* The most recently used first. */
static int compare_use(const void *a, const void *b)
{
	const struct cached *left = a, *right = b;

	if (left->used.tv_sec != right->used.tv_sec)
		return left->used.tv_sec > right->used.tv_sec ? -1 : 1;
	if (left->used.tv_nsec != right->used.tv_nsec)
		return left->used.tv_nsec > right->used.tv_nsec ? -1 : 1;
	return strcmp(left->path, right->path);
}

static void cache_collect(const char *dir, const char *name, struct vec *files)
{
	size_t len = strlen(name), suffix = strlen(SUFFIX);
	struct cached *file;
	struct stat st;

	if (len != 32 + suffix || strcmp(name + 32, SUFFIX) != 0)
		return;
	file = calloc(1, sizeof(*file));
	if (!file)
		return;
	if (asprintf(&file->path, "%s/%s", dir, name) < 0)
		file->path = NULL;
	if (file->path && lstat(file->path, &st) == 0 && S_ISREG(st.st_mode)) {
		file->size = (uint64_t)st.st_size;
		file->used = st.st_mtim;
		if (vec_push(files, file) == 0)
			return;
	}
	cached_free(file);
}

static void prune(const char *dir)
{
	DIR *directory = opendir(dir);
	struct vec files = { 0 };
	const struct dirent *entry;
	const struct cached *file;
	uint64_t total = 0;

	if (!directory)
		return;
	while ((entry = readdir(directory)))
		cache_collect(dir, entry->d_name, &files);
	closedir(directory);
	vec_sort(&files, compare_use);
	vec_foreach(i, file, &files) {
		total += file->size;
		if (i >= FILES_MAX || total > BYTES_MAX)
			unlink(file->path);
	}
	vec_clear(&files, cached_free);
}

static bool make_directories(const char *dir)
{
	_cleanup_free_ char *path = strdup(dir);

	if (!path)
		return false;
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		mkdir(path, 0777);
		*p = '/';
	}
	return mkdir(path, 0777) == 0 || errno == EEXIST;
}

static bool cache_write_entry(int fd, const void *content, size_t len)
{
	char header[HEADER_SIZE + 1], hash[33];

	to_hex(XXH3_128bits(content, len), hash);
	snprintf(header, sizeof(header), MAGIC "%s\n", hash);
	return write_all(fd, header, HEADER_SIZE) == 0 && write_all(fd, content, len) == 0;
}

/* No fsync: an entry that a crash cut short does not pass is_sound. */
void cache_store(const char *dir, const struct cache_key *key, const void *content, size_t len)
{
	_cleanup_free_ char *path = NULL, *temp = NULL;
	int fd;

	if (!dir || len > BYTES_MAX / 2 || !make_directories(dir))
		return;
	path = entry_path(dir, key);
	if (!path || asprintf(&temp, "%s/.new.XXXXXX", dir) < 0)
		return;
	fd = mkstemp(temp);
	if (fd < 0)
		return;
	if (!cache_write_entry(fd, content, len) || fchmod(fd, 0644) < 0 || rename(temp, path) < 0)
		unlink(temp);
	close(fd);
	prune(dir);
}
