# SPDX-License-Identifier: GPL-2.0-or-later
"""The log that QEMU's blklogwrites keeps of a disk's writes, and the disk that a power cut leaves."""
import os
import random
import struct

# qemu/block/blklogwrites.c, the format of Linux' dm-log-writes
SECTOR = 512
FLUSH, FUA, DISCARD = 1, 2, 4
MAGIC = 0x6A736677736872


def read_log(path):
    """The writes in their order as (flags, position, data); None when the end cannot be told."""
    entries = []
    with open(path, "rb") as file:
        # written at the first flush
        if struct.unpack("<Q", file.read(8))[0] not in (0, MAGIC):
            raise SystemExit(f"{path} is no log of writes")
        at = SECTOR
        while True:
            file.seek(at)
            sector, count, flags, length = struct.unpack("<QQQQ", file.read(32))
            if not (sector or count or flags):
                break
            data = b""
            if not flags & DISCARD:
                file.seek(at + SECTOR)
                data = file.read(count * SECTOR)
                at += count * SECTOR
            entries.append((flags, sector * SECTOR, data))
            at += SECTOR
        # a hole: what was still under way has its place in the log, but was not written to it
        aligned = (at | 65535) + 1
        try:
            os.lseek(file.fileno(), aligned, os.SEEK_DATA)
        except OSError:
            with open(path, "rb") as again:
                again.seek(at)
                return None if again.read(aligned - at).strip(b"\0") else entries
    return None


def tear(data, chance):
    return data[:chance.randrange(len(data) // SECTOR + 1) * SECTOR]


def apply_log(disk, entries, seed):
    """All up to the last flush; of the writes after it each one or not, and some in part. The last may be incomplete."""
    chance = random.Random(seed)
    last = max((n for n, (flags, _, _) in enumerate(entries) if flags & FLUSH), default=-1)
    lost = 0
    if entries and not entries[-1][0] & FLUSH:
        lost, entries = 1, entries[:-1]
    with open(disk, "r+b") as file:
        for n, (flags, at, data) in enumerate(entries):
            if n > last and data and not flags & FUA and chance.random() < 0.5:
                lost += 1
                data = tear(data, chance) if chance.random() < 0.25 else b""
            file.seek(at)
            file.write(data)
    return lost, len(entries) - 1 - last, len(entries)
