/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machines that programs and kernels are built for, by e_machine of elf(5). */
#ifndef BUILDER_UTIL_MACHINE_H
#define BUILDER_UTIL_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MACHINE_HEAD 20 /* bytes of a file that machine_read() wants */

/* e_machine of an ELF file that starts with head; 0 (EM_NONE): none, or too short. */
uint16_t machine_read(const void *head, size_t len);

/* Likewise of the file at path; 0 also when it cannot be read. */
uint16_t machine_of_file(const char *path);

/* Debian's name: "arm64"; of one that has none "machine 42", in buf. */
const char *machine_name(uint16_t machine, char *buf, size_t size);

/* Can a kernel of the one machine run programs of the other? 0 stands for one that is not known,
 * and fits all. */
bool machine_runs(uint16_t kernel, uint16_t program);

#endif
