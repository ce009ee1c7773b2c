// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/netfetch/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/file.h"
#include "common/msg.h"
#include "common/text.h"

/* Lines: this one, ETag, Last-Modified, size. */
#define KEPT_MAGIC "netfetch 1"

/* The next line of *text, which moves behind it; "" at the end. */
static const char *note_line(char **text)
{
	char *line = strsep(text, "\n");

	return line ? line : "";
}

bool kept_parse(char *text, struct version *ret)
{
	const char *etag, *modified, *size;
	char *end;

	if (strcmp(note_line(&text), KEPT_MAGIC) != 0)
		return false;
	etag = note_line(&text);
	modified = note_line(&text);
	size = note_line(&text);
	if (strlen(etag) >= sizeof(ret->etag) || strlen(modified) >= sizeof(ret->modified))
		return false;
	snprintf(ret->etag, sizeof(ret->etag), "%s", etag);
	snprintf(ret->modified, sizeof(ret->modified), "%s", modified);
	errno = 0;
	ret->size = strtoll(size, &end, 10);
	return end != size && !*end && errno == 0 && version_validator(ret);
}

/* -ENOENT: nothing that can be continued. */
static int read_note(const struct sink *sink, struct version *ret)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = read_text(sink->note, &text, &len);

	if (r < 0)
		return r;
	return strlen(text) == len && kept_parse(text, ret) ? 0 : -ENOENT;
}

int kept_load(struct sink *sink, struct version *ret, struct error **err)
{
	int r;

	*ret = (struct version){ .size = -1 };
	if (flock(sink->fd, LOCK_EX | LOCK_NB) < 0) {
		sink->kept = true; /* by the other */
		return error_make(err, EBUSY, "'%s' is being written by another netfetch",
				  sink->part);
	}
	r = read_note(sink, ret);
	if (r == 0)
		r = sink_recall(sink);
	if (r == 0 && ret->size >= 0 && sink->offset > (uint64_t)ret->size)
		r = -EINVAL;
	if (r < 0) {
		*ret = (struct version){ .size = -1 };
		return sink_restart(sink, err);
	}
	if (sink->offset)
		msg(MSG_INFO, "continuing '%s' with %llu bytes in it", sink->part,
		    (unsigned long long)sink->offset);
	return 0;
}

void kept_note(struct sink *sink, const struct version *version)
{
	FILE *file;

	if (!sink->note)
		return;
	unlink(sink->note);
	sink->kept = false;
	file = version_validator(version) ? fopen(sink->note, "wxe") : NULL;
	if (!file)
		return;
	fprintf(file, KEPT_MAGIC "\n%s\n%s\n%lld\n", version->etag, version->modified,
		(long long)version->size);
	if (fclose(file) == 0)
		sink->kept = true;
	else
		unlink(sink->note);
}
