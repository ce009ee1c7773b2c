// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "applets/vdattach/cmd/cmd.h"
#include "applets/vdattach/nbd/server.h"
#include "common/msg.h"

#define CLIENTS_MAX 16

#define PLACES (CLIENTS_MAX + 8)

struct served {
	struct server *server;
	struct nbd_client client;
	pthread_t thread;
	bool in_use;
	atomic_bool ended; /* by the thread, as its last act */
};

struct server {
	struct backend backend;
	int listen_fd, stop_fd, ended_fd;
	struct served clients[PLACES];
	unsigned int n;
	atomic_bool stopping;
};

static int make_address(const char *path, struct sockaddr_un *ret, struct error **err)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret->sun_path))
		return error_make(err, ENAMETOOLONG, "socket '%s': longer than %zu bytes", path,
				  sizeof(ret->sun_path) - 1);
	memcpy(ret->sun_path, path, strlen(path) + 1);
	return 0;
}

/* A socket that nobody listens on any more is left over from a server that was killed. */
static void remove_stale(const struct sockaddr_un *address)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	if (fd < 0 || lstat(address->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
	    errno == ECONNREFUSED)
		unlink(address->sun_path);
}

static int listen_on(const char *path, struct error **err)
{
	struct sockaddr_un address;
	mode_t old;
	int fd, r;

	r = make_address(path, &address, err);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_sys(err, errno, "socket '%s'", path);
	remove_stale(&address);
	old = umask(0177);
	r = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(old);
	if (r < 0 || listen(fd, CLIENTS_MAX) < 0) {
		r = error_sys(err, errno, "cannot listen on socket '%s'", path);
		close(fd);
		return r;
	}
	return fd;
}

/* SIGTERM, SIGINT and SIGHUP as a descriptor. */
static int open_stop(struct error **err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? error_sys(err, errno, "cannot call signalfd") : fd;
}

/* In a thread of its own, so that a client that stalls keeps nobody waiting but itself. */
static void *serve_client(void *arg)
{
	struct served *served = arg;
	struct server *server = served->server;
	int r = 1;

	while (r > 0 && !atomic_load(&server->stopping))
		r = nbd_client_step(&served->client);
	if (r < 0 && r != -ECANCELED)
		msg(MSG_WARNING, "%s: NBD client dropped: %s", server->backend.disk->name,
		    strerror(-r));
	nbd_client_release(&served->client);
	atomic_store(&served->ended, true);
	(void)!eventfd_write(server->ended_fd, 1);
	return NULL;
}

static void join(struct server *server, struct served *served)
{
	pthread_join(served->thread, NULL);
	served->in_use = false;
	server->n--;
}

/* The last few places are for those that are only told that there are too many. */
static void add_client(struct server *server)
{
	struct served *served = server->clients;
	int r, fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	while (served < server->clients + PLACES && served->in_use)
		served++;
	if (served == server->clients + PLACES) {
		close(fd);
		return;
	}
	*served = (struct served){ .server = server, .in_use = true };
	r = nbd_client_start(&served->client, fd, server->stop_fd, &server->backend);
	served->client.refused = server->n >= CLIENTS_MAX;
	if (r < 0 || pthread_create(&served->thread, NULL, serve_client, served) != 0) {
		nbd_client_release(&served->client);
		served->in_use = false;
		return;
	}
	server->n++;
}

/* Waits for one round of events and handles them. 1 = continue, 0 = stop requested, -errno. */
static int serve_round(struct server *server)
{
	struct pollfd fds[] = {
		{ server->stop_fd, POLLIN, 0 },
		{ server->listen_fd, POLLIN, 0 },
		{ server->ended_fd, POLLIN, 0 },
	};
	eventfd_t n;

	if (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		return errno == EINTR ? 1 : -errno;
	if (fds[0].revents)
		return 0;
	if (fds[2].revents)
		(void)!eventfd_read(server->ended_fd, &n);
	for (size_t i = 0; i < PLACES; i++) {
		if (server->clients[i].in_use && atomic_load(&server->clients[i].ended))
			join(server, server->clients + i);
	}
	if (fds[1].revents)
		add_client(server);
	return 1;
}

static int serve_all(struct server *server, bool once, struct error **err)
{
	bool had_client = false;
	int r = 1;

	while (r > 0 && !(once && had_client && server->n == 0)) {
		r = serve_round(server);
		had_client |= server->n > 0;
	}
	atomic_store(&server->stopping, true);
	for (size_t i = 0; i < PLACES; i++) {
		if (server->clients[i].in_use)
			join(server, server->clients + i);
	}
	if (r < 0)
		return error_sys(err, r, "cannot wait for NBD clients");
	return server->backend.disk->read_only ? 0 : source_flush(server->backend.disk, err);
}

int cmd_serve(const struct options *given, struct error **err)
{
	struct options locking = *given;
	const struct options *options = &locking;
	_cleanup_disk_ struct open_disk disk = { .image = NULL };
	_cleanup_close_ int listen_fd = -1, stop_fd = -1, ended_fd = -1;
	struct server server = { .n = 0 };
	int r;

	locking.lock = true;
	r = disk_open_chosen(options, options->read_only, &disk, err);
	if (r == 0)
		r = disk_refuse_second(&disk, err);
	if (r < 0)
		return r;
	stop_fd = open_stop(err);
	if (stop_fd < 0)
		return stop_fd;
	ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ended_fd < 0)
		return error_sys(err, errno, "cannot call eventfd");
	listen_fd = listen_on(options->socket, err);
	if (listen_fd < 0)
		return listen_fd;
	backend_init(&server.backend, disk.image, disk_source(&disk));
	server.listen_fd = listen_fd;
	server.stop_fd = stop_fd;
	server.ended_fd = ended_fd;
	/* whoever started us waits for this line, then connects */
	printf("nbd+unix:///?socket=%s\n", options->socket);
	r = finish_stdout(err);
	if (r == 0)
		r = serve_all(&server, options->once, err);
	unlink(options->socket);
	backend_release(&server.backend);
	return r;
}
