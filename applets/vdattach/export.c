// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/export.h"

#include <errno.h>
#include <string.h>

/* best first */
static const struct vd_export_ops *const exporters[] = { &vd_export_loop, &vd_export_dm };

static const char *const not_yet[] = { "ublk", "nbd", "fuse" };

static int find_by_name(const char *name, const struct vd_export_ops **ret, struct error **err)
{
	for (size_t i = 0; i < ARRAY_SIZE(exporters); i++) {
		if (strcmp(exporters[i]->name, name) == 0) {
			*ret = exporters[i];
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(not_yet); i++) {
		if (strcmp(not_yet[i], name) == 0)
			return error_make(err, EOPNOTSUPP,
					  "exporter '%s' is not in this version, which has 'loop' "
					  "only",
					  name);
	}
	return error_make(err, EINVAL, "unknown exporter '%s', expected loop or dm", name);
}

/* The first that can. Otherwise *err says why the last could not. */
static int find_by_probe(struct vd_image *image, const struct vd_export_ops **ret,
			 struct error **err)
{
	int r = -EOPNOTSUPP;

	for (size_t i = 0; i < ARRAY_SIZE(exporters); i++) {
		r = exporters[i]->probe(image, err);
		if (r == 0) {
			*ret = exporters[i];
			error_release(err);
			return 0;
		}
	}
	return r;
}

int vd_export_attach(struct vd_export *ex, const char *name, struct error **err)
{
	const struct vd_export_ops *ops = NULL;
	int r;

	if (name) {
		r = find_by_name(name, &ops, err);
		if (r == 0)
			r = ops->probe(ex->image, err);
	} else {
		r = find_by_probe(ex->image, &ops, err);
	}
	if (r < 0 || !ops)
		return r;
	if (ex->size == 0)
		ex->size = ex->image->size - ex->offset;
	r = ops->attach(ex, err);
	if (r == 0)
		ex->ops = ops;
	return r;
}

int vd_export_detach(struct vd_export *ex, struct error **err)
{
	return ex->ops ? ex->ops->detach(ex, err) : 0;
}

void vd_export_release(struct vd_export *ex)
{
	free(ex->devpath);
	ex->devpath = NULL;
}
