// SPDX-License-Identifier: GPL-2.0-or-later
/* Programs and modules of one image are for one machine. */
#include <string.h>

#include "builder/check/internal.h"
#include "builder/image/decode/decode.h"
#include "builder/image/program.h"
#include "builder/util/machine.h"

struct head {
	uint8_t data[MACHINE_HEAD];
	size_t len;
};

/* Ends the decoder when the head is whole. */
static int take_head(void *context, const uint8_t *data, size_t len, struct error **err)
{
	struct head *head = context;
	size_t n = MIN(len, sizeof(head->data) - head->len);

	memcpy(head->data + head->len, data, n);
	head->len += n;
	return head->len == sizeof(head->data);
}

static uint16_t machine_of_module(const uint8_t *data, size_t len)
{
	const struct decoder *decoder = decoder_detect(data, len);
	struct head head = { .len = 0 };
	const struct decode_output output = { take_head, &head, 256 * MIB };
	struct error *ignored = NULL;
	size_t used;

	if (!decoder)
		return machine_read(data, len);
	(void)decoder->decode(data, len, &output, &used, &ignored);
	error_release(&ignored);
	return machine_read(head.data, head.len);
}

void check_see_module(struct check *check, const struct image_entry *entry)
{
	const char *slash = strrchr(entry->path, '/');

	if (!check->machine && slash && strstr(slash, ".ko") && strstr(entry->path, "lib/modules/"))
		check->machine = machine_of_module(entry->data, (size_t)entry->size);
}

void check_machine(struct check *check)
{
	const struct tree_node *node;
	char program[32], kernel[32];

	vec_foreach(i, node, &check->tree.nodes) {
		const struct program *facts = node->file ? node->file->facts : NULL;

		if (!facts || facts->kind != PROGRAM_ELF || !(node->mode & 0111) ||
		    strstr(node->path, "lib/firmware/") ||
		    machine_runs(check->machine, facts->machine))
			continue;
		check_add(check, "foreign-program", node->offset,
			  "'/%s' is a program for %s, and the image's modules are for %s; use one "
			  "for %s",
			  node->path, machine_name(facts->machine, program, sizeof(program)),
			  machine_name(check->machine, kernel, sizeof(kernel)),
			  machine_name(check->machine, kernel, sizeof(kernel)));
	}
}
