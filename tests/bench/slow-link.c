// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * slow-link TAP PORT PEER MBITS MICROSECONDS: carries Ethernet frames between a tap and QEMU's
 * -netdev socket,udp=127.0.0.1:PORT,localaddr=127.0.0.1:PEER, each way at a rate and after a delay,
 * as a switched network has them. For machines whose kernel has no netem. What comes while QUEUE
 * frames wait is lost, as in the buffer of a switch.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define QUEUE 2000U
#define FRAME 2048U
#define WIRE  24U /* bytes of preamble, checksum and gap around each frame */

struct frame {
	uint64_t due; /* nanoseconds */
	size_t len;
	uint8_t data[FRAME];
};

struct direction {
	int from, to;
	uint64_t free; /* when the wire is */
	size_t first, count;
	struct frame *frames;
};

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

/* True if there was a frame. */
static bool take(struct direction *d, uint64_t mbits, uint64_t delay)
{
	struct frame spare, *frame = &d->frames[(d->first + d->count) % QUEUE];
	ssize_t n;

	if (d->count == QUEUE)
		frame = &spare;
	n = read(d->from, frame->data, FRAME);
	if (n <= 0 || d->count == QUEUE)
		return n > 0;
	if (d->free < now())
		d->free = now();
	d->free += ((uint64_t)n + WIRE) * 8 * 1000 / mbits;
	frame->len = (size_t)n;
	frame->due = d->free + delay;
	d->count++;
	return true;
}

/* Nanoseconds until the next one is due, UINT64_MAX without any. */
static uint64_t give(struct direction *d)
{
	uint64_t at;

	while (d->count && d->frames[d->first].due <= now()) {
		/* a peer that is not there yet, or any more, loses it */
		(void)!write(d->to, d->frames[d->first].data, d->frames[d->first].len);
		d->first = (d->first + 1) % QUEUE;
		d->count--;
	}
	if (!d->count)
		return UINT64_MAX;
	at = now();
	return d->frames[d->first].due > at ? d->frames[d->first].due - at : 0;
}

static int open_tap(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0)
		err(1, "cannot open the tap %s", name);
	return fd;
}

static int open_socket(const char *here, const char *there)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				       .sin_port = htons((uint16_t)atoi(here)) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), size = 8 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(1, "cannot use port %s", here);
	address.sin_port = htons((uint16_t)atoi(there));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		err(1, "cannot use port %s", there);
	return fd;
}

int main(int argc, char **argv)
{
	struct direction ways[2] = { 0 };
	uint64_t mbits, delay;

	if (argc != 6)
		errx(2, "usage: slow-link TAP PORT PEER MBITS MICROSECONDS");
	mbits = strtoull(argv[4], NULL, 10);
	delay = strtoull(argv[5], NULL, 10) * 1000;
	ways[0].from = ways[1].to = open_tap(argv[1]);
	ways[0].to = ways[1].from = open_socket(argv[2], argv[3]);
	for (size_t i = 0; i < 2; i++)
		if (!(ways[i].frames = calloc(QUEUE, sizeof(struct frame))))
			errx(1, "no memory");
	prctl(PR_SET_TIMERSLACK, 1000UL);
	for (;;) {
		struct pollfd fds[2] = { { .fd = ways[0].from, .events = POLLIN },
					 { .fd = ways[1].from, .events = POLLIN } };
		uint64_t a = give(&ways[0]), b = give(&ways[1]), wait = a < b ? a : b;
		struct timespec ts = { (time_t)(wait / 1000000000U), (long)(wait % 1000000000U) };

		if (ppoll(fds, 2, wait == UINT64_MAX ? NULL : &ts, NULL) < 0)
			err(1, "poll");
		for (size_t i = 0; i < 2; i++)
			for (int n = 0; n < 64 && take(&ways[i], mbits, delay); n++)
				;
	}
}
