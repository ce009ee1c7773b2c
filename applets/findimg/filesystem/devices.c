// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/findimg/filesystem/devices.h"

#include <errno.h>
#include <stdlib.h>

int devices_scan(const struct devices *d, const char *path, struct error **err)
{
	int r = d->count ? btrfs_scan(path, err) : 0;

	for (size_t i = 0; i < d->count && r == 0; i++)
		r = btrfs_scan(d->others[i].path, err);
	return r;
}

int devices_hold(const struct devices *d, struct roguard **ret, struct error **err)
{
	struct roguard *guards;
	int r = 0;

	*ret = NULL;
	if (!d->count)
		return 0;
	guards = calloc(d->count, sizeof(*guards));
	if (!guards)
		return error_make(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < d->count && r == 0; i++)
		r = roguard_raise(&guards[i], d->others[i].path, false, err);
	if (r == 0)
		*ret = guards;
	else
		devices_release(d, guards);
	return r;
}

void devices_release(const struct devices *d, struct roguard *guards)
{
	for (size_t i = 0; guards && i < d->count; i++)
		roguard_lower(&guards[i]);
	free(guards);
}

void devices_forget(const struct devices *d, const char *path)
{
	btrfs_forget(path);
	for (size_t i = 0; i < d->count; i++)
		btrfs_forget(d->others[i].path);
}

const char *devices_data(const struct devices *d)
{
	return d->incomplete ? "degraded" : NULL;
}
