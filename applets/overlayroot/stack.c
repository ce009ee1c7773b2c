// SPDX-License-Identifier: GPL-2.0-or-later
#include "applets/overlayroot/stack.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "applets/lib/mountutil.h"
#include "applets/lib/state.h"

static int stack_push(struct stack *stack, bool loop, const char *what)
{
	struct stack_item *items;

	items = reallocarray(stack->items, stack->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	stack->items = items;
	items[stack->count].loop = loop;
	items[stack->count].what = strdup(what);
	if (!items[stack->count].what)
		return -ENOMEM;
	stack->count++;
	return 0;
}

int stack_mount(struct stack *stack, const char *source, const char *target, const char *type,
		unsigned long flags, const char *data, struct error **err)
{
	int r = make_dirs(target, 0755, err);

	if (r == 0)
		r = mount_fs(source, target, type, flags, data, err);
	if (r < 0)
		return r;
	r = stack_push(stack, false, target);
	if (r < 0) {
		umount2(target, MNT_DETACH);
		return error_sys(err, r, "cannot mount %s", target);
	}
	return 0;
}

int stack_loop(struct stack *stack, const struct loop_request *req, char **ret_device,
	       struct error **err)
{
	_cleanup_free_ char *device = NULL;
	int r = loop_attach(req, &device, err);

	if (r < 0)
		return r;
	r = stack_push(stack, true, device);
	if (r < 0) {
		(void)!loop_detach(device, NULL);
		return error_sys(err, r, "cannot attach %s", req->path);
	}
	*ret_device = steal_ptr(&device);
	return 0;
}

/* Unmounts or detaches the newest item. 0 or -errno. */
static int stack_pop(struct stack *stack, struct error **err)
{
	struct stack_item *item = &stack->items[--stack->count];
	int r = item->loop ? loop_detach(item->what, err) : unmount_fs(item->what, 0, err);

	free(item->what);
	return r;
}

int stack_record(const struct stack *stack, const char *file, struct error **err)
{
	size_t i;
	int r;

	for (i = 0; i < stack->count; i++) {
		r = state_push(file, "%s %s", stack->items[i].loop ? "loop" : "mount",
			       stack->items[i].what);
		if (r < 0)
			return error_sys(err, r, "cannot record the mounts in '%s'", file);
	}
	return 0;
}

void stack_undo(struct stack *stack)
{
	while (stack->count > 0)
		stack_pop(stack, NULL);
}

void stack_release(struct stack *stack)
{
	while (stack->count > 0)
		free(stack->items[--stack->count].what);
	free(stack->items);
	stack->items = NULL;
}
