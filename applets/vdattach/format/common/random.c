// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/vdattach/format/common/random.h"

#include <errno.h>
#include <sys/random.h>

#ifndef GRND_INSECURE /* Linux 5.6 */
#define GRND_INSECURE 4
#endif

int random_bytes(void *buf, size_t n, struct error **err)
{
	ssize_t got = getrandom(buf, n, GRND_INSECURE);

	if (got < 0 && errno == EINVAL)
		got = getrandom(buf, n, 0);
	if (got < 0)
		return error_sys(err, errno, "cannot call getrandom");
	return (size_t)got == n ? 0 : error_sys(err, EIO, "cannot call getrandom");
}
