# promise: an image that does not fit into memory is refused by name, with the MiB that are missing
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
# Every day on 6.12 alone: an image that is refused never comes to the kernel.
# Without root= the kernel unpacks into a tmpfs of half the memory, and continues when that is full.
head -c 160M /dev/urandom >"$WORK/payload"
build big tmpfs -s "file /payload $WORK/payload"
MEMORY=400
boot big 'rw panic=2'
expect 'ran out of memory while unpacking'
expect 'needs [0-9]* MiB'
expect_not 'Kernel panic'
