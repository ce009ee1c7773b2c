// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parameters of live-boot(7), casper(7), Knoppix; functions that they call are in value-*.c.
 * What several of them have is in the first table. Of casper the scripts of 1.498 count as well:
 * what they do in the initramfs is unsupported, what programs of the root read is left to them.
 */
#include "applets/bootplan/table/value.h"

static const struct parameter parameters[] = {
	{ "keyboard-layouts=*", CALL, .sets = { { S_KEYMAP, NULL } }, .call = take_keymap },
	{ "live-config.keyboard-layouts=*", CALL, .sets = { { S_KEYMAP, NULL } },
	  .call = take_keymap },
	{ "boot=live", USE, .sets = { { S_MODE, "overlay" }, { S_LIVE, "live" } } },
	{ "toram", SWITCH, .sets = { { S_TORAM, "1" } } },
	{ "toram=?*", USE, .sets = { { S_TORAM, "1" } } },
	{ "live-media=removable-usb", USE, .sets = { { S_HOST, "usb" } } },
	{ "live-media=removable", USE, .sets = { { S_HOST, "any" } } },
	{ "live-media=/dev/*.iso", CALL, .sets = { { S_HOST, NULL }, { S_ISO, NULL } },
	  .call = take_fromiso },
	{ "bootfrom=/dev/*.iso", CALL, .sets = { { S_HOST, NULL }, { S_ISO, NULL } },
	  .call = take_fromiso },
	{ "live-media=*", USE, .sets = { { S_HOST, "%" } } },
	{ "bootfrom=*", USE, .sets = { { S_HOST, "%" } } },
	{ "live-media-path=*", USE, .sets = { { S_LIVE_DIR, "%" } } },
	{ "live-media-timeout=*", CALL, .sets = { { S_WAITS, NULL } }, .call = take_seconds,
	  .expected = "a number of seconds" },
	{ "findiso=/*", USE, .sets = { { S_ISO, "%" } } },
	{ "findiso=?*", USE, .sets = { { S_ISO, "/%" } } },
	{ "fromiso=/dev/*/*", CALL, .sets = { { S_HOST, NULL }, { S_ISO, NULL } },
	  .call = take_fromiso },
	{ "isofrom=/dev/*/*", CALL, .sets = { { S_HOST, NULL }, { S_ISO, NULL } },
	  .call = take_fromiso },
	{ "fromiso=/dev/*", WRONG, .expected = "/dev/NAME/file.iso" },
	{ "fromiso=/?*.iso", USE, .sets = { { S_ISO, "%" } } }, /* of antiX */
	{ "fromiso=*", WRONG, .expected = "/dev/NAME/file.iso" },
	{ "isofrom=*", WRONG, .expected = "/dev/NAME/file.iso" },
	{ "fetch=?*", CALL, .sets = { { S_MODE, NULL }, { S_IMAGE, NULL } }, .call = take_fetch },
	{ "httpfs=?*", CALL, .sets = { { S_MODE, NULL }, { S_IMAGE, NULL } }, .call = take_fetch },
	{ "ftpfs=?*", CALL, .sets = { { S_MODE, NULL }, { S_IMAGE, NULL } }, .call = take_fetch },
	{ "netboot=nfs", USE, .sets = { { S_LIVE_NETBOOT, "1" } } },
	{ "nfsopts=*", USE, .sets = { { S_LIVE_NFSOPTS, "%" } } },
	{ "ethdevice=?*", CALL, .sets = { { S_ETHDEVICE, NULL } }, .call = take_ethdevice },
	REMOTE("iscsi=?*"),
	{ "verify-checksums", SWITCH, .sets = { { S_CHECKS, "sums" } } },
	{ "verify-checksums=?*", USE, .sets = { { S_CHECKS, "sums:%" } } },
	{ "overlay-size=*", CALL, .sets = { { S_SIZE, NULL } }, .call = take_size,
	  .expected = "a size such as 1500m, 2g or 75%" },
	{ "persistence", SWITCH, .sets = { { S_PERSIST, "live:" } } },
	{ "nopersistence", SWITCH, .sets = { { S_PERSIST, "ram" } } },
	{ "persistence-label=?*", USE, .sets = { { S_LIVE_LABEL, "%" } } },
	{ "persistence-path=*", USE, .sets = { { S_CASPER_PATH, "%" } } },
	{ "persistence-media=removable", USE, .sets = { { S_LIVE_KIND, "%" } } },
	{ "persistence-media=removable-usb", USE, .sets = { { S_LIVE_KIND, "%" } } },
	{ "persistence-read-only", SWITCH, .sets = { { S_KEEP_RO, "1" } } },
	{ "persistence-method=overlay", KEEP, .call = NULL },
	{ "persistence-storage=filesystem,file", KEEP, .call = NULL },
	{ "noeject", SWITCH, .sets = { { S_NOEJECT, "1" } } },
	{ "noprompt", SWITCH, .sets = { { S_NOPROMPT, "1" } } },
	{ "noprompt=cd", USE, .sets = { { S_NOPROMPT, "1" } } },
	{ "noprompt=*", KEEP, .call = NULL }, /* for USB drives nobody is asked */
	{ "union=overlay", KEEP, .call = NULL },
};

