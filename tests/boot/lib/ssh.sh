# shellcheck shell=sh disable=SC2034 # for the case
# SPDX-License-Identifier: GPL-2.0-or-later
# For boot cases in which somebody logs in. Read after lib.sh.

# ssh_keys: a host key, and two of users, in $WORK/ssh
ssh_keys() {
	mkdir -p "$WORK/ssh"
	dropbearkey -t ed25519 -f "$WORK/ssh/host" >"$WORK/ssh/host.log" 2>&1 ||
		fail "dropbearkey: $(cat "$WORK/ssh/host.log")"
	for user in friend stranger; do
		ssh-keygen -q -t ed25519 -N '' -C "$user" -f "$WORK/ssh/$user"
	done
	dropbearkey -y -f "$WORK/ssh/host" | sed -n 's/^ssh-ed25519/machine &/p' >"$WORK/ssh/known"
}

# ssh_port: of this machine, for the SSH of the next one
ssh_port() {
	SSH_PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	NETWORK_DEVICE="-netdev user,id=net,hostfwd=tcp:127.0.0.1:$SSH_PORT-:22 -device virtio-net-pci,netdev=net"
}

# log_in USER ARG...: ssh, which knows the machine by its host key alone
log_in() {
	user=$1
	shift
	timeout 120 ssh -F none -p "$SSH_PORT" -i "$WORK/ssh/$user" -o IdentitiesOnly=yes \
		-o BatchMode=yes -o "UserKnownHostsFile=$WORK/ssh/known" -o HostKeyAlias=machine \
		-o StrictHostKeyChecking=yes -o ConnectTimeout=60 root@127.0.0.1 "$@"
}

# await_ssh PID: until the machine booted by that process has a server
await_ssh() {
	while kill -0 "$1" 2>/dev/null; do
		# QEMU takes the connection, and closes it when nobody takes it there
		! ssh-keyscan -T 5 -p "$SSH_PORT" 127.0.0.1 2>/dev/null | grep -q ssh-ed25519 || return 0
		sleep 1
	done
	wait "$1" || exit 1
	fail 'the machine ended, and nobody could log in'
}
