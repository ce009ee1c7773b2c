// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as a profile: parse, check, print. Files that it includes are the input again, from
 * another place. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "builder/profile/profile.h"

struct input {
	const char *text;
	size_t len;
};

/* "N" is the input from byte N on; other names do not exist. */
static int load(void *context, const char *name, const char *from, char **ret_path, char **ret_text,
		size_t *ret_len, struct error **err)
{
	const struct input *input = context;
	size_t start = strtoul(name, NULL, 10);

	if (start > input->len || name[0] < '0' || name[0] > '9')
		return error_make(err, ENOENT, "no such file");
	*ret_len = input->len - start;
	*ret_path = strdup(name);
	*ret_text = malloc(*ret_len + 1); /* without a NUL behind it */
	if (*ret_path && *ret_text) {
		memcpy(*ret_text, input->text + start, *ret_len);
		return 0;
	}
	free(*ret_path);
	free(*ret_text);
	return error_make(err, ENOMEM, "out of memory");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { (const char *)data, size };
	struct profile_loader loader = { .load = load, .context = &input };
	struct profile profile = { 0 };
	struct diag diag = { 0 };
	FILE *null = fopen("/dev/null", "w");

	if (null && profile_parse(&profile, "0", &loader, &diag, NULL) == 0) {
		profile_check(&profile, &diag);
		diag_print(&diag, null);
	}
	if (null)
		fclose(null);
	diag_release(&diag);
	profile_release(&profile);
	return 0;
}
