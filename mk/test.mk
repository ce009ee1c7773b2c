# SPDX-License-Identifier: GPL-2.0-or-later
# Unit tests link with the archive of their component: tests/unit/<component>/[<subject>/]test_*.c
# Fuzz targets likewise: tests/fuzz/<component>/fuzz_*.c, corpus in tests/fuzz/<component>/corpus-<name>/
comma := ,
COMPONENTS := common builder $(APPLETS)
builder_LIBS = $(BUILDER_LIBS)

# Helpers, which several tests share, are the other files of those directories; those of common are for all.
define component_tests
UNIT_SRC_$(1) := $$(wildcard tests/unit/$(1)/test_*.c tests/unit/$(1)/*/test_*.c)
HELPERS_$(1) := $$(patsubst %.c,$(HOST)/%.o,$$(filter-out %/replay.c $$(UNIT_SRC_$(1)) $$(wildcard tests/fuzz/$(1)/fuzz_*.c),\
	$$(wildcard tests/unit/$(1)/*.c tests/unit/$(1)/*/*.c tests/fuzz/$(1)/*.c)))
$(HOST)/libtest-$(1).a: $$(HELPERS_$(1))
	$$(Q)rm -f $$@ && $$(AR) qcs $$@ $$^

UNIT_$(1) := $$(patsubst tests/unit/%.c,$(HOST)/tests/unit/%,$$(UNIT_SRC_$(1)))
$(HOST)/tests/unit/$(1)/%: tests/unit/$(1)/%.c $(HOST)/libtest-$(1).a $(HOST)/libtest-common.a $(HOST)/lib$(1).a
	@mkdir -p $$(@D)
	@$$(if $$(V),,echo "  TEST    $$@")
	$$(Q)$$(CC) $$(CPPFLAGS) $$(CFLAGS) -MMD -MP $$(LDFLAGS) -o $$@ $$< $(HOST)/libtest-$(1).a $(HOST)/libtest-common.a $(HOST)/lib$(1).a $$($(1)_LIBS) -lcmocka && $$(mark_lax)
UNIT += $$(UNIT_$(1))
FUZZ_$(1) := $$(patsubst tests/fuzz/%.c,$(HOST)/tests/fuzz/%,$$(wildcard tests/fuzz/$(1)/fuzz_*.c))
$(HOST)/tests/fuzz/$(1)/%: tests/fuzz/$(1)/%.c $(if $(filter clang%,$(CC)),,tests/fuzz/replay.c) $(HOST)/libtest-$(1).a $(HOST)/libtest-common.a $(HOST)/lib$(1).a
	@mkdir -p $$(@D)
	@$$(if $$(V),,echo "  FUZZ    $$@")
	$$(Q)$$(CC) $$(CPPFLAGS) $$(CFLAGS) -Wno-missing-prototypes $$(LDFLAGS) $$(FUZZFLAGS) -o $$@ $$(filter %.c,$$^) $(HOST)/libtest-$(1).a $(HOST)/libtest-common.a $(HOST)/lib$(1).a $$($(1)_LIBS) -lcmocka && $$(mark_lax)
FUZZ += $$(FUZZ_$(1))
endef
$(foreach c,$(COMPONENTS),$(eval $(call component_tests,$(c))))

# its calls are those of tests/unit/vdattach/fake/faulty.c
FAULTY_LDFLAGS := $(patsubst %,-Wl$(comma)--wrap=%,malloc calloc realloc reallocarray strdup pread64 pwrite64 fdatasync ftruncate64 fallocate64)
$(HOST)/tests/unit/vdattach/image/test_faults: LDFLAGS += $(FAULTY_LDFLAGS)

unit-programs: $(UNIT)
fuzz-programs: $(FUZZ)

# what the tests of vdattach's formats run of them: see tests/coverage/run
coverage-programs: $(UNIT_vdattach) $(FUZZ_vdattach)
coverage:
	tests/coverage/run

# libFuzzer on one target (those of tests/fuzz: COMPONENT/NAME), from its corpus; what it finds is left in $(O)/fuzz/TARGET
SECONDS ?= 60
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,%,$(subst fuzz_,,$(wildcard tests/fuzz/*/fuzz_*.c)))
fuzz:
	@[ -n "$(filter $(TARGET),$(FUZZ_TARGETS))" ] || { echo "make fuzz: TARGET=$(TARGET): expected one of $(FUZZ_TARGETS)" >&2; exit 2; }
	@$(MAKE) --no-print-directory LIBFUZZER=1 run-fuzzer TARGET=$(TARGET) SECONDS=$(SECONDS)
run-fuzzer: $(HOST)/tests/fuzz/$(dir $(TARGET))fuzz_$(notdir $(TARGET))
	@mkdir -p $(O)/fuzz/$(TARGET)
	$< -max_total_time=$(SECONDS) -timeout=10 -print_final_stats=1 -artifact_prefix=$(O)/fuzz/$(TARGET)/found- \
		$(O)/fuzz/$(TARGET) tests/fuzz/$(dir $(TARGET))corpus-$(notdir $(TARGET))

check:
	$(MAKE) WERROR=1 all host-applets
	ci/run-gates
check-all:
	$(MAKE) WERROR=1 all host-applets
	ci/run-gates --all

.PHONY: check check-all coverage coverage-programs fuzz run-fuzzer unit-programs fuzz-programs
