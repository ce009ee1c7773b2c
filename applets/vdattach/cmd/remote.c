// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/cmd/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "applets/vdattach/export/control.h"
#include "applets/vdattach/nbd/negotiate.h"
#include "applets/vdattach/nbd/server.h"
#include "common/msg.h"
#include "common/print.h"

enum { SECTOR_MIN = 512, SECTOR_MAX = 4096 };

/* The largest request that the kernel is allowed: what its own choice is for disks. */
#define MAX_KIB 1024u

static int remote_detach(struct vd_export *ex, struct error **err)
{
	char answer[CONTROL_TEXT_MAX];

	return control_ask(strrchr(ex->devpath, '/') + 1, "detach", true, answer, err);
}

const struct vd_export_ops vd_export_remote = { .name = "nbd-client", .detach = remote_detach };

static int refuse_options(const struct options *options, struct error **err)
{
	const char *wrong = options->format && strcmp(options->format, "raw") != 0 ? "--format"
			    : options->n_snapshots				   ? "--snapshot"
			    : options->parents					   ? "--parents"
										   : NULL;

	if (!wrong && options->exporter && strcmp(options->exporter, "nbd") != 0)
		wrong = "--exporter";
	return wrong ? error_make(err, EINVAL, "%s: %s does not apply to an NBD disk",
				  options->operand, wrong)
		     : 0;
}

/* uri: NBD_URI_MAX bytes for the address as it is always written. Returns the socket or -errno. */
static int dial(const struct options *options, struct nbd_export *ret, char *uri,
		struct error **err)
{
	struct nbd_uri parsed;
	int r = nbd_uri_parse(options->operand, &parsed, err);

	if (r < 0)
		return r;
	nbd_uri_print(&parsed, uri, NBD_URI_MAX);
	return nbd_dial(&parsed, ret, err);
}

/* What the kernel can make of the export, in wishes. */
static int remote_describe(const struct options *options, const struct nbd_export *export,
			   struct daemon_state *wishes, struct error **err)
{
	uint32_t sector = MAX(export->sector, (uint32_t)SECTOR_MIN);

	if (sector > SECTOR_MAX || export->max < SECTOR_MAX)
		return error_make(
			err, EOPNOTSUPP,
			"%s: blocks of %u bytes, at most %u at a time: the kernel cannot do "
			"that",
			options->operand, export->sector, export->max);
	if (export->size < sector)
		return error_make(err, EINVAL, "%s: the export is empty", options->operand);
	if (export->size % sector)
		msg(MSG_WARNING, "%s: the last %" PRIu64 " bytes are no whole sector and not seen",
		    options->operand, export->size % sector);
	wishes->size = export->size - export->size % sector;
	wishes->sector_size = sector;
	wishes->read_only = options->read_only || (export->flags & NBD_EXPORT_READ_ONLY);
	wishes->partscan = true;
	wishes->remote.flags = export->flags;
	wishes->remote.max_kib = MIN(export->max / 1024, MAX_KIB);
	wishes->remote.patience = options->patience;
	snprintf(wishes->exporter, sizeof(wishes->exporter), "%s", vd_export_remote.name);
	memcpy(wishes->image, wishes->remote.uri, sizeof(wishes->image));
	return 0;
}

/* The directory of the server's socket, which the daemon must see to reconnect, or NULL. */
static char *socket_directory(const char *operand)
{
	struct nbd_uri uri;
	char *slash;

	if (nbd_uri_parse(operand, &uri, NULL) < 0 || !*uri.socket)
		return NULL;
	slash = strrchr(uri.socket, '/');
	slash[slash == uri.socket] = '\0';
	return realpath(uri.socket, NULL);
}

/* fd becomes the daemon's. */
static int launch(struct daemon_state *wishes, int fd, char **ret_devpath, struct error **err)
{
	_cleanup_free_ char *directory = socket_directory(wishes->remote.uri);
	char name[] = "@vdattach", option[] = "--directory", end[] = "--";
	char *argv[] = { name, end, wishes->remote.uri, NULL, NULL, NULL };
	bool driver; /* nobody else could */
	int r;

	if (directory) {
		argv[1] = option;
		argv[2] = directory;
		argv[3] = end;
		argv[4] = wishes->remote.uri;
	}
	wishes->kernel_fd = fcntl(fd, F_DUPFD_CLOEXEC, DAEMON_FIRST_FREE_FD);
	if (wishes->kernel_fd < 0)
		return error_sys(err, errno, "nbd");
	close(fd);
	r = daemon_launch(wishes, argv, &driver, ret_devpath, err);
	close(wishes->kernel_fd);
	return r;
}

int remote_attach(const struct options *options, char **ret_devpath, struct error **err)
{
	struct daemon_state *wishes = calloc(1, sizeof(*wishes));
	struct nbd_export export;
	int fd, r = refuse_options(options, err);

	if (!wishes)
		return error_sys(err, ENOMEM, "cannot attach");
	if (r == 0) {
		fd = dial(options, &export, wishes->remote.uri, err);
		r = MIN(fd, 0);
	}
	if (r == 0) {
		r = remote_describe(options, &export, wishes, err);
		if (r == 0)
			r = vd_server_remote.probe(err);
		if (r < 0)
			nbd_hang_up(fd);
		else
			r = launch(wishes, fd, ret_devpath, err);
	}
	free(wishes);
	return r;
}

static const struct {
	uint16_t flag;
	const char *name;
} flag_names[] = {
	{ NBD_EXPORT_READ_ONLY, "read-only" },
	{ NBD_EXPORT_FLUSH, "flush" },
	{ NBD_EXPORT_FUA, "fua" },
	{ NBD_EXPORT_TRIM, "trim" },
	{ NBD_EXPORT_WRITE_ZEROES, "write-zeroes" },
	{ NBD_EXPORT_MULTI_CONN, "multi-conn" },
};

/* Each between quotes, with between before all but the first. */
static void print_flags(uint16_t flags, const char *quote, const char *between)
{
	const char *text = "";

	for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++) {
		if (flags & flag_names[i].flag) {
			printf("%s%s%s%s", text, quote, flag_names[i].name, quote);
			text = between;
		}
	}
}

int remote_info(const struct options *options, struct error **err)
{
	struct nbd_export export;
	char uri[NBD_URI_MAX];
	int fd = dial(options, &export, uri, err);

	if (fd < 0)
		return fd;
	nbd_hang_up(fd);
	if (options->json) {
		fputs("{\n  \"image\": ", stdout);
		print_json_text(stdout, uri);
		printf(",\n  \"format\": \"nbd\",\n  \"virtual-size\": %" PRIu64
		       ",\n  \"sector-size\": %u,\n  \"largest-request\": %u,\n  \"flags\": [",
		       export.size, export.sector, export.max);
		print_flags(export.flags, "\"", ", ");
		puts("]\n}");
	} else {
		fputs("image: ", stdout);
		print_text(stdout, uri);
		putchar('\n');
		printf("format: nbd\nvirtual size: %" PRIu64
		       " bytes\nsector size: %u\nlargest request: %u bytes\nflags: ",
		       export.size, export.sector, export.max);
		print_flags(export.flags, "", " ");
		putchar('\n');
	}
	return finish_stdout(err);
}

int remote_open(struct daemon_job *job, struct backend *ret, struct error **err)
{
	return 0;
}

int remote_close(struct daemon_job *job, struct backend *backend, struct error **err)
{
	return 0;
}
