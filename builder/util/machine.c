// SPDX-License-Identifier: GPL-2.0-or-later
#include "builder/util/machine.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "common/bytes.h"
#include "common/macro.h"

uint16_t machine_read(const void *head, size_t len)
{
	const uint8_t *p = head;

	if (len < MACHINE_HEAD || memcmp(p, ELFMAG, SELFMAG) != 0)
		return EM_NONE;
	return p[EI_DATA] == ELFDATA2MSB ? get_be16(p + 18) : get_le16(p + 18);
}

uint16_t machine_of_file(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint8_t head[MACHINE_HEAD];
	ssize_t got = fd < 0 ? 0 : pread(fd, head, sizeof(head), 0);

	return got < 0 ? EM_NONE : machine_read(head, (size_t)got);
}

const char *machine_name(uint16_t machine, char *buf, size_t size)
{
	static const struct {
		uint16_t machine;
		const char *name;
	} names[] = { { EM_X86_64, "amd64" }, { EM_386, "i386" },	{ EM_AARCH64, "arm64" },
		      { EM_ARM, "armhf" },    { EM_RISCV, "riscv64" },	{ EM_PPC64, "ppc64el" },
		      { EM_S390, "s390x" },   { EM_MIPS, "mips64el" },	{ 258, "loong64" },
		      { EM_PPC, "powerpc" },  { EM_SPARCV9, "sparc64" } };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].machine == machine)
			return names[i].name;
	snprintf(buf, size, "machine %u", machine);
	return buf;
}

bool machine_runs(uint16_t kernel, uint16_t program)
{
	/* both run programs of their 32-bit predecessor */
	return kernel == EM_NONE || program == EM_NONE || kernel == program ||
	       (kernel == EM_X86_64 && program == EM_386) ||
	       (kernel == EM_AARCH64 && program == EM_ARM);
}
