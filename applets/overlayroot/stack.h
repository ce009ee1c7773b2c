/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was mounted and attached, in order: undone when something fails, recorded when all is well.
 */
#ifndef APPLETS_OVERLAYROOT_STACK_H
#define APPLETS_OVERLAYROOT_STACK_H

#include <stddef.h>

#include "applets/lib/loopdev.h"
#include "common/error.h"

struct stack_item {
	bool loop;  /* else a mount */
	char *what; /* device, or mount point */
};

struct stack {
	struct stack_item *items;
	size_t count;
};

/* mount_fs() on target, which is made when absent. 0 or -errno. */
int stack_mount(struct stack *stack, const char *source, const char *target, const char *type,
		unsigned long flags, const char *data, struct error **err) _must_check_;

/* loop_attach(). *ret_device is the caller's to free. 0 or -errno. */
int stack_loop(struct stack *stack, const struct loop_request *req, char **ret_device,
	       struct error **err) _must_check_;

/* Appends the items to the state file (NULL: none), oldest first. 0 or -errno. */
int stack_record(const struct stack *stack, const char *file, struct error **err) _must_check_;

/* Takes everything down, the newest first, as far as it goes. */
void stack_undo(struct stack *stack);

/* Forgets everything and releases the memory. */
void stack_release(struct stack *stack);

#endif
