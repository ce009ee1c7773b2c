// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/format/parent.h"

#include <errno.h>
#include <string.h>

const char *vd_plain_name(const char *name)
{
	return strncmp(name, "file:", 5) == 0 ? name + 5 : name;
}

int vd_parent_ref_add(struct vd_parent_ref *ref, const char *name, struct error **err)
{
	char **names = realloc(ref->names, (ref->n_names + 1) * sizeof(*names));

	if (!names)
		return error_no_memory(err);
	ref->names = names;
	names[ref->n_names] = strdup(name);
	if (!names[ref->n_names])
		return error_no_memory(err);
	ref->n_names++;
	return 0;
}

void vd_parent_ref_release(struct vd_parent_ref *ref)
{
	for (size_t i = 0; i < ref->n_names; i++)
		free(ref->names[i]);
	free(ref->names);
	*ref = (struct vd_parent_ref){ .names = NULL };
}

/* Whether that name was found beside the image, not in it. */
static bool is_sibling(const struct vd_parent_ref *ref, size_t i)
{
	return i >= ref->n_names - ref->n_found;
}

static int open_file(struct vd_image *image, const char *name, bool sibling, bool read_only,
		     struct source **ret, struct error **err)
{
	const struct vd_resolver *resolver = image->resolver;

	if (!resolver)
		return error_make(err, EPERM, "%s: needs the file '%s', which may not be opened",
				  image->source->name, name);
	if (image->guessed && !resolver->trusted)
		return error_make(
			err, EPERM,
			"%s: names the file '%s', but that it is %s is only guessed, since "
			"the image that continues it does not say so: allow it with "
			"--parents, or name the chain with -S",
			image->source->name, name, image->format->name);
	return (sibling && resolver->open_sibling ? resolver->open_sibling : resolver->open)(
		resolver->ctx, name, image->source, read_only, ret, err);
}

int vd_image_open_file(struct vd_image *image, const char *name, bool read_only,
		       struct source **ret, struct error **err)
{
	return open_file(image, name, false, read_only, ret, err);
}

struct search {
	struct vd_image *image;
	bool (*is_parent)(const void *id, struct source *file);
	const void *id;
	struct vd_parent_ref *ref;
	struct error *err;
};

static bool leads_to_parent(const struct search *search, const char *name, bool sibling)
{
	_cleanup_source_ struct source *source = NULL;

	return open_file(search->image, name, sibling, true, &source, NULL) == 0 &&
	       search->is_parent(search->id, source);
}

static int visit_sibling(void *arg, const char *name)
{
	struct search *search = arg;
	int r;

	if (!leads_to_parent(search, name, true))
		return 0;
	r = vd_parent_ref_add(search->ref, name, &search->err);
	if (r < 0)
		return r;
	search->ref->n_found++;
	return 1;
}

int vd_parent_search(struct vd_image *image, bool (*is_parent)(const void *id, struct source *file),
		     const void *id, struct vd_parent_ref *ref, struct error **err)
{
	struct search search = { .image = image, .is_parent = is_parent, .id = id, .ref = ref };
	const struct vd_resolver *resolver = image->resolver;
	int r;

	if (!resolver || !resolver->siblings)
		return 0;
	for (size_t i = 0; i < ref->n_names; i++) {
		if (leads_to_parent(&search, ref->names[i], is_sibling(ref, i)))
			return 0;
	}
	r = resolver->siblings(resolver->ctx, image->source, visit_sibling, &search, err);
	return search.err ? error_move(err, search.err) : r;
}

int vd_parent_open(struct vd_image *image, const struct vd_parent_ref *ref, size_t i,
		   struct source **ret, struct error **err)
{
	return open_file(image, ref->names[i], is_sibling(ref, i), true, ret, err);
}
