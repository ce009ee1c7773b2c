#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs QEMU with somebody at its serial line and its monitor.

monitor.py LOG SOCKET STEP... -- QEMU ARGS...
A STEP is 'TEXT => type LINE', 'TEXT => keys WORD' (at the keyboard, small letters and Enter) or 'TEXT => monitor COMMAND': once the
console has said TEXT, after the steps before; without TEXT right after them. What
the monitor answers is put into LOG as lines '=== monitor ...'. QEMU must not leave by itself (-no-shutdown): at the end of the
guest the block devices are asked for, then it is ended. Every step must have been reached. A guest that sleeps is woken:
from S3 by the monitor, from suspend-to-idle by its serial line.
"""
import json
import socket
import subprocess
import sys
import threading
import time

split = sys.argv.index("--")
log, path, steps = sys.argv[1], sys.argv[2], [s.split(" => ", 1) for s in sys.argv[3:split]]
qemu = subprocess.Popen(sys.argv[split + 1:] + ["-serial", "stdio", "-qmp", f"unix:{path},server=on,wait=on"],
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
out = open(log, "wb", buffering=0)


def connect():
    for _ in range(600):
        try:
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(path)
            return sock.makefile("rw")
        except OSError:
            time.sleep(0.1)
    sys.exit("no monitor")


qmp = connect()
spoken = time.monotonic()
answers, ready, idle, lock = [], threading.Event(), threading.Event(), threading.Lock()


def send(command, **arguments):
    with lock:
        ready.clear()
        qmp.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        qmp.flush()
        ready.wait(60)
        return answers.pop() if answers else ""


def monitor(line):
    for text in send("human-monitor-command", **{"command-line": line}).splitlines():
        out.write(f"=== monitor {text.strip()}\n".encode())


def at_end():
    monitor("info block")
    send("quit")


def wake():
    """A line that comes before the guest sleeps does not wake it, and may keep later ones from doing so: silence tells."""
    while idle.wait():
        time.sleep(1)
        if idle.is_set() and time.monotonic() - spoken > 5:
            qemu.stdin.write(b"\n")
            qemu.stdin.flush()


def listen():
    for line in qmp:
        message = json.loads(line)
        if "return" in message or "error" in message:
            answers.append(str(message.get("return", message.get("error"))))
            ready.set()
        elif message.get("event") == "SHUTDOWN" and message["data"]["reason"] != "host-qmp-quit":
            threading.Thread(target=at_end, daemon=True).start()
        elif message.get("event") == "SUSPEND":
            threading.Thread(target=send, args=["system_wakeup"], daemon=True).start()


threading.Thread(target=listen, daemon=True).start()
threading.Thread(target=wake, daemon=True).start()
send("qmp_capabilities")
seen = last = b""
while chunk := qemu.stdout.read1(4096):
    spoken = time.monotonic()
    out.write(chunk)
    seen += chunk
    last = (last + chunk)[-4096:]
    if last.rfind(b"PM: suspend entry (s2idle)") > last.rfind(b"PM: suspend exit"):
        idle.set()
    else:
        idle.clear()
    while steps and steps[0][0].encode() in seen:
        if steps[0][0]:
            seen = seen.split(steps[0][0].encode(), 1)[1]
        kind, rest = steps.pop(0)[1].split(" ", 1)
        if kind == "type":
            qemu.stdin.write(rest.encode() + b"\n")
            qemu.stdin.flush()
        elif kind == "keys":
            for key in [*rest, "ret"]:
                monitor(f"sendkey {key}")
        else:
            monitor(rest)
if steps:
    sys.exit(f"never reached: {steps[0][0]}")
sys.exit(qemu.wait())
