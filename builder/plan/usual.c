// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What makes the loading of modules faster. Most of that time goes into their signatures and their
 * decompression.
 *
 * Modules that most boots load: the kernel's xz decoder needs ten times as long for them as that of
 * the image's compressor, so they are stored without their own compression, whatever that of the
 * image is; the hundreds that a boot does not load stay as they are, which needs less memory.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builder/plan/internal.h"
#include "builder/resolve/module/inflate.h"
#include "builder/resolve/module/modules.h"
#include "builder/util/strbuf.h"
#include "common/text.h"

static const struct {
	const char *option, *alias;
} hashes[] = {
	{ "MODULE_SIG_SHA256", "crypto-sha256" },
	{ "MODULE_SIG_SHA384", "crypto-sha384" },
	{ "MODULE_SIG_SHA512", "crypto-sha512" },
};

static const char *const usual[] = {
	"ahci",	       "ata_piix", "ehci_pci",	 "erofs",	 "ext4",	"isofs",    "loop",
	"nvme",	       "overlay",  "sd_mod",	 "sha256_ssse3", "sr_mod",	"squashfs", "uas",
	"usb_storage", "vfat",	   "virtio_blk", "virtio_pci",	 "virtio_scsi", "xhci_pci",
};

/* Modules that nothing of the profile asked for */
static int explain_verifier(struct module_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		struct module *module = &table->modules[i];

		if (!module->chosen || module->why.file || !has_prefix(module->reason, "profile "))
			continue;
		free(module->reason);
		module->reason = strdup("verifies the signatures of modules");
		if (!module->reason)
			return -ENOMEM;
	}
	return 0;
}

int plan_choose_verifier(struct planner *planner, struct module_set *set, struct error **err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(hashes); i++) {
		_cleanup_free_ char *spec = NULL;

		if (host_kernel_config(planner->host, hashes[i].option) != 'y')
			continue;
		if (asprintf(&spec, "%s?", hashes[i].alias) < 0)
			return error_no_memory(err);
		r = module_set_add(set, spec, (struct srcloc){ 0 }, err);
	}
	return r < 0 ? r : explain_verifier(&set->table) < 0 ? error_no_memory(err) : 0;
}

int plan_index_first(struct planner *planner, struct error **err)
{
	static const struct cause cause = { .reason = "what coldplug loads first" };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	_cleanup_free_ char *path = NULL;
	size_t len;
	char *data;

	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++)
		if (host_kernel_config(planner->host, hashes[i].option) == 'y')
			strbuf_printf(&text, "%s\n", hashes[i].alias);
	len = text.len;
	if (!len)
		return 0;
	data = strbuf_steal(&text);
	if (!data || asprintf(&path, "lib/modules/%s/modules.first", planner->host->kver) < 0) {
		free(data);
		return error_no_memory(err);
	}
	return plan_add_data(planner, SEGMENT_MODULES, path, data, len, 0644, &cause, err);
}

static void inflate_one(struct module *module)
{
	const char *codec = inflate_codec(module->path);

	module->inflated = module->chosen && codec && strcmp(codec, "xz") == 0;
}

void plan_inflate_usual(struct module_table *table)
{
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		struct module *module = module_table_find(table, usual[i]);

		if (!module || !module->chosen)
			continue;
		inflate_one(module);
		for (const char *dep = module->deps; *dep; dep += strspn(dep, " ")) {
			const size_t len = strcspn(dep, " ");
			struct module *needed = module_table_find_path(table, dep, len);

			if (needed)
				inflate_one(needed);
			dep += len;
		}
	}
}
