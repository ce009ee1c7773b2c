// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/image/chain.h"

#include <errno.h>
#include <string.h>

/*
 * Each image may name several files for its parent, and where the chain ends badly each of them is
 * tried at each level: bounded, or their number doubles with each image.
 */
#define TRIES_MAX (4 * VD_CHAIN_MAX)

static int count_try(struct vd_image *child, struct error **err)
{
	struct vd_image *first = child;

	while (first->child)
		first = first->child;
	if (first->tried < TRIES_MAX) {
		first->tried++;
		return 0;
	}
	return error_make(err, ELOOP, "%s: %u files were tried as parents", first->source->name,
			  TRIES_MAX);
}

/* child and those that continue it must not contain the file of the next parent. */
static int check_cycle(const struct vd_image *child, const struct source *source,
		       struct error **err)
{
	unsigned int depth = 1;

	for (const struct vd_image *i = child; i; i = i->child, depth++) {
		if (source_is_same_file(i->source, source))
			return error_make(err, ELOOP, "%s: its parent '%s' continues it: a cycle",
					  child->source->name, source->name);
	}
	if (depth > VD_CHAIN_MAX)
		return error_make(err, ELOOP, "%s: a chain of more than %u images",
				  child->source->name, VD_CHAIN_MAX);
	return 0;
}

static int check_match(struct vd_image *child, struct vd_image *candidate, struct error **err)
{
	const struct vd_format_ops *ops = child->format;

	return ops->matches_parent ? ops->matches_parent(child, candidate, err) : 0;
}

/* Opens one candidate. On success child->parent is set. */
static int try_candidate(struct vd_image *child, const struct vd_parent_ref *ref, size_t i,
			 struct error **err)
{
	const char *format = ref->format;
	_cleanup_source_ struct source *source = NULL;
	_cleanup_image_ struct vd_image *parent = NULL;
	struct vd_open_how how = { .format = format, .resolver = child->resolver, .child = child };
	int r;

	how.guessed = !format && !child->format->matches_parent;
	r = count_try(child, err);
	if (r == 0)
		r = vd_parent_open(child, ref, i, &source, err);
	if (r == 0)
		r = check_cycle(child, source, err);
	if (r == 0)
		r = vd_image_open_how(source, &how, &parent, err);
	if (r < 0 || !parent)
		return r;
	source = NULL;
	r = check_match(child, parent, err);
	if (r < 0)
		return r;
	parent->child = child;
	child->parent = steal_ptr(&parent);
	return 0;
}

/* The first that is there and matches; else the first failure that says more than "not there". */
static int try_all(struct vd_image *child, const struct vd_parent_ref *ref, struct error **err)
{
	_cleanup_error_ struct error *best = NULL;

	for (size_t i = 0; i < ref->n_names; i++) {
		_cleanup_error_ struct error *failed = NULL;
		int r = try_candidate(child, ref, i, &failed);

		if (r == 0)
			return 0;
		if (!best || (best->code == -ENOENT && r != -ENOENT)) {
			error_release(&best);
			best = steal_ptr(&failed);
		}
	}
	error_move(err, steal_ptr(&best));
	return error_wrap(err, "%s: its parent cannot be opened", child->source->name);
}

static int check_given(struct vd_image *child, struct error **err)
{
	struct vd_image *parent = child->parent;
	int r = check_cycle(child, parent->source, err);

	for (unsigned int depth = 2; r == 0 && parent; parent = parent->parent, depth++) {
		if (source_is_same_file(parent->source, child->source))
			r = error_make(err, ELOOP, "%s: appears twice in its chain",
				       child->source->name);
		else if (depth > VD_CHAIN_MAX)
			r = error_make(err, ELOOP, "%s: a chain of more than %u images",
				       child->source->name, VD_CHAIN_MAX);
	}
	return r < 0 ? r : check_match(child, child->parent, err);
}

int vd_chain_open(struct vd_image *child, struct error **err)
{
	_cleanup_parent_ref_ struct vd_parent_ref ref = { .names = NULL };
	int r = 0;

	if (child->format->parent)
		r = child->format->parent(child, &ref, err);
	if (r < 0)
		return r;
	if (child->parent && ref.n_names == 0)
		return error_make(err, EINVAL, "%s: continues no other image, so not '%s' either",
				  child->source->name, child->parent->source->name);
	if (child->parent)
		return check_given(child, err);
	return ref.n_names ? try_all(child, &ref, err) : 0;
}

int vd_parent_pread(struct vd_image *image, void *buf, size_t n, uint64_t offset,
		    struct error **err)
{
	struct vd_image *parent = image->parent;
	size_t part = 0;

	if (parent && offset < parent->size)
		part = (size_t)MIN((uint64_t)n, parent->size - offset);
	memset((uint8_t *)buf + part, 0, n - part);
	return part ? vd_image_pread(parent, buf, part, offset, err) : 0;
}
