// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernel's own parameters, as far as an initramfs has to do what they say; bootparam(7). */
#include "applets/bootplan/table/value.h"

#define ANYTHING(name, setting)                              \
	{                                                    \
		name "=*", USE, .sets = { { setting, "%" } } \
	}
#define FLAG(name, setting)                                \
	{                                                  \
		name, SWITCH, .sets = { { setting, "1" } } \
	}

/* The forms of root= that dracut added come first, in its table, and count as dracut's. */
static const struct parameter parameters[] = {
	ANYTHING("root", S_ROOT),
	{ "nfsroot=auto", USE,
	  .sets = { { S_NFSROOT, "" } } }, /* of initramfs-tools: by the lease */
	ANYTHING("nfsroot", S_NFSROOT),
	ANYTHING("rootfstype", S_FSTYPE),
	ANYTHING("rootflags", S_FLAGS),
	ANYTHING("mount.usr", S_USR),
	ANYTHING("mount.usrfstype", S_USR_FSTYPE),
	ANYTHING("mount.usrflags", S_USR_FLAGS),
	{ "ro", USE, .sets = { { S_ACCESS, "ro" } } },
	{ "rw", USE, .sets = { { S_ACCESS, "rw" } } },
	ANYTHING("init", S_INIT),
	{ "rdinit=*", KEEP, .call = NULL }, /* by the kernel; Ventoy's starts this init */
	{ "[1-6]", PASS, .sets = { { S_ARGUMENTS, NULL } }, .call = take_runlevel },
	{ "S", PASS, .sets = { { S_ARGUMENTS, NULL } }, .call = take_runlevel },
	{ "single", PASS, .sets = { { S_ARGUMENTS, NULL } }, .call = take_runlevel },
	{ "rootdelay=*", CALL, .sets = { { S_WAITS, NULL } }, .call = take_seconds,
	  .expected = "a number of seconds" },
	{ "rootwait", USE, .sets = { { S_WAITS, "+86400" } } },
	{ "rootwait=*", CALL, .sets = { { S_WAITS, NULL } }, .call = take_seconds,
	  .expected = "a number of seconds" },
	{ "panic=*", CALL, .sets = { { S_PANIC, NULL } }, .call = take_panic,
	  .expected = "a number of seconds, or -1" },
	FLAG("quiet", S_QUIET),
	FLAG("verbose", S_VERBOSE),
	FLAG("debug", S_VERBOSE),
	/* plymouth of the root reads these as well */
	{ "splash", PASS, .sets = { { S_SPLASH, "1" } } },
	{ "splash=silent", USE, .sets = { { S_SPLASH, "1" } } },
	{ "rhgb", PASS, .sets = { { S_SPLASH, "1" } } },
	{ "nosplash", PASS, .sets = { { S_NO_SPLASH, "1" } } },
	{ "plymouth.enable", ON, .sets = { { S_NO_SPLASH, "1" } } },
	{ "rd.plymouth", ON, .sets = { { S_NO_SPLASH, "1" } } },
	{ "console=*", CALL, .sets = { { S_CONSOLES, NULL } }, .call = take_console },
	ANYTHING("fsck.mode", S_FSCK),
	{ "resume=swap:?*", USE, .sets = { { S_RESUME, "@" } } }, /* of TuxOnIce, uswsusp */
	{ "resume=file:*", WRONG, .expected = "a device; resume_offset= is for swap files" },
	ANYTHING("resume", S_RESUME),
	{ "resume_offset=[0-9]*", USE, .sets = { { S_RESUME_OFFSET, "%" } } },
	{ "resume_offset=*", WRONG, .expected = "a number of pages" },
	{ "resumedelay=*", CALL, .sets = { { S_WAITS, NULL } }, .call = take_seconds,
	  .expected = "a number of seconds" },
	FLAG("noresume", S_NO_RESUME),
	{ "hibernate=noresume", USE, .sets = { { S_NO_RESUME, "1" } } },
	{ "hibernate=no", USE, .sets = { { S_NO_RESUME, "1" } } },
	{ "hibernate=*", KEEP, .call = NULL },		   /* by the kernel */
	{ "vconsole.keymap=@kernel", KEEP, .call = NULL }, /* as it is */
	{ "vconsole.keymap=*", CALL, .sets = { { S_KEYMAP, NULL } }, .call = take_keymap },
	{ "module_blacklist=*", KEEP, .call = NULL },	/* by the kernel */
	{ "modprobe.blacklist=*", KEEP, .call = NULL }, /* by coldplug */
};

