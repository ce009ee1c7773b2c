// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/export.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "applets/lib/msg.h"
#include "applets/vdattach/control.h"
#include "applets/vdattach/server.h"

/* best first */
static const struct vd_export_ops *const exporters[] = {
	&vd_export_loop, &vd_export_dm, &vd_export_dm_daemon, &vd_export_ublk, &vd_export_nbd,
};

const struct vd_export_ops vd_export_ublk = { .name = "ublk", .server = &vd_server_ublk };
const struct vd_export_ops vd_export_nbd = { .name = "nbd", .server = &vd_server_nbd };

const struct vd_export_ops *vd_export_find_server(const char *name, struct error **err)
{
	for (size_t i = 0; i < ARRAY_SIZE(exporters); i++) {
		if (exporters[i]->server && strcmp(exporters[i]->name, name) == 0)
			return exporters[i];
	}
	error_make(err, EINVAL, "exporter '%s' has no daemon", name);
	return NULL;
}

/* Some have two entries: without and with a daemon. */
static int check_name(const char *name, struct error **err)
{
	char names[64] = "";
	const char *last = "";
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(exporters); i++) {
		if (strcmp(exporters[i]->name, name) == 0)
			return 0;
		if (strcmp(exporters[i]->name, last) != 0)
			n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "",
					      exporters[i]->name);
		last = exporters[i]->name;
	}
	return error_make(err, EINVAL, "unknown exporter '%s', expected one of %s", name, names);
}

static int probe(const struct vd_export_ops *ops, struct vd_image *image, struct error **err)
{
	int r = ops->probe ? ops->probe(image, err) : 0;

	return r == 0 && ops->server ? ops->server->probe(err) : r;
}

/* The first that can, of those called name or (NULL) all. Otherwise *err says why each could not.
 */
static int choose_best(struct vd_export *ex, const char *name, struct error **err)
{
	_cleanup_error_ struct error *reasons = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(exporters); i++) {
		_cleanup_error_ struct error *why = NULL;

		if (name && strcmp(exporters[i]->name, name) != 0)
			continue;
		if (probe(exporters[i], ex->image, &why) == 0) {
			ex->ops = exporters[i];
			return 0;
		}
		msg(MSG_INFO, "exporter %s: %s", exporters[i]->name, error_msg(why));
		error_make(&reasons, EOPNOTSUPP, "%s%s%s", reasons ? error_msg(reasons) : "",
			   reasons ? "; " : "", error_msg(why));
	}
	return error_move(err, steal_ptr(&reasons));
}

int vd_export_choose(struct vd_export *ex, const char *name, struct error **err)
{
	int r = name ? check_name(name, err) : 0;

	return r == 0 ? choose_best(ex, name, err) : r;
}

int vd_export_attach(struct vd_export *ex, struct error **err)
{
	if (ex->ops->server)
		return ex->launch(ex, &ex->devpath, err);
	return ex->ops->attach(ex, err);
}

int vd_export_detach(struct vd_export *ex, struct error **err)
{
	char answer[CONTROL_TEXT_MAX];

	if (!ex->devpath)
		return 0;
	if (ex->ops->server)
		return control_ask(strrchr(ex->devpath, '/') + 1, "detach", true, answer, err);
	return ex->ops->detach(ex, err);
}

void vd_export_release(struct vd_export *ex)
{
	free(ex->devpath);
	ex->devpath = NULL;
}
