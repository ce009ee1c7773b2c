/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory of a test program's own, below /tmp, which the program works in. */
#ifndef TESTS_UNIT_COMMON_SCRATCH_H
#define TESTS_UNIT_COMMON_SCRATCH_H

/* For cmocka's groups and tests: makes the directory and enters it, leaves and removes it. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* A file in it with that text. */
void scratch_write(const char *name, const char *text);

#endif
