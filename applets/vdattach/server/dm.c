// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fast transport: a mapped disk, of which each part that the image has in one piece lies on a
 * loop device over its file, and all else on the device of another transport, which is private to
 * it. See dm/mapper.h for who fills the table.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/blkpg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "applets/vdattach/dm/disk.h"
#include "applets/vdattach/dm/mapper.h"
#include "applets/vdattach/server/server.h"
#include "common/msg.h"

/* best first */
static const struct vd_server_ops *const transports[] = { &vd_server_ublk, &vd_server_nbd };

struct dm_state {
	struct vd_server under; /* the other transport */
	struct dm_link *link;
	int control, wake;
};

static int dm_choose(const struct vd_server_ops **ret, struct error **err)
{
	int r = -EOPNOTSUPP;

	for (size_t i = 0; i < ARRAY_SIZE(transports); i++) {
		_cleanup_error_ struct error *why = NULL;

		r = transports[i]->probe(&why);
		if (r == 0) {
			*ret = transports[i];
			error_release(err);
			return 0;
		}
		error_move(err, steal_ptr(&why));
	}
	return r;
}

static int dm_probe(struct error **err)
{
	const struct vd_server_ops *under;
	int control = dm_open(err);

	if (control < 0)
		return control;
	close(control);
	return dm_choose(&under, err);
}

static void dm_destroy(struct vd_server *srv)
{
	struct dm_state *state = srv->state;

	srv->state = NULL;
	if (!state)
		return;
	if (state->under.ops)
		state->under.ops->destroy(&state->under);
	if (state->link)
		munmap(state->link, sizeof(*state->link));
	closep(&state->control);
	closep(&state->wake);
	free(state);
}

