// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "applets/vdattach/cmd/cmd.h"
#include "common/url.h"

/* Where a server has to answer before there is a device, which waits for it as long as it has to.
 */
#define ATTACH_PATIENCE 20u

int url_open(const struct options *options, struct source **ret, struct error **err)
{
	struct url_request request = options->url;

	request.urls = options->operand;
	request.patience = options->patience;
	if (!request.serves && !request.patience)
		request.patience = ATTACH_PATIENCE;
	return source_url_open(&request, ret, err);
}

/* The path of a file of the directory. NULL: no memory. */
static char *file_of(const struct options *options, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", options->http_dir, name) < 0 ? NULL : path;
}

static int set_if_there(const struct options *options, const char *name, const char **ret)
{
	char *path = file_of(options, name);

	if (!path)
		return -ENOMEM;
	if (access(path, R_OK) == 0)
		*ret = path;
	else
		free(path);
	return 0;
}

/* Makes *ret a copy of shown, which loses its passwords: they are not for those who see the command
 * line of a process. */
static int hide_password(char *shown, const char **ret)
{
	*ret = strdup(shown);
	if (!*ret)
		return -ENOMEM;
	url_blank(shown);
	return 0;
}

int url_prepare(struct options *options, struct error **err)
{
	struct url_request *url = &options->url;
	int r = 0;

	if (options->operand && source_is_url(options->operand))
		r = hide_password(options->operands[0], &options->operand);
	if (r == 0 && options->proxy)
		r = hide_password(options->proxy, &url->proxy);
	if (r < 0)
		return error_no_memory(err);
	if (!options->http_dir)
		return 0;
	if (!url->authority)
		r = set_if_there(options, "ca.pem", &url->authority);
	if (r == 0)
		r = set_if_there(options, "first", &url->first);
	if (r == 0 && !url->cache && !(url->cache = file_of(options, "cache")))
		r = -ENOMEM;
	return r < 0 ? error_no_memory(err) : 0;
}
