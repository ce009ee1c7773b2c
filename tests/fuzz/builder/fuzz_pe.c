// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as an EFI program: read, searched, joined. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "builder/image/pe.h"
#include "builder/write/pe-join.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pe_join_section more[] = { { ".cmdline", (const uint8_t *)"x", 1 },
						       { ".initrd", (const uint8_t *)"yz", 2 } };
	struct strbuf out = { 0 };
	struct pe_section section;
	struct pe pe;

	if (pe_open(data, size, &pe, NULL) < 0)
		return 0;
	for (unsigned i = 0; i < pe.sections; i++)
		if (pe_section(&pe, i, &section, NULL) == 0 && section.len &&
		    section.data[0] + section.data[section.len - 1] < 0)
			abort();
	if (pe_join(data, size, more, 2, &out, NULL) == 0) {
		if (pe_open((const uint8_t *)out.text, out.len, &pe, NULL) < 0 ||
		    !pe_find(&pe, ".initrd", &section))
			abort();
	}
	strbuf_release(&out);
	return 0;
}
