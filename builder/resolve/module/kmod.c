// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/resolve/module/kmod.h"

#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "builder/resolve/module/depmod.h"

struct kmod_lookup {
	struct kmod_ctx *ctx;
};

/* libkmod would print to stderr by itself; what matters comes back as an error code. */
static void log_nothing(void *data, int priority, const char *file, int line, const char *fn,
			const char *format, va_list args)
{
}

static int no_index(const char *modules_dir, const char *name, struct error **err)
{
	_cleanup_free_ char *command = depmod_command(modules_dir);

	return error_make(err, ENOENT, "'%s' has no module index (%s): make it with '%s'",
			  modules_dir, name, command ? command : "depmod");
}

/* libkmod does not tell which of its files it could not read, nor why. */
static int explain_index(const char *modules_dir, struct error **err)
{
	static const char *const names[] = { "modules.dep.bin", "modules.alias.bin",
					     "modules.symbols.bin", "modules.builtin.bin" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = NULL;
		_cleanup_close_ int fd = -1;

		if (asprintf(&path, "%s/%s", modules_dir, names[i]) < 0) {
			path = NULL;
			return error_no_memory(err);
		}
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			return no_index(modules_dir, names[i], err);
		if (fd < 0)
			return error_sys(err, errno, "cannot read the module index '%s'", path);
	}
	return error_make(
		err, EBADMSG,
		"the module index in '%s' (modules.*.bin) is damaged or of another version; "
		"run depmod again",
		modules_dir);
}

/* A kernel that was installed without modules.builtin: depmod makes an empty index of it, or none.
 * libkmod reads the others when they are looked up, and takes nothing for built in. */
static bool lacks_builtin(const char *modules_dir)
{
	static const char *const names[] = { "modules.dep.bin", "modules.alias.bin",
					     "modules.symbols.bin", "modules.builtin" };
	size_t i = 0;
	bool there = true;

	for (; there && i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/%s", modules_dir, names[i]) < 0)
			return false;
		there = access(path, R_OK) == 0;
	}
	return !there && i == ARRAY_SIZE(names);
}

int kmod_lookup_open(const char *modules_dir, struct kmod_lookup **ret, struct error **err)
{
	static const char *const no_config[] = { NULL };
	struct kmod_lookup *lookup = calloc(1, sizeof(*lookup));

	if (!lookup)
		return error_no_memory(err);
	lookup->ctx = kmod_new(modules_dir, no_config);
	if (!lookup->ctx) {
		kmod_lookup_close(lookup);
		return error_make(err, ENOMEM, "cannot open the module directory '%s'",
				  modules_dir);
	}
	kmod_set_log_fn(lookup->ctx, log_nothing, NULL);
	if (kmod_load_resources(lookup->ctx) < 0 && !lacks_builtin(modules_dir)) {
		kmod_lookup_close(lookup);
		return explain_index(modules_dir, err);
	}
	*ret = lookup;
	return 0;
}

static int append_name(struct vec *names, struct kmod_list *item)
{
	struct kmod_module *module = kmod_module_get_module(item);
	char *name = strdup(kmod_module_get_name(module));
	int r;

	kmod_module_unref(module);
	if (!name)
		return -ENOMEM;
	r = vec_push(names, name);
	if (r < 0)
		free(name);
	return r;
}

int kmod_lookup_name(struct kmod_lookup *lookup, const char *name, struct vec *names,
		     struct error **err)
{
	struct kmod_list *list = NULL, *item;
	int r = kmod_module_new_from_lookup(lookup->ctx, name, &list);

	/* -EINVAL: not the spelling of a name, so no module has it */
	if (r < 0 && r != -ENOMEM)
		return 0;
	if (r == 0) {
		kmod_list_foreach(item, list)
		{
			r = append_name(names, item);
			if (r < 0)
				break;
		}
	}
	kmod_module_unref_list(list);
	return r < 0 ? error_no_memory(err) : 0;
}

void kmod_lookup_close(struct kmod_lookup *lookup)
{
	if (!lookup)
		return;
	if (lookup->ctx)
		kmod_unref(lookup->ctx);
	free(lookup);
}
