// SPDX-License-Identifier: GPL-2.0-or-later
/* Decides which exporter makes the disk: loop, dm, ublk, nbd, fuse or direct. */
#include "applets/vdattach/export/export.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "applets/vdattach/export/control.h"
#include "applets/vdattach/server/server.h"
#include "common/msg.h"

static const struct vd_export_ops ublk = { .name = "ublk", .server = &vd_server_ublk },
				  nbd = { .name = "nbd", .server = &vd_server_nbd },
				  fuse = { .name = "fuse", .server = &vd_server_fuse };

/*
 * Best first; those of one name are ways to do the same, with and without a daemon. The first whose
 * probe takes the image and the kernel is used (vd_export_choose), the next one when it fails or
 * does not answer (cmd/attach.c): so dm before ublk, if the kernel has dm and either ublk or nbd
 * for what dm cannot map (server/dm.c).
 */
static const struct vd_export_ops *const exporters[] = {
	&vd_export_loop, &vd_export_dm, &vd_export_dm_daemon, &ublk, &nbd, &fuse, &vd_export_direct,
};

const struct vd_server_ops *vd_export_server(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(exporters); i++) {
		if (exporters[i]->server && strcmp(exporters[i]->name, name) == 0)
			return exporters[i]->server;
	}
	return strcmp(vd_server_remote.name, name) == 0 ? &vd_server_remote : NULL;
}

static int unknown(const char *name, struct error **err)
{
	char names[64] = "";
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(exporters) && n < sizeof(names); i++) {
		if (i == 0 || strcmp(exporters[i]->name, exporters[i - 1]->name) != 0)
			n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "",
					      exporters[i]->name);
	}
	return error_make(err, EINVAL, "unknown exporter '%s', expected one of %s", name, names);
}

static int export_probe(const struct vd_export_ops *ops, struct vd_image *image, struct error **err)
{
	int r = ops->probe ? ops->probe(image, err) : 0;

	return r == 0 && ops->server ? ops->server->probe(err) : r;
}

/* *reasons grows by one more. */
static void export_report(const struct vd_export_ops *ops, const struct error *why,
			  struct error **reasons)
{
	_cleanup_error_ struct error *before = steal_ptr(reasons);

	msg(MSG_INFO, "exporter %s: %s", ops->name, error_msg(why));
	error_make(reasons, EOPNOTSUPP, "%s%s%s", before ? error_msg(before) : "",
		   before ? "; " : "", error_msg(why));
}

/* Where to begin: behind the one that was tried. */
static size_t first(const struct vd_export *ex)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(exporters) && ex->ops && exporters[i] != ex->ops)
		i++;
	return ex->ops ? i + 1 : 0;
}

int vd_export_choose(struct vd_export *ex, const char *name, struct error **err)
{
	_cleanup_error_ struct error *reasons = NULL;

	for (size_t i = first(ex); i < ARRAY_SIZE(exporters); i++) {
		_cleanup_error_ struct error *why = NULL;

		if (name ? strcmp(exporters[i]->name, name) != 0 : exporters[i]->by_name)
			continue;
		if (export_probe(exporters[i], ex->image, &why) == 0) {
			ex->ops = exporters[i];
			return 0;
		}
		export_report(exporters[i], why, &reasons);
	}
	if (!reasons)
		return ex->ops ? error_make(err, EOPNOTSUPP, "there is no other exporter")
			       : unknown(name, err);
	if (name)
		return error_move(err, steal_ptr(&reasons));
	return error_make(err, EOPNOTSUPP, "%s; use 'vdattach serve' or 'vdattach cat'",
			  error_msg(reasons));
}

int vd_export_attach(struct vd_export *ex, struct error **err)
{
	if (ex->ops->server)
		return ex->launch(ex, &ex->devpath, err);
	return vd_export_attempt(ex, err);
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
