// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "applets/vdattach/cmd/cmd.h"
#include "applets/vdattach/nbd/server.h"
#include "common/msg.h"

#define CLIENTS_MAX 16

struct server {
	struct backend backend;
	int listen_fd, stop_fd;
	struct nbd_client clients[CLIENTS_MAX];
	nfds_t n;
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

static void add_client(struct server *server)
{
	struct nbd_client *client = server->clients + server->n;
	int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (nbd_client_start(client, fd, server->stop_fd, &server->backend) < 0)
		nbd_client_release(client);
	else
		server->n++;
}

static void step_client(struct server *server, nfds_t i)
{
	int r = nbd_client_step(server->clients + i);

	if (r > 0)
		return;
	if (r < 0 && r != -ECANCELED)
		msg(MSG_WARNING, "%s: NBD client dropped: %s", server->backend.disk->name,
		    strerror(-r));
	nbd_client_release(server->clients + i);
	server->clients[i] = server->clients[--server->n];
}

/* Waits for one round of events and handles them. 1 = continue, 0 = stop requested, -errno. */
static int serve_round(struct server *server)
{
	struct pollfd fds[CLIENTS_MAX + 2] = {
		{ server->stop_fd, POLLIN, 0 },
		/* a negative fd is skipped: no room for another client now */
		{ server->n < CLIENTS_MAX ? server->listen_fd : -1, POLLIN, 0 },
	};
	nfds_t n = server->n;

	for (nfds_t i = 0; i < n; i++)
		fds[2 + i] = (struct pollfd){ server->clients[i].fd, POLLIN, 0 };
	if (poll(fds, n + 2, -1) < 0)
		return errno == EINTR ? 1 : -errno;
	if (fds[0].revents)
		return 0;
	/* from the last: a client that goes is replaced by the last one */
	for (nfds_t i = n; i-- > 0;) {
		if (fds[2 + i].revents)
			step_client(server, i);
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
	while (server->n > 0)
		nbd_client_release(server->clients + --server->n);
	if (r < 0)
		return error_sys(err, r, "cannot wait for NBD clients");
	return server->backend.disk->read_only ? 0 : source_flush(server->backend.disk, err);
}

int cmd_serve(const struct options *given, struct error **err)
{
	struct options locking = *given;
	const struct options *options = &locking;
	_cleanup_disk_ struct open_disk disk = { .image = NULL };
	_cleanup_close_ int listen_fd = -1, stop_fd = -1;
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
	listen_fd = listen_on(options->socket, err);
	if (listen_fd < 0)
		return listen_fd;
	backend_init(&server.backend, disk.image, disk_source(&disk));
	server.listen_fd = listen_fd;
	server.stop_fd = stop_fd;
	/* whoever started us waits for this line, then connects */
	printf("nbd+unix:///?socket=%s\n", options->socket);
	r = finish_stdout(err);
	if (r == 0)
		r = serve_all(&server, options->once, err);
	unlink(options->socket);
	backend_release(&server.backend);
	return r;
}
