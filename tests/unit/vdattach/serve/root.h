/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of what only root may do. */
#ifndef TESTS_UNIT_VDATTACH_SERVE_ROOT_H
#define TESTS_UNIT_VDATTACH_SERVE_ROOT_H

/*
 * A group setup. Who is not root becomes that in user and mount namespaces of the test's own; where
 * the kernel allows none, the group fails and says so.
 */
int become_root(void **state);

#endif