static const char unsupported[] =
	"netboot todisk nfsoverlay= union= persistence-* live-media-* encryption= iscsi= "
	"swap=true ramdisk-size= exposedroot plainroot skipunion module= dhcp nodhcp nofstab "
	"nonetworking dm-verity-*";
static const char left[] =
	"components nocomponents access= ignore_uuid showmounts silent nofastboot fastboot "
	"skipconfig quickusbmodules live-config* locales= timezone= keyboard-* "
	"user-default-groups= debug-config hooks= noroot nottyautologin nox11autologin "
	"sysv-rc= user-fullname= utc= wlan-driver= x-session-manager= xorg-driver= "
	"xorg-resolution=";

const struct table table_live = {
	"live-boot", NULL, RANK_FOREIGN, parameters, ARRAY_SIZE(parameters), unsupported, left
};

static const struct parameter casper[] = {
	{ "boot=casper", USE, .sets = { { S_MODE, "overlay" }, { S_LIVE, "casper" } } },
	{ "BOOT_IMAGE=/casper/*", USE,
	  .sets = { { S_MODE, "overlay" },
		    { S_LIVE, "?casper" } } }, /* all that Ubuntu's menu says */
	{ "BOOT_IMAGE=(loop)/casper/*", USE,
	  .sets = { { S_MODE, "overlay" }, { S_LIVE, "?casper" } } },
	{ "iso-scan/filename=/*", USE, .sets = { { S_ISO, "%" } } },
	{ "iso-scan/filename=?*", USE, .sets = { { S_ISO, "/%" } } },
	{ "url=*://*.iso", USE,
	  .sets = { { S_MODE, "overlay" }, { S_LIVE, "?casper" }, { S_ISO, "%" } } },
	{ "iso-url=*://*.iso", USE,
	  .sets = { { S_MODE, "overlay" }, { S_LIVE, "?casper" }, { S_ISO, "%" } } },
	{ "persistent", SWITCH, .sets = { { S_PERSIST, "casper:" } } },
	{ "persistent-path=*", USE, .sets = { { S_CASPER_PATH, "%" } } },
	{ "layerfs-path=?*", USE, .sets = { { S_LIVE_FILE, "%" } } },
};

static const char casper_unsupported[] =
	"hostname= username= userfullname= keyb= klayout= kvariant= kmodel= koptions= "
	"kbd-chooser/method= console-setup/* locale= casper-getty xdebconf debug-ubiquity "
	"keyboard-configuration/* preseed/* braille= xforcevesa serialtty= integrity-check "
	"chkvers nopersistent= uuid= cloud-config-url=";
static const char casper_left[] =
	"file= maybe-ubiquity only-ubiquity automatic-ubiquity autoinstall url= "
	"debian-installer/* fsck.repair= textonly noninteractive show-cow find_iso=";

const struct table table_casper = { "casper",		"casper",	    RANK_FOREIGN, casper,
				    ARRAY_SIZE(casper), casper_unsupported, casper_left };

static const struct parameter knoppix[] = {
	{ "tohd=/dev/*", CALL, .sets = { { S_TOHD, NULL } }, .call = take_tohd },
	{ "tohd=*", WRONG, .expected = "/dev/NAME[/directory]" },
	{ "fromhd", SWITCH, .sets = { { S_MODE, "overlay" }, { S_LIVE, "knoppix" } } },
	{ "fromhd=/dev/*", USE,
	  .sets = { { S_MODE, "overlay" }, { S_LIVE, "knoppix" }, { S_HOST, "%" } } },
	{ "fromhd=*", WRONG, .expected = "/dev/NAME" },
	{ "knoppix_dir=?*", USE, .sets = { { S_LIVE_DIR, "%" } } },
};

static const char knoppix_unsupported[] =
	"knoppix_name= noimage myconfig= testcd mediacheck nocloop ramdisk_size= forensic "
	"debug=knoppix myconf= modules-disk";
static const char knoppix_left[] =
	"keyboard= xkeyboard= xmodule= screen= xvrefresh= xhrefresh= wheelmouse nowheelmouse "
	"adriane no3d nocomposite noaudio nodma nonetwork noscsi nousb nousb2 nofirewire "
	"nopcmcia failsafe expert config= wm= gdm alsa= vga= blind brltty= sleep= atapicd "
	"vsync= hsync= xserver= floppyconfig floppyconf noacpi noagp noapm noddc "
	"noisapnpbios noacpid nodrm norandr nonetworkmanager no-hlt nohwsetup dma gmt "
	"userdef";

const struct table table_knoppix = { "Knoppix",	  "knoppix",	       RANK_FOREIGN,
				     knoppix,	  ARRAY_SIZE(knoppix), knoppix_unsupported,
				     knoppix_left };
