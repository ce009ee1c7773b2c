#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# bats file_tags=unsanitized
# The gate `layers` fails for each kind of violation that it is for.

bats_require_minimum_version 1.5.0

setup() {
	bats_load_library bats-support
	bats_load_library bats-assert
	cd "$BATS_TEST_DIRNAME/../../.." || exit
	cp -R --parents common builder applets ci skel "$BATS_TEST_TMPDIR"
	cd "$BATS_TEST_TMPDIR" || exit
}

# refused LINE...: the gate fails, and says each LINE
refused() {
	run -1 sh ci/gates/65-layers
	for line in "$@"; do assert_output --partial "$line"; done
}

@test "the tree as it is passes" {
	run -0 sh ci/gates/65-layers
	refute_output --partial 'not ok'
}

@test "a layer that includes one above it" {
	echo '#include "applets/vdattach/daemon/daemon.h"' >>applets/vdattach/format/qcow2/write.c
	echo '#include "builder/plan/internal.h"' >>builder/resolve/module/kmod.c
	refused 'not ok - layer applets/vdattach/format' \
		'format/qcow2/write.c: applets/vdattach/format may not include applets/vdattach/daemon/daemon.h' \
		'not ok - layer builder/resolve' \
		'kmod.c: builder/resolve may not include builder/plan/internal.h'
}

@test "one format that includes another program" {
	echo '#include "applets/findimg/search.h"' >>applets/vdattach/format/raw.c
	refused 'format/raw.c: applets/vdattach/format may not include applets/findimg/search.h'
}

@test "common/ that includes a program, or what is built on it" {
	echo '#include "builder/util/vec.h"' >>common/modules/index.c
	echo '#include "common/modules/name.h"' >>common/error.c
	refused 'common/modules/index.c: common/modules may not include builder/util/vec.h' \
		'common/error.c: common may not include common/modules/name.h'
}

@test "two layers of the same height that include each other" {
	echo '#include "applets/vdattach/nbd/uri.h"' >>applets/vdattach/dm/map.c
	refused 'dm/map.c: applets/vdattach/dm may not include applets/vdattach/nbd/uri.h'
}

@test "files that include each other in a circle" {
	echo '#include "builder/util/diag.h"' >>builder/util/strbuf.h
	echo '#include "builder/util/strbuf.h"' >>builder/util/diag.h
	refused 'not ok - no files include each other in a circle' \
		'builder/util/diag builder/util/strbuf'
}

@test "files in a circle by way of a header that has no .c" {
	echo '#include "builder/util/shared.h"' >>builder/util/strbuf.c
	echo '#include "builder/util/diag.h"' >>builder/util/shared.h
	echo '#include "builder/util/strbuf.h"' >>builder/util/diag.c
	refused 'not ok - no files include each other in a circle' \
		'builder/util/diag builder/util/strbuf'
}

@test "headers without a .c that include each other" {
	echo '#include "builder/util/two.h"' >>builder/util/one.h
	echo '#include "builder/util/one.h"' >>builder/util/two.h
	refused 'not ok - no files include each other in a circle' \
		'builder/util/one builder/util/two'
}

@test "a directory that the table does not know" {
	mkdir applets/new
	echo 'int main(void) { return 0; }' >applets/new/main.c
	refused 'not ok - every directory of sources is in ci/layers' 'applets/new'
}

@test "a header that does not exist" {
	echo '#include "builder/util/nowhere.h"' >>builder/plan/plan.c
	refused 'builder/plan/plan.c: there is no builder/util/nowhere.h'
}

@test "an accepted circle that is none any more" {
	echo 'circle builder/util/suggest builder/util/vec' >>ci/layers
	refused 'not ok - the circles accepted by ci/layers exist' \
		'builder/util/suggest builder/util/vec'
}

@test "a system call in a format, a process in the builder, libkmod elsewhere, eval in init" {
	echo 'static int f(void) { return open("x", 0); }' >>applets/vdattach/format/vhd/parent.c
	echo 'static int g(void) { return fork(); }' >>builder/util/vec.c
	echo '#include <libkmod.h>' >>builder/plan/module/modules.c
	echo 'eval "$1"' >>skel/lib/util.sh
	refused 'not ok - format files make no system call' \
		'not ok - of the builder only keymap-tool.c starts a process' \
		'not ok - only kmod.c includes libkmod' \
		'not ok - no shell evaluates kernel parameters'
}
