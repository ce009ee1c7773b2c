// SPDX-License-Identifier: GPL-2.0-or-later
/* Slax, MiniOS, Porteus: a directory of layers. */
#include "applets/bootplan/table/value.h"

#define MEDIUM                 \
	{ S_MODE, "overlay" }, \
	{                      \
		S_LIVE, "slax" \
	}

static const struct parameter parameters[] = {
	{ "copy2ram", SWITCH, .sets = { { S_TORAM, "1" } } },
	{ "from=*://*.iso", USE, .sets = { MEDIUM, { S_ISO, "%" } } },
	{ "from=*://*", CALL, .call = take_slax_from },
	{ "from=ask*", CALL, .call = take_slax_from },
	{ "from=*", CALL, .sets = { MEDIUM, { S_LIVE_DIR, NULL } }, .call = take_slax_from },
	{ "perch", SWITCH, .sets = { { S_PERSIST, "slax:resume:" } } },
	{ "perchdir=*", CALL, .sets = { MEDIUM, { S_PERSIST, NULL } }, .call = take_perchdir,
	  .expected = "resume, new, ask, a number or /dev/NAME/directory" },
	{ "slax.flags=*", CALL, .sets = { MEDIUM, { S_PERSIST, NULL } }, .call = take_slax_flags },
	{ "automount", SWITCH, .sets = { MEDIUM, { S_AUTOMOUNT, "1" } } },
	{ "noautomount", SWITCH, .sets = { MEDIUM, { S_AUTOMOUNT, "" } } },
	{ "nozram", SWITCH, .sets = { { S_NO_ZRAM, "1" } } },
	{ "initrd=/slax/boot/*", USE, .sets = { { S_MODE, "overlay" }, { S_LIVE, "?slax" } } },
	{ "BOOT_IMAGE=/slax/boot/*", USE, .sets = { { S_MODE, "overlay" }, { S_LIVE, "?slax" } } },
	{ "changes=?*", CALL, .sets = { { S_PERSIST, NULL } }, .call = take_changes,
	  .expected =
		  "/directory, /dev/NAME/directory, UUID:ID/directory or LABEL:NAME/directory" },
	{ "noload=?*", USE, .sets = { { S_LIVE_NOLOAD, "%" } } },
	{ "load=?*", USE, .sets = { { S_LIVE_LOAD, "%" } } },
	{ "perchmode=native", USE, .sets = { { S_PERCH_MODE, "%" } } },
	{ "perchmode=raw", USE, .sets = { { S_PERCH_MODE, "%" } } },
	{ "perchmode=dynfilefs", USE, .sets = { { S_PERCH_MODE, "%" } } },
	{ "perchmode=*", WRONG, .expected = "native, raw or dynfilefs" },
	{ "perchsize=*", CALL, .sets = { { S_PERCH_SIZE, NULL } }, .call = take_perchsize,
	  .expected = "a number of MB" },
};

static const char unsupported[] =
	"perchreserve= perchencrypt perchcomp perchtoram perchfs= base_only extramod= "
	"rammod= ramsize= rootcopy= norootcopy nomagic magic_folders= changes-ro changes_ro "
	"delay= fsck mopt= noauto nocd nohd nonetwork nfspath= httpfs copycontent vga_detect "
	"nosav= uuid_from= debug.slax bext= cache= cfgfile= sgnfile= timing zramcomp= "
	"zramsize=";
static const char left[] =
	"autoexec= cliexec= guiexec= login= kmap= utc timezone= volume= zram= nosound "
	"cheatcodes bluetooth nohotplug pxe storage= default_target= default-target= "
	"enable_services= enable-services= disable_services= disable-services= cloud "
	"scripts= ssh_key= module-mode= novirtres virtres= root-password= "
	"root-password-crypted= user-password= user-password-crypted= root_password= "
	"user_name= user_password= host_name= hide_credentials autologin= default_locale=";

const struct table table_slax = { "Slax, MiniOS, Porteus", NULL,	RANK_FOREIGN, parameters,
				  ARRAY_SIZE(parameters),  unsupported, left };