static const char unsupported[] = "vconsole.*";
static const char left[] = "resumewait fsck.repair load_ramdisk prompt_ramdisk plymouth.*";

const struct table table_kernel = {
	"kernel", NULL, RANK_KERNEL, parameters, ARRAY_SIZE(parameters), unsupported, left
};

static const struct parameter network[] = {
	REMOTE("ip=ibft"), /* addresses that the firmware has for iSCSI */
	REMOTE("ip=*:ibft"),
	{ "ip=*", CALL, .sets = { { S_NET, NULL } }, .call = take_ip, .expected = "an address" },
	{ "nfsaddrs=*", CALL, .sets = { { S_NET, NULL } }, .call = take_ip, /* ip= of old */
	  .expected = "an address" },
	{ "bond=?*", USE, .sets = { { S_LINKS, "bond=%" } } },
	{ "bond", USE, .sets = { { S_LINKS, "bond=bond0" } } },
	{ "bond=", USE, .sets = { { S_LINKS, "bond=bond0" } } },
	{ "bridge=?*:?*", USE, .sets = { { S_LINKS, "bridge=%" } } },
	{ "bridge", USE, .sets = { { S_LINKS, "bridge=br0:eth0" } } },
	{ "bridge=", USE, .sets = { { S_LINKS, "bridge=br0:eth0" } } },
	{ "bridge=*", WRONG, .expected = "NAME:LINK[,LINK...]" },
	{ "vlan=?*:?*", USE, .sets = { { S_LINKS, "vlan=%" } } },
	{ "vlan=*", WRONG, .expected = "NAME:LINK, as in vlan5:eth0 or eth0.5:eth0" },
	{ "ifname=?*:??:??:??:??:??:??", USE, .sets = { { S_LINKS, "ifname=%" } } },
	{ "ifname=*", WRONG, .expected = "NAME:HARDWARE-ADDRESS" },
	ANYTHING("BOOTIF", S_BOOTIF),
	{ "rd.bootif", ON, .sets = { { S_NO_BOOTIF, "1" } } },
	{ "rd.bootif=*", KEEP, .call = NULL },
	{ "bootdev=*", CALL, .sets = { { S_BOOTDEV, NULL } }, .call = take_bootdev },
	{ "rd.route=*", CALL, .sets = { { S_ROUTES, NULL } }, .call = take_route,
	  .expected = "NETWORK/BITS:GATEWAY[:LINK], addresses of IPv6 in brackets" },
	{ "rd.neednet", SWITCH, .sets = { { S_NEEDNET, "1" } } },
	{ "rd.peerdns", ON, .sets = { { S_PEERDNS, "0" } } },
	{ "rd.peerdns=*", KEEP, .call = NULL },
	{ "rd.net.timeout.dhcp=*", CALL, .sets = { { S_DHCP_LIMIT, NULL } },
	  .call = take_dhcp_limit, .expected = "a number of seconds" },
	{ "ethdevice-timeout=*", CALL, .sets = { { S_DHCP_LIMIT, NULL } }, .call = take_dhcp_limit,
	  .expected = "a number of seconds" },
	{ "netconf_timeout=*", CALL, .sets = { { S_DHCP_LIMIT, NULL } }, .call = take_dhcp_limit,
	  .expected = "a number of seconds" },
	{ "rd.net.timeout.iflink=*", CALL, .sets = { { S_WAITS, NULL } }, .call = take_seconds,
	  .expected = "a number of seconds" },
	{ "rd.net.timeout.*", KEEP, .call = NULL }, /* the limits of dracut's steps within ours */
	{ "rd.net.dhcp.retry=*", KEEP, .call = NULL }, /* we ask until the time limit */
	{ "nameserver=*", CALL, .sets = { { S_DNS, NULL } }, .call = take_name_server,
	  .expected = "an address" },
	{ "proxy=*", USE, .sets = { { S_PROXY, "%" } } }, /* of dracut and anaconda */
};

static const char network_unsupported[] = "team rd.net.*";
static const char network_left[] = "biosdevname net.ifnames";

const struct table table_network = { "network",		  NULL,
				     RANK_KERNEL,	  network,
				     ARRAY_SIZE(network), network_unsupported,
				     network_left };
