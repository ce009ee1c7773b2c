# SPDX-License-Identifier: GPL-2.0-or-later
# How programs are built. Depends on the variables of Makefile.

TARGET_PROGRAMS := $(APPLETS:%=$(MUSL)/bin/%) $(MUSL)/bin/busybox $(MUSL)/bin/mke2fs $(MUSL)/bin/e2fsck
PROGRAMS := $(HOST)/mkvinitrd $(TARGET_PROGRAMS)
all: $(PROGRAMS) docs $(if $(ARCH),$(O)/musl/bin/$(ARCH))

# where the builder looks for programs of another machine
ifneq ($(ARCH),)
$(O)/musl/bin/$(ARCH): $(TARGET_PROGRAMS)
	@mkdir -p $(@D)
	$(Q)ln -sfn ../../musl-$(ARCH)/bin $@
endif

# What was compiled without WERROR is marked, and compiled again with it: its warnings were nobody's errors.
mark_lax = $(if $(WERROR),rm -f,touch) $@.lax
ifneq ($(WERROR),)
$(patsubst %.lax,%,$(shell find $(O) -name '*.lax' 2>/dev/null)): compile-again
endif
compile-again:

$(HOST)/%.o: %.c
	@mkdir -p $(@D)
	@$(if $(V),,echo "  CC      $@")
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $< && $(mark_lax)

$(MUSL)/obj/%.o: %.c | $(MUSL)/libs.stamp
	@mkdir -p $(@D)
	@$(if $(V),,echo "  MUSL    $@")
	$(Q)$(MUSL_CC) $(CPPFLAGS) $(MUSL_CFLAGS) -MMD -MP -c -o $@ $< && $(mark_lax)

BUILDER_OBJ := $(patsubst %.c,$(HOST)/%.o,$(BUILDER_SRC) $(COMMON_SRC))
BUILDER_LIBS = $(shell pkg-config --libs $(BUILDER_PKGS)) -lbz2 -lpthread

$(HOST)/libbuilder.a: $(BUILDER_OBJ)
	$(Q)rm -f $@ && $(AR) qcs $@ $^

$(HOST)/mkvinitrd: $(HOST)/builder/cmd/main.o $(HOST)/libbuilder.a
	@$(if $(V),,echo "  LINK    $@")
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(BUILDER_LIBS)

$(HOST)/libcommon.a: $(patsubst %.c,$(HOST)/%.o,$(COMMON_SRC))
	$(Q)rm -f $@ && $(AR) qcs $@ $^

define applet_rules
$(HOST)/lib$(1).a: $$(patsubst %.c,$$(HOST)/%.o,$$(call applet_src,$(1)))
	$$(Q)rm -f $$@ && $$(AR) qcs $$@ $$^

$(1)_LIBS = $$(if $$($(1)_PKGS),$$(shell pkg-config --libs $$($(1)_PKGS))) -lpthread
$(HOST)/bin/$(1): $$(patsubst %.c,$$(HOST)/%.o,$$(call applet_main,$(1))) $(HOST)/lib$(1).a
	@mkdir -p $$(@D)
	@$$(if $$(V),,echo "  LINK    $$@")
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$^ $$($(1)_LIBS)

$(MUSL)/bin/$(1): $$(patsubst %.c,$$(MUSL)/obj/%.o,$$(call applet_main,$(1)) $$(call applet_src,$(1))) $(MUSL)/lib/nofloat.o
	@mkdir -p $$(@D)
	@$$(if $$(V),,echo "  LINK    $$@")
	$$(Q)$$(MUSL_CC) $$(MUSL_CFLAGS) -o $$@ $$^ $$(MUSL_LDFLAGS) $$($(1)_MUSL)
endef
$(foreach a,$(APPLETS),$(eval $(call applet_rules,$(a))))

HOST_APPLETS := $(APPLETS:%=$(HOST)/bin/%)
host-applets: $(HOST_APPLETS)

# Debian's own sources, built static: see scripts/musl-libs
$(MUSL)/libs.stamp: scripts/musl-libs scripts/lib/musl-recipes.sh scripts/busybox.config scripts/mbedtls.config
	scripts/musl-libs $(if $(ARCH),--arch=$(ARCH)) $(MUSL)
$(MUSL)/bin/busybox $(MUSL)/bin/mke2fs $(MUSL)/bin/e2fsck $(MUSL)/lib/nofloat.o: $(MUSL)/libs.stamp ;

MAN_SRC := $(wildcard docs/*.scd)
MAN := $(MAN_SRC:docs/%.scd=$(O)/man/%)
docs: $(MAN)
$(O)/man/%: docs/%.scd
	@mkdir -p $(@D)
	$(Q)SOURCE_DATE_EPOCH=0 scdoc <$< >$@

clean:
	rm -rf $(O)

.PHONY: all clean docs host-applets compile-again
.DELETE_ON_ERROR:
-include $(shell find $(O) -type f -name '*.d' 2>/dev/null)