/* What both processes share, without the other transport. */
static int dm_make_state(struct vd_server *srv, struct error **err)
{
	struct dm_state *state = calloc(1, sizeof(*state));

	if (!state)
		return error_sys(err, ENOMEM, "dm");
	srv->state = state;
	state->link = mmap(NULL, sizeof(*state->link), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (state->link == MAP_FAILED)
		state->link = NULL;
	state->wake = eventfd(0, EFD_CLOEXEC);
	state->control = dm_open(err);
	if (state->control < 0)
		return state->control;
	if (!state->link || state->wake < 0)
		return error_sys(err, errno, "dm");
	state->link->sector_size = MAX(srv->sector_size, DM_SECTOR);
	state->under = (struct vd_server){ .size = srv->size,
					   .sector_size = srv->sector_size,
					   .read_only = srv->read_only,
					   .discard = srv->discard,
					   .ready_fd = -1,
					   .worker_fd = -1,
					   .kernel_fd = -1 };
	return 0;
}

static int create(struct vd_server *srv, struct error **err)
{
	struct dm_state *state;
	int r = dm_make_state(srv, err);

	state = srv->state;
	if (r == 0)
		r = dm_choose(&state->under.ops, err);
	if (r == 0)
		r = state->under.ops->create(&state->under, err);
	srv->kernel_fd = -1;
	if (r < 0) {
		if (state)
			state->under.ops = NULL;
		dm_destroy(srv);
		return r;
	}
	srv->kernel_fd = state->under.kernel_fd;
	return 0;
}

static int dm_serve(struct vd_server *srv, struct backend *backend, struct error **err)
{
	struct dm_state *state = srv->state;
	struct dm_mapper *mapper = NULL;
	bool maps = !srv->read_only && backend->disk->size == backend->image->size;
	int r = 0;

	state->under.ready_fd = srv->ready_fd;
	state->under.worker_fd = srv->worker_fd >= 0 ? srv->worker_fd : state->under.worker_fd;
	/* what the kernel writes by itself passes the format by */
	if (maps)
		r = vd_image_begin_write(backend->image, err);
	if (r == 0 && maps)
		r = dm_mapper_start(state->control, state->link, state->wake, backend, &mapper,
				    err);
	if (r < 0)
		return r;
	r = state->under.ops->serve(&state->under, backend, err);
	dm_mapper_stop(&mapper);
	return r;
}

static int server_number(const struct vd_server *under, dev_t *ret, struct error **err)
{
	struct stat st;

	if (stat(under->devpath, &st) < 0)
		return error_sys(err, errno, "%s", under->devpath);
	*ret = st.st_rdev;
	return 0;
}

/* All of it on the other transport. */
static int load_first(struct vd_server *srv, struct error **err)
{
	_cleanup_(dm_table_release) struct dm_table table = { .buffer = NULL };
	struct dm_state *state = srv->state;
	uint64_t sectors = srv->size / state->link->sector_size * state->link->sector_size;
	int r = dm_table_new(2, &table);

	sectors /= DM_SECTOR;
	if (r < 0 || !dm_table_disk(&table, 0, sectors, state->link->server, 0))
		return error_sys(err, ENOMEM, "table of '%s'", state->link->name);
	return dm_swap(state->control, state->link->name, &table, srv->read_only, err);
}

static int make_disk(struct vd_server *srv, struct error **err)
{
	struct dm_state *state = srv->state;
	struct dm_link *link = state->link;
	char node[32];
	dev_t device = 0;
	int r = server_number(&state->under, &link->server, err);

	if (r == 0)
		r = dm_disk_create(state->control, link->name, &device, err);
	if (r < 0)
		return r;
	r = load_first(srv, err);
	if (r == 0)
		r = dm_make_nodes(link->name, device, err);
	dm_node(device, node, sizeof(node));
	srv->devpath = r == 0 ? strdup(node) : NULL;
	if (srv->devpath)
		return 0;
	(void)!dm_remove(state->control, link->name, NULL);
	return r < 0 ? r : error_sys(err, ENOMEM, "%s", node);
}

/*
 * The kernel has looked for partitions on the other transport's device, though nobody can use them
 * there. udev must not find the file systems in them twice.
 */
static void drop_partitions(const struct vd_server *under)
{
	_cleanup_close_ int fd = open(under->devpath, O_RDONLY | O_CLOEXEC);

	for (int i = 1; i <= PARTITIONS_MAX && fd >= 0; i++) {
		struct blkpg_partition part = { .pno = i };
		struct blkpg_ioctl_arg arg = { .op = BLKPG_DEL_PARTITION,
					       .datalen = sizeof(part),
					       .data = &part };

		if (ioctl(fd, BLKPG, &arg) < 0 && errno != ENXIO)
			msg(MSG_DEBUG, "%s: partition %d: %s", under->devpath, i, strerror(errno));
	}
}

static int server_dm_start(struct vd_server *srv, int pid, bool again, struct error **err)
{
	struct dm_state *state = srv->state;
	const uint64_t one = 1;
	int r = state->under.ops->start(&state->under, pid, again, err);

	srv->index = state->under.index;
	if (r < 0 || again)
		return r;
	r = make_disk(srv, err);
	if (r < 0) {
		state->under.ops->stop(&state->under, NULL);
		return r;
	}
	drop_partitions(&state->under);
	atomic_store(&state->link->live, true);
	if (write(state->wake, &one, sizeof(one)) < 0)
		return error_sys(err, errno, "cannot wake the mapper");
	return 0;
}

static void abort_start(struct vd_server *srv)
{
	struct dm_state *state = srv->state;

	if (state->under.ops->abort)
		state->under.ops->abort(&state->under);
}

static int recover(struct vd_server *srv, struct error **err)
{
	struct dm_state *state = srv->state;

	if (!state->under.ops->recover)
		return error_make(err, EOPNOTSUPP, "%s cannot be taken over",
				  state->under.ops->name);
	return state->under.ops->recover(&state->under, err);
}

/* The transport of the device called name ("nbd3"). */
static int adopt_under(struct dm_state *state, const char *name, struct error **err)
{
	struct vd_server *under = &state->under;
	size_t letters = strcspn(name, "0123456789");

	for (size_t i = 0; i < ARRAY_SIZE(transports); i++) {
		if (strncmp(transports[i]->name, name, strlen(transports[i]->name)) == 0)
			under->ops = transports[i];
	}
	if (!under->ops)
		return error_make(err, ENODEV, "%s: not a device of ours", name);
	under->index = (unsigned int)strtoul(name + letters, NULL, 10);
	if (asprintf(&under->devpath, "/dev/%s", name) < 0) {
		under->devpath = NULL;
		return error_sys(err, ENOMEM, "%s", name);
	}
	return under->ops->adopt ? under->ops->adopt(under, err) : 0;
}

static int adopt(struct vd_server *srv, struct error **err)
{
	const char *device = srv->devpath + strlen("/dev/");
	_cleanup_free_ char *name = NULL;
	struct dm_state *state;
	int r = dm_make_state(srv, err);

	state = srv->state;
	if (r == 0)
		r = dm_disk_server(device, state->link->name, &name, err);
	if (r < 0)
		return r;
	state->under.kernel_fd = srv->kernel_fd;
	r = adopt_under(state, name, err);
	if (r == 0)
		r = server_number(&state->under, &state->link->server, err);
	atomic_store(&state->link->live, r == 0);
	return r;
}

static int stop(struct vd_server *srv, struct error **err)
{
	struct dm_state *state = srv->state;
	const char *device = srv->devpath + strlen("/dev/");
	int r = dm_disk_exists(device) ? dm_disk_remove(device, err) : 0;

	return r == 0 ? state->under.ops->stop(&state->under, err) : r;
}

const struct vd_server_ops vd_server_dm = {
	.name = "dm",
	.probe = dm_probe,
	.create = create,
	.serve = dm_serve,
	.start = server_dm_start,
	.abort = abort_start,
	.recover = recover,
	.adopt = adopt,
	.stop = stop,
	.destroy = dm_destroy,
};
