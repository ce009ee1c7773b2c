// SPDX-License-Identifier: GPL-2.0-or-later
/* Linked into vdattach, in place of http/: its size counts where there is no network. */
#include <errno.h>

#include "applets/vdattach/source/url.h"

int source_url_open(const struct url_request *request, struct source **ret, struct error **err)
{
	*ret = NULL;
	return error_make(err, EOPNOTSUPP,
			  "%s: this vdattach has no HTTP: use vdattach-http, which images with "
			  "network drivers have",
			  request->urls);
}

const char *source_url_identity(const struct source *source)
{
	return source->name;
}

int source_url_resolve(const struct url_request *request, char **ret, struct error **err)
{
	*ret = NULL;
	return error_make(err, EOPNOTSUPP, "%s: this vdattach has no HTTP", request->urls);
}
