# shellcheck shell=sh disable=SC2034 # for the cases
# SPDX-License-Identifier: GPL-2.0-or-later
# For boot cases with disks that do not answer. Read after lib.sh.

DRIVES=''

# drive ID FILE: adds a disk, with its geometry: QEMU would read it to guess that
drive() {
	DRIVES="$DRIVES -drive file=$2,format=raw,if=none,id=$1"
	DRIVES="$DRIVES -device virtio-blk-pci,drive=$1,cyls=64,heads=16,secs=63"
}

# silent_drive ID FILE [BYTES]: adds one that answers two reads, for the kernel looks for partitions
# first, or so many bytes and one read more, and is silent for an hour then, or until the monitor
# lifts its limit
silent_drive() {
	drive "$1" "$2,throttling.bps-read=1,throttling.bps-read-max=${3:-4097}"
}

unanswered='has not answered for 3 s: the search continues without waiting for it'
lift=block_set_io_throttle none='0 0 0 0 0 0'
