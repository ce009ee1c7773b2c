// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Clusters with extended L2 entries: each thirty-second part is data, zeros or the parent's by
 * itself. Source: qemu's docs/interop/qcow2.txt, "Extended L2 Entries".
 */
#include <string.h>

#include "applets/vdattach/format/parent.h"
#include "applets/vdattach/format/qcow2/qcow2.h"

/* Subclusters from first to last. */
static uint32_t range(uint32_t first, uint32_t last)
{
	return (UINT32_MAX << first) & (UINT32_MAX >> (QCOW2_SUBCLUSTERS - 1 - last));
}

/* The clusters' bytes in the file may end early: what is missing is zeros. */
static int read_place(const struct qcow2 *q, uint8_t *buf, uint64_t n, uint64_t offset,
		      struct error **err)
{
	uint64_t have = offset < q->data->size ? MIN(n, q->data->size - offset) : 0;

	memset(buf + have, 0, n - have);
	return have ? source_pread(q->data, buf, have, offset, err) : 0;
}

/* What the guest sees in subcluster i of the cluster that starts at start, into its place of
 * q->cluster. */
static int read_subcluster(struct vd_image *image, const struct qcow2_entry *old, uint64_t start,
			   uint32_t i, struct error **err)
{
	struct qcow2 *q = qcow2_of(image);
	uint64_t unit = q->cluster_size / QCOW2_SUBCLUSTERS, at = i * unit;
	uint8_t *buf = q->cluster + at;
	uint64_t n = start + at < image->size ? MIN(unit, image->size - start - at) : 0;

	memset(buf, 0, unit);
	if (old->zero & 1U << i || n == 0)
		return 0;
	if (old->allocated & 1U << i)
		return read_place(q, buf, unit, old->offset + at, err);
	return image->parent ? vd_parent_pread(image, buf, n, start + at, err) : 0;
}

int qcow2_write_subclusters(struct vd_image *image, const struct qcow2_target *target,
			    const void *buf, size_t n, uint64_t offset, uint64_t *ret_bitmap,
			    struct error **err)
{
	struct qcow2 *q = qcow2_of(image);
	const struct qcow2_entry *old = &target->entry;
	uint64_t unit = q->cluster_size / QCOW2_SUBCLUSTERS;
	uint64_t within = offset & (q->cluster_size - 1), start = offset - within;
	uint32_t touched = range((uint32_t)(within / unit), (uint32_t)((within + n - 1) / unit));
	uint32_t written = touched | (target->offset == old->offset ? 0 : old->allocated);
	uint32_t first = (uint32_t)__builtin_ctz(written);
	uint32_t last = QCOW2_SUBCLUSTERS - 1 - (uint32_t)__builtin_clz(written);
	uint64_t end = MIN((last + 1) * unit, qcow2_cluster_end(image, offset));
	int r = 0;

	memset(q->cluster + first * unit, 0, (last + 1 - first) * unit);
	for (uint32_t i = first; i <= last && r == 0; i++) {
		if (written & 1U << i)
			r = read_subcluster(image, old, start, i, err);
	}
	if (r < 0)
		return r;
	memcpy(q->cluster + within, buf, n);
	*ret_bitmap =
		(uint64_t)(old->zero & ~touched) << QCOW2_SUBCLUSTERS | (old->allocated | touched);
	return qcow2_put_data(q, q->cluster + first * unit, end - first * unit,
			      target->offset + first * unit, err);
}
