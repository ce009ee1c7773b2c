// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as an image: read, made a tree, judged. Bounded memory and time. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "builder/check/check.h"
#include "builder/image/program.h"
#include "builder/image/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_entry(void *context, const struct image_entry *entry, struct error **err)
{
	return image_tree_add(context, entry, err);
}

static int on_violation(void *context, const char *rule, uint64_t offset, const char *text,
			struct error **err)
{
	return 0;
}

static int on_content(void *context, struct tree_file *file, const struct image_entry *entry,
		      struct error **err)
{
	file->facts = program_read(entry->data, (size_t)entry->size);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char config[] = "CONFIG_RD_GZIP=y\n";
	struct image_tree tree = { .digests = true,
				   .content = on_content,
				   .free_facts = program_free };
	const struct image_visitor visitor = { .entry = on_entry,
					       .violation = on_violation,
					       .context = &tree,
					       .limits = { 8 * MIB, 4 * MIB } };
	char kver[] = "6.12", *text = strdup(config);
	const struct host host = { .kver = kver, .kernel_config = text };
	struct check_report report = { 0 };

	if (image_walk(data, size, "fuzz", &visitor, NULL) == 0) {
		image_tree_finish(&tree);
		image_tree_resolve(&tree, "/init", NULL);
		/* what fits these limits is small enough to be judged without them */
		(void)!check_run(data, size, "fuzz", &host, &report, NULL);
		check_report_release(&report);
	}
	image_tree_release(&tree);
	free(text);
	return 0;
}
