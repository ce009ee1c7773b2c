// SPDX-License-Identifier: GPL-2.0-or-later
/* Our own parameters: see mkvinitrd-boot(7). */
#include "applets/bootplan/table/value.h"

#define ANYTHING(name, setting)                              \
	{                                                    \
		name "=*", USE, .sets = { { setting, "%" } } \
	}
#define FLAG(name, setting)                                \
	{                                                  \
		name, SWITCH, .sets = { { setting, "1" } } \
	}

static const struct parameter parameters[] = {
	{ "vi.mode=loop", USE, .sets = { { S_MODE, "%" } } },
	{ "vi.mode=tmpfs", USE, .sets = { { S_MODE, "%" } } },
	{ "vi.mode=overlay", USE, .sets = { { S_MODE, "%" } } },
	{ "vi.mode=disk", USE, .sets = { { S_MODE, "%" } } },
	{ "vi.mode=share", USE, .sets = { { S_MODE, "%" } } },
	{ "vi.mode=*", WRONG, .expected = "loop, tmpfs, overlay, disk or share" },
	ANYTHING("vi.image", S_IMAGE),
	ANYTHING("vi.host", S_HOST),
	{ "vi.part=*", CALL, .sets = { { S_PART, NULL } }, .call = take_part,
	  .expected = "a partition from 1, UUID=, LABEL=, /dev/VG/LV or whole" },
	{ "vi.persist=,*", CALL, .sets = { { S_GENERATIONS, NULL } }, .call = take_generations,
	  .expected = "rollback=1 to rollback=9, commit, discard or ask" },
	{ "vi.persist=rollback=*", CALL, .sets = { { S_GENERATIONS, NULL } },
	  .call = take_generations, .expected = "rollback=1 to rollback=9" },
	{ "vi.persist=commit", CALL, .sets = { { S_GENERATIONS, NULL } },
	  .call = take_generations },
	{ "vi.persist=discard", CALL, .sets = { { S_GENERATIONS, NULL } },
	  .call = take_generations },
	{ "vi.persist=ask", CALL, .sets = { { S_GENERATIONS, NULL } }, .call = take_generations },
	{ "vi.persist=*", CALL, .sets = { { S_PERSIST, NULL } }, .call = take_persist,
	  .expected = "sizes as 500m, 2g or 50%, and rollback=1 to rollback=9" },
	{ "vi.size=*", CALL, .sets = { { S_SIZE, NULL } }, .call = take_size,
	  .expected = "a size such as 1500m, 2g or 75%" },
	FLAG("vi.toram", S_TORAM),
	{ "vi.toram=auto", USE, .sets = { { S_TORAM, "auto" } } },
	{ "vi.toram=*", WRONG, .expected = "1, 0 or auto" },
	{ "vi.bind=?*:/*:/*", USE, .sets = { { S_BINDS, "%" } } },
	{ "vi.bind=*", WRONG, .expected = "HOST:/directory:/target" },
	{ "vi.tce=?*:/*", USE, .sets = { { S_TCE, "%" } } },
	{ "vi.tce=*", WRONG, .expected = "HOST:/directory" },
	{ "vi.swap=*", CALL, .sets = { { S_SWAP, NULL } }, .call = take_swap,
	  .expected = "auto, zram[:SIZE], none or a partition" },
	FLAG("vi.automount", S_AUTOMOUNT),
	{ "vi.automount=*", WRONG, .expected = "1 or 0" },
	{ "vi.verify=sha256:*", USE, .sets = { { S_VERIFY, "@" } } },
	{ "vi.verify=verity:?*", USE, .sets = { { S_VERIFY, "%" } } },
	{ "vi.verify=minisign:?*", USE, .sets = { { S_VERIFY, "%" } } },
	{ "vi.verify=", USE, .sets = { { S_VERIFY, "" } } },
	{ "vi.verify=*", USE, .sets = { { S_VERIFY, "unknown:%" } } }, /* the boot is refused */
	{ "vi.timeout=*", CALL, .sets = { { S_WAITS, NULL } }, .call = take_timeout,
	  .expected = "a number of seconds" },
	{ "vi.patience=*", CALL, .sets = { { S_PATIENCE, NULL } }, .call = take_patience,
	  .expected = "a number of seconds" },
	FLAG("vi.degraded", S_DEGRADED),
	{ "vi.degraded=*", WRONG, .expected = "1 or 0" },
	ANYTHING("vi.net", S_NET),
	FLAG("vi.shell", S_SHELL),
	{ "vi.shell=*", WRONG, .expected = "1 or 0" },
	FLAG("vi.debug", S_DEBUG),
	{ "vi.debug=*", WRONG, .expected = "1 or 0" },
	{ "vi.break=settle", USE, .sets = { { S_BREAK, "%" } } },
	{ "vi.break=locate", USE, .sets = { { S_BREAK, "%" } } },
	{ "vi.break=attach", USE, .sets = { { S_BREAK, "%" } } },
	{ "vi.break=assemble", USE, .sets = { { S_BREAK, "%" } } },
	{ "vi.break=handover", USE, .sets = { { S_BREAK, "%" } } },
	{ "vi.break=0", USE, .sets = { { S_BREAK, "" } } },
	{ "vi.break=*", WRONG, .expected = "settle, locate, attach, assemble or handover" },
	FLAG("vi.plan", S_PLAN),
	{ "vi.plan=*", WRONG, .expected = "1 or 0" },
	{ "vi.keymap=*", CALL, .sets = { { S_KEYMAP, NULL } }, .call = take_keymap },
	{ "vi.kernel=", USE, .sets = { { S_KERNEL, "" } } },
	{ "vi.kernel=0", USE, .sets = { { S_KERNEL, "" } } },
	ANYTHING("vi.kernel", S_KERNEL),
	{ "vi.modules=*", USE, .sets = { { S_MODULES, "%" } } },
	{ "vi.hostmount=/*", USE, .sets = { { S_HOSTMOUNT, "%" } } },
	{ "vi.hostmount=", USE, .sets = { { S_HOSTMOUNT, "" } } },
	{ "vi.hostmount=*", WRONG, .expected = "a path that begins with /" },
	{ "vi.report=http://?*", USE, .sets = { { S_REPORT, "%" } } },
	{ "vi.report=https://?*", USE, .sets = { { S_REPORT, "%" } } },
	{ "vi.report=", USE, .sets = { { S_REPORT, "" } } },
	{ "vi.report=*", WRONG, .expected = "an address, http://SERVER/PATH" },
	{ "vi.*", WRONG, .expected = "a parameter of mkvinitrd-boot(7)" },
};

const struct table table_own = { "mkvinitrd", NULL, RANK_OWN, parameters, ARRAY_SIZE(parameters),
				 NULL,	      NULL };
