// SPDX-License-Identifier: GPL-2.0-or-later
/* Where dracut and the package overlayroot keep changes of a root that they put under an overlay.
 */
#include <string.h>

#include "applets/bootplan/glob.h"
#include "applets/bootplan/table/value.h"
#include "common/text.h"

/* tmpfs:size=SIZE,nr_blocks=N,nr_inodes=N */
void take_overlay_tmpfs(struct plan *plan, const struct word *word)
{
	char *options = plan_copy(plan, word->value + strlen("tmpfs:")), *rest, *option;
	const char *size = NULL, *inodes = "";
	uint64_t number;

	for (option = options ? strtok_r(options, ",", &rest) : NULL; option;
	     option = strtok_r(NULL, ",", &rest)) {
		const char *value = strchr(option, '=') ? strchr(option, '=') + 1 : "";

		if (has_prefix(option, "size=") && size_text(plan, value))
			size = size_text(plan, value);
		else if (has_prefix(option, "nr_blocks=") &&
			 number_parse(value, UINT64_C(1) << 40, &number) == 0 && number)
			size = plan_text(plan, "%lluk", (unsigned long long)number * 4);
		else if (has_prefix(option, "nr_inodes=") &&
			 number_parse(value, UINT64_C(1) << 40, &number) == 0)
			inodes = plan_text(plan, ",nr_inodes=%llu", (unsigned long long)number);
		else
			plan_note(plan, NULL, "parameter '%s': '%s' is not used", word->text,
				  option);
	}
	plan_set(plan, S_PERSIST, word->rank,
		 size || *inodes ? plan_text(plan, "ram:%s%s", size ? size : "50%", inodes)
				 : "ram");
}

/* DEVICE[,OPTION=VALUE,...]; only the device counts: nothing is formatted here. */
void take_overlay_crypt(struct plan *plan, const struct word *word)
{
	plan_set(plan, S_PERSIST, word->rank,
		 plan_text(plan, "dracut-crypt:%.*s", (int)strcspn(word->value, ","), word->value));
}

/* tmpfs[:OPTIONS], /dev/NAME or device:dev=DEVICE[,dir=DIRECTORY] of the package overlayroot, which
 * puts every file system of fstab under an overlay unless recurse=0. */
void take_overlayroot(struct plan *plan, const struct word *word)
{
	const char *colon = strchr(word->value, ':');
	const char *device = *word->value == '/' ? word->value : NULL, *dir = "overlay";
	char *options = plan_copy(plan, device || !colon ? "" : colon + 1), *rest, *option;

	for (option = options ? strtok_r(options, ",", &rest) : NULL; option;
	     option = strtok_r(NULL, ",", &rest)) {
		if (has_prefix(option, "dev="))
			device = option + strlen("dev=");
		else if (has_prefix(option, "dir="))
			dir = option + strlen("dir=") + strspn(option + strlen("dir="), "/");
	}
	if (!in_list(plan, colon ? colon + 1 : "", "recurse=0"))
		plan_note(plan, NULL,
			  "parameter '%s': only / is an overlay, other file systems of its fstab "
			  "are mounted as it says",
			  word->text);
	plan_set(plan, S_PERSIST, word->rank,
		 !device ? "ram"
			 : plan_text(plan, "overlayroot:%s%s:/%s",
				     *device == '/' || strchr(device, '=') ? "" : "/dev/", device,
				     dir));
}

/* DEVICE[:/path|:auto] of dracut's overlay */
void take_overlay_host(struct plan *plan, const struct word *word)
{
	size_t len = strlen(word->value);

	if (glob_matches("*:auto", word->value))
		len -= strlen(":auto");
	plan_set(plan, S_PERSIST, word->rank,
		 plan_text(plan, "dracut:%.*s", (int)len, word->value));
}
