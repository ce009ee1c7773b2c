# SPDX-License-Identifier: GPL-2.0-or-later
# One non-recursive Makefile. Two object trees: build/host (glibc: the builder, and
# everything again for tests) and build/musl (static applets for the initramfs).
#   make                  builder, applets, busybox
#   make check            every gate in ci/
#   make check-all        the boot cases as well that are slow on a kernel
#   make fuzz TARGET=vdattach/qcow2 SECONDS=60
#   make ARCH=arm64       applets and busybox for another architecture, which -r SYSROOT then takes
#   make install DESTDIR= PREFIX=
#   V=1 shows commands; SAN=1 builds the host tree with ASan+UBSan; O=DIR builds elsewhere;
#   WERROR=1 takes warnings for errors, as the gates do: a newer compiler must not stop a user.
O      ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CC     ?= gcc
VERSION := $(shell cat VERSION)
Q := $(if $(V),,@)

APPLETS := bootplan coldplug exitrd findimg netfetch overlayroot packroot unpackroot vdattach vdattach-http verifyimg

WARN := $(if $(WERROR),-Werror) -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wmissing-prototypes -Wstrict-prototypes \
	-Wundef -Wwrite-strings -Wcast-qual -Wswitch-enum -Wpointer-arith -Wno-unused-parameter
CPPFLAGS += -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DVERSION='"$(VERSION)"'
# the sanitized build compiles twice as fast so, and its reports have their lines
CFLAGS ?= $(if $(LIBFUZZER),-O2 -g,$(if $(filter 1,$(SAN)),-O1 -g1,-O2 -g))
CFLAGS += -std=gnu11 $(WARN)
ifeq ($(LIBFUZZER),1)
CC := clang
SAN := 1
CFLAGS += -fsanitize=fuzzer-no-link
FUZZFLAGS := -fsanitize=fuzzer
endif
ifeq ($(SAN),1)
CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif

HOST := $(O)/host$(if $(LIBFUZZER),-fuzzer,$(if $(SAN),-san)$(if $(filter clang%,$(CC)),-clang))
# another architecture than this machine's, by Debian's name; builds of kernels have it in the environment
ifneq ($(and $(filter command line,$(origin ARCH)),$(filter-out $(shell dpkg --print-architecture 2>/dev/null),$(ARCH))),$(ARCH))
override ARCH :=
endif
MUSL := $(O)/musl$(if $(ARCH),-$(ARCH))

# libraries by component: first for the host, then for the static applets
BUILDER_PKGS := libkmod libelf liblzma libzstd liblz4 lzo2 zlib libmd libxxhash libarchive blkid
unpackroot_PKGS := libarchive liblzma libzstd zlib libmd
findimg_PKGS := blkid libmd
packroot_PKGS := libarchive libzstd
overlayroot_PKGS := blkid
vdattach-http_PKGS = $(vdattach_PKGS) libcurl
verifyimg_PKGS := libsodium libmd
netfetch_PKGS := libcurl libmd
vdattach_PKGS := zlib libzstd liblzma liblz4 lzo2
unpackroot_MUSL := -larchive -llzma -lzstd -lbz2 -lz -lmd
findimg_MUSL := -lblkid -lmd
packroot_MUSL := -larchive -lzstdenc
overlayroot_MUSL := -lblkid
vdattach-http_MUSL = $(vdattach_MUSL) -lcurl -lmbedtls -lmbedx509 -lmbedcrypto
verifyimg_MUSL := -lsodium -lmd
netfetch_MUSL := -lcurl -lmbedtls -lmd
vdattach_MUSL := -linflate -lzstddec -llzmadec -llz4 -llzo2

MUSL_CC := $(if $(ARCH),$(MUSL)/musl-gcc,musl-gcc)
CROSS_arm64 := aarch64-linux-gnu
# libgcc's functions for atomics ask glibc for the processor
MUSL_CFLAGS_arm64 := -mno-outline-atomics
# the kernel's headers are the same for all, but for those of asm/
MUSL_HEADERS := /usr/include -idirafter $(if $(ARCH),/usr/$(CROSS_$(ARCH))/include,/usr/include/$(shell gcc -print-multiarch))
MUSL_CFLAGS := -Oz -fno-pie -std=gnu11 $(WARN) -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
	-isystem $(MUSL)/include -idirafter $(MUSL_HEADERS) $(MUSL_CFLAGS_$(ARCH))
# no page of zeros between code, constants and data (no run-time relocations, so no relro either)
MUSL_LDFLAGS := -static -no-pie -s -Wl,--gc-sections,--build-id=none -L$(MUSL)/lib \
	-Wl,-z,noseparate-code,-z,norelro,-z,common-page-size=64

COMMON_SRC  := $(wildcard common/*.c common/*/*.c)
# how a disk image and a file system are recognised is known to vdattach and findimg
PROBE_SRC   := $(wildcard $(addprefix applets/vdattach/,$(addsuffix /*.c,source format format/* image partition))) applets/lib/fsprobe.c applets/lib/hostfs.c
BUILDER_SRC := $(filter-out builder/cmd/main.c,$(wildcard builder/*/*.c builder/*/*/*.c)) $(PROBE_SRC)
LIB_SRC     := $(wildcard applets/lib/*.c)
# vdattach-http is vdattach with images on web servers: libcurl has no place where there is no network
vdattach-http_DIR  := vdattach
vdattach_OMIT      := applets/vdattach/http/%
vdattach-http_OMIT := applets/vdattach/source/nohttp.c
netfetch_ALSO      := applets/tls
vdattach-http_ALSO := applets/tls
applet_dir   = applets/$(or $($(1)_DIR),$(1))
applet_main  = $(wildcard $(applet_dir)/main.c $(applet_dir)/cmd/main.c)
applet_src   = $(filter-out %/main.c $($(1)_OMIT),$(wildcard $(addprefix $(applet_dir)/,*.c */*.c */*/*.c) $(addsuffix /*.c,$($(1)_ALSO)))) $(LIB_SRC) $(COMMON_SRC)

include mk/build.mk
unpackroot_LIBS += -lbz2 # has no .pc file
# nor have these
netfetch_LIBS += -lmbedtls -lmbedx509 -lmbedcrypto
vdattach-http_LIBS += -lmbedtls -lmbedx509 -lmbedcrypto
include mk/test.mk
include mk/install.mk
