// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vdattach/fake/world.h"

#include "tests/unit/vdattach/fake/paged.h"

uint64_t rng_next(uint64_t *rng)
{
	*rng ^= *rng >> 12;
	*rng ^= *rng << 25;
	*rng ^= *rng >> 27;
	return *rng * 2685821657736338717ULL;
}

uint64_t rng_below(uint64_t *rng, uint64_t n)
{
	return (rng_next(rng) >> 11) % n;
}

struct world_op *world_log(struct world *world, enum world_op_kind kind)
{
	if (world->n_ops % 256 == 0)
		world->ops = realloc(world->ops, (world->n_ops + 256) * sizeof(*world->ops));
	if (!world->ops)
		abort();
	world->ops[world->n_ops] = (struct world_op){ .kind = kind };
	return world->ops + world->n_ops++;
}

static bool is_due(struct world *world, unsigned int *in)
{
	if (*in == 0 || --*in > 0)
		return false;
	world->failed = true;
	return true;
}

static bool world_fails(struct world *world)
{
	return is_due(world, &world->fail_in);
}

static struct paged *world_now(struct source *source)
{
	struct world_source *s = (struct world_source *)source;

	return &s->world->files[s->file].now;
}

static int world_pread(struct source *source, void *buf, size_t n, uint64_t offset)
{
	struct world *world = ((struct world_source *)source)->world;

	if (is_due(world, &world->fail_read_in))
		return -EIO;
	paged_read(world_now(source), buf, n, offset);
	return 0;
}

static int world_pwrite(struct source *source, const void *buf, size_t n, uint64_t offset)
{
	struct world_source *s = (struct world_source *)source;

	if (world_fails(s->world))
		return -ENOSPC;
	paged_write(world_now(source), buf, n, offset);
	if (s->world->recording) {
		struct world_op *op = world_log(s->world, OP_WRITE);

		op->file = s->file;
		op->offset = offset;
		op->n = n;
		op->data = malloc(n + 1);
		if (!op->data)
			abort();
		memcpy(op->data, buf, n);
	}
	return 0;
}

static int world_resize(struct source *source, uint64_t size)
{
	struct world_source *s = (struct world_source *)source;

	/* cutting needs no space */
	if (size > source->size && world_fails(s->world))
		return -ENOSPC;
	paged_resize(world_now(source), size);
	if (s->world->recording) {
		struct world_op *op = world_log(s->world, OP_RESIZE);

		op->file = s->file;
		op->offset = size;
	}
	return 0;
}

static int world_discard(struct source *source, uint64_t n, uint64_t offset, bool zero)
{
	struct world_source *s = (struct world_source *)source;

	(void)zero;
	if (!s->world->holes)
		return -EOPNOTSUPP;
	if (world_fails(s->world))
		return -EIO;
	paged_zero(world_now(source), n, offset);
	if (s->world->recording) {
		struct world_op *op = world_log(s->world, OP_ZERO);

		op->file = s->file;
		op->offset = offset;
		op->n = (size_t)n;
	}
	return 0;
}

static int world_reserve(struct source *source, uint64_t n, uint64_t offset)
{
	(void)n;
	(void)offset;
	return world_fails(((struct world_source *)source)->world) ? -ENOSPC : 0;
}

static int world_extent(struct source *source, uint64_t offset, struct source_extent *ret)
{
	*ret = (struct source_extent){ .length = PAGED_SIZE - offset % PAGED_SIZE,
				       .zero = !world_now(source)->pages[offset / PAGED_SIZE] };
	return 0;
}

static int world_flush(struct source *source)
{
	struct world_source *s = (struct world_source *)source;

	if (is_due(s->world, &s->world->fail_flush_in))
		return -EIO;
	s->world->flushes++;
	if (s->world->recording)
		world_log(s->world, OP_FLUSH)->file = s->file;
	return 0;
}

static void world_source_close(struct source *source)
{
	free((struct world_source *)source);
}

struct source *world_source(struct world *world, unsigned int file, bool read_only)
{
	struct world_source *s = calloc(1, sizeof(*s));

	static const struct source_ops world_source_ops = {
		.pread = world_pread,
		.pwrite = world_pwrite,
		.discard = world_discard,
		.reserve = world_reserve,
		.extent = world_extent,
		.flush = world_flush,
		.resize = world_resize,
		.close = world_source_close,
	};

	if (!s)
		abort();
	s->source.ops = &world_source_ops;
	s->source.name = strdup(world->files[file].name);
	s->source.size = world->files[file].now.size;
	s->source.read_only = read_only;
	s->source.device = 1;
	s->source.inode = file + 1;
	s->world = world;
	s->file = file;
	return &s->source;
}

unsigned int world_add(struct world *world, const char *name, uint64_t size)
{
	struct world_file *file = world->files + world->n;

	if (world->n >= WORLD_FILES || strlen(name) >= sizeof(file->name))
		abort();
	memcpy(file->name, name, strlen(name) + 1);
	paged_resize(&file->now, size);
	return world->n++;
}

void world_put(struct world *world, unsigned int file, uint64_t offset, const void *bytes, size_t n)
{
	paged_write(&world->files[file].now, bytes, n, offset);
}

/* By exact name. */
static int world_open_name(void *ctx, const char *name, const struct source *from, bool read_only,
			   struct source **ret, struct error **err)
{
	struct world *world = ctx;

	for (unsigned int i = 0; i < world->n; i++) {
		if (strcmp(world->files[i].name, name) == 0) {
			*ret = world_source(world, i, read_only);
			return 0;
		}
	}
	return error_make(err, ENOENT, "%s: '%s' is not there", from->name, name);
}

/* In the order in which they were added. */
static int world_siblings(void *ctx, const struct source *from,
			  int (*visit)(void *arg, const char *name), void *arg, struct error **err)
{
	struct world *world = ctx;
	int r = 0;

	for (unsigned int i = 0; i < world->n && r == 0; i++) {
		if (strcmp(world->files[i].name, from->name) != 0)
			r = visit(arg, world->files[i].name);
	}
	return MIN(r, 0);
}

struct vd_resolver world_resolver(struct world *world)
{
	return (struct vd_resolver){ .open = world_open_name,
				     .siblings = world_siblings,
				     .ctx = world };
}

int world_open(struct world *world, const struct vd_resolver *resolver, bool read_only,
	       struct vd_image **ret, struct error **err)
{
	struct vd_open_how how = { .resolver = resolver };
	struct source *source = world_source(world, 0, read_only);
	int r = vd_image_open_how(source, &how, ret, err);

	if (r < 0)
		source_close(&source);
	return r;
}

void world_record(struct world *world)
{
	for (unsigned int i = 0; i < world->n; i++)
		paged_copy(&world->files[i].start, &world->files[i].now);
	world->recording = true;
}

void world_release(struct world *world)
{
	for (unsigned int i = 0; i < world->n; i++) {
		paged_release(&world->files[i].now);
		paged_release(&world->files[i].start);
	}
	for (size_t i = 0; i < world->n_ops; i++)
		free(world->ops[i].data);
	free(world->ops);
	*world = (struct world){ .n = 0 };
}
