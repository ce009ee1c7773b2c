// SPDX-License-Identifier: GPL-2.0-or-later
/* Content-Range, and addresses, as servers and menus write them; what an interrupted download has
 * left. */
#include <stdlib.h>
#include <string.h>

#include "applets/netfetch/kept.h"
#include "applets/netfetch/version.h"
#include "common/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), shown[URL_SHOWN];
	struct version version;
	uint64_t first;
	int64_t whole;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (version_parse_range(text, &first, &whole) && whole >= 0 && first >= (uint64_t)whole)
		abort();
	url_shown(text, shown, sizeof(shown));
	url_server(text, shown, sizeof(shown));
	url_host(text, shown, sizeof(shown));
	url_blank(text);
	if (kept_parse(text, &version) && !version_validator(&version))
		abort();
	free(text);
	return 0;
}
