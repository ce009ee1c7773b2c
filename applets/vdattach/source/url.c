// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/source/url.h"

#include "common/text.h"

bool source_is_url(const char *operand)
{
	return has_prefix(operand, "http://") || has_prefix(operand, "https://");
}
