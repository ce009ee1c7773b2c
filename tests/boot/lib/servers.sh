# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# For boot cases: servers on the loopback for as long as a case runs. Read by lib.sh.

# await_http PID: until the server has its port; ends it with the case
await_http() {
	http_pid=$1
	trap 'kill $http_pid 2>/dev/null' EXIT
	for _ in $(seq 100); do
		[ ! -s "$WORK/http.port" ] || break
		sleep 0.1
	done
	HTTP_PORT=$(cat "$WORK/http.port")
}

# serve_http DIRECTORY: a web server on the loopback for as long as the case runs; sets HTTP_PORT
serve_http() {
	python3 - "$1" "$WORK/http.port" >"$WORK/http.log" 2>&1 <<'PYTHON' &
import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
with open(sys.argv[2] + ".new", "w") as f:
    f.write(str(server.server_port))
import os
os.rename(sys.argv[2] + ".new", sys.argv[2])
server.serve_forever()
PYTHON
	await_http $!
}

# serve_flaky DIRECTORY: as serve_http, but breaks off in the middle of what is under /twice/ the
# first two times, of what is under /always/ every time, and does not tell the length of what is
# under /nolength/
serve_flaky() {
	python3 - "$1" "$WORK/http.port" >"$WORK/http.log" 2>&1 <<'PYTHON' &
import http.server, os, re, sys
asked = {}

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        kind, name = self.path.strip("/").split("/", 1)
        data = open(os.path.join(sys.argv[1], name), "rb").read()
        asked[self.path] = asked.get(self.path, 0) + 1
        start = 0
        match = re.match(r"bytes=(\d+)-$", self.headers.get("Range") or "")
        if match and kind != "nolength":
            start = int(match.group(1))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        if kind != "nolength":
            self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = len(data)
        if kind == "always" or (kind == "twice" and asked[self.path] <= 2):
            end = start + (end - start) // 2
        if kind == "nolength" and asked[self.path] == 1:
            end //= 2
        self.wfile.write(data[start:end])

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[2] + ".new", "w") as f:
    f.write(str(server.server_port))
os.rename(sys.argv[2] + ".new", sys.argv[2])
server.serve_forever()
PYTHON
	await_http $!
}

# serve_https DIRECTORY: nginx with a certificate for 10.0.2.2, in lab.pem, as serve_http
serve_https() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$WORK/lab.key" -out "$WORK/lab.pem" \
		-days 3650 -subj /CN=lab \
		-addext subjectAltName=IP:10.0.2.2 2>/dev/null
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	cat >"$WORK/nginx.conf" <<-CONF
		user root;
		daemon off;
		pid $WORK/nginx.pid;
		error_log $WORK/nginx.log;
		events {}
		http {
			access_log $WORK/http.log;
			client_body_temp_path $WORK/t1;
			proxy_temp_path $WORK/t2;
			fastcgi_temp_path $WORK/t3;
			uwsgi_temp_path $WORK/t4;
			scgi_temp_path $WORK/t5;
			server { listen 127.0.0.1:$port ssl; root $1; ssl_certificate $WORK/lab.pem; ssl_certificate_key $WORK/lab.key; }
		}
	CONF
	nginx -c "$WORK/nginx.conf" &
	echo "$port" >"$WORK/http.port"
	await_http $!
}

# serve_nfs DIRECTORY: an NFS server on the loopback for as long as the case runs; sets NFS_PORT,
# and MOUNT_PORT for version 3
serve_nfs() {
	mkdir "$WORK/nfs"
	"$TOP/tests/boot/nfs-server" "$1" "$WORK/nfs" >"$WORK/nfs.log" 2>&1 &
	nfs_pid=$!
	trap 'kill $nfs_pid 2>/dev/null' EXIT
	for _ in $(seq 1200); do
		grep -q 'NFS SERVER INITIALIZED' "$WORK/nfs.log" && break
		kill -0 $nfs_pid 2>/dev/null ||
			fail "the NFS server has ended: $(tail "$WORK/nfs.log")"
		sleep 0.1
	done
	read -r NFS_PORT MOUNT_PORT <"$WORK/nfs/port"
}

# nbd_port: NBD_PORT is one that is free on the loopback
nbd_port() {
	NBD_PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
}

# serve_nbd NAME FILE [OPTION..]: an NBD server on the loopback, until end_nbd or the end of the
# case
serve_nbd() {
	nbd_name=$1 nbd_file=$2
	shift 2
	qemu-nbd -t -b 127.0.0.1 -p "$NBD_PORT" -f raw -x "$nbd_name" --pid-file "$WORK/nbd.pid" \
		"$@" "$nbd_file" 2>>"$WORK/nbd.log" &
	nbd_pid=$!
	trap 'kill -9 $nbd_pid 2>/dev/null || :' EXIT
	for _ in $(seq 300); do
		[ ! -s "$WORK/nbd.pid" ] || break
		sleep 0.1
	done
	rm "$WORK/nbd.pid"
}

end_nbd() {
	kill "$nbd_pid"
	wait "$nbd_pid" || :
}

# nbd_away LOG TEXT [NAME FILE]: kills the server when the guest says TEXT; three seconds later
# there is the next one
nbd_away() {
	nbd_old=$nbd_pid
	(
		trap - EXIT
		for _ in $(seq 2400); do
			! grep -q -e "$2" "$1" 2>/dev/null || break
			sleep 0.1
		done
		kill -9 "$nbd_old"
		[ $# = 4 ] || exit 0
		sleep 3
		exec qemu-nbd -t -b 127.0.0.1 -p "$NBD_PORT" -f raw -x "$3" "$4" 2>>"$WORK/nbd.log"
	) &
	nbd_pid=$!
	trap 'kill -9 $nbd_old $nbd_pid 2>/dev/null || :' EXIT
}
