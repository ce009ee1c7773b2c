# promise: a USB drive that is plugged in while the boot waits is found the moment it appears
# SPDX-License-Identifier: GPL-2.0-or-later
# slow: 6.1
# Every day on 6.12 alone: 6.12 waits for the same events.
build disk disk
small_disk "$WORK/disk.img" latestick
monitor=$WORK/monitor
plug_when_waiting() {
	for _ in $(seq 600); do
		if grep -qs 'waiting' "$WORK/serial-1.log"; then
			python3 - "$monitor" <<'PYTHON'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b"device_add usb-storage,drive=stick,id=u,bus=xhci.0\n")
s.settimeout(2)
try:
    while s.recv(4096):
        pass
except socket.timeout:
    pass
PYTHON
			return
		fi
		sleep 0.2
	done
}
plug_when_waiting &
boot disk 'root=LABEL=latestick rw vi.timeout=120' -device qemu-xhci,id=xhci \
	-drive "file=$WORK/disk.img,format=raw,if=none,id=stick" \
	-monitor "unix:$monitor,server=on,wait=off"
expect '=== busybox init reached'
