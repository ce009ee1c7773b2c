/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine that a kernel's modules are built for. */
#ifndef BUILDER_RESOLVE_MODULE_MACHINE_H
#define BUILDER_RESOLVE_MODULE_MACHINE_H

#include "builder/host/host.h"

/* e_machine of the first module in modules.dep that can be read; 0: there is none. */
uint16_t module_machine(const struct host *host);

#endif
