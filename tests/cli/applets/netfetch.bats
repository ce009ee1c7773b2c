#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# netfetch as it is in the initramfs: from nginx, and from a server that breaks off, stalls and
# changes files.
# bats file_tags=unsanitized
bats_require_minimum_version 1.5.0
bats_load_library bats-support
bats_load_library bats-assert

setup_file() {
	root=$(cd "$BATS_TEST_DIRNAME/../../.." && pwd)
	export root NETFETCH=$root/build/musl/bin/netfetch SITE=$BATS_FILE_TMPDIR
	mkdir -p "$SITE/www/private"
	head -c 3000000 /dev/urandom >"$SITE/www/file"
	tac "$SITE/www/file" | head -c 3000000 >"$SITE/www/other"
	make_certificates
	PORTS=$(python3 -c 'import socket; s = [socket.socket() for _ in range(8)]
for x in s: x.bind(("127.0.0.1", 0))
print(*(x.getsockname()[1] for x in s))')
	export PORTS
	start_nginx
	python3 "$BATS_TEST_DIRNAME/fault-server.py" "$SITE/www" "$(port 7)" >"$SITE/fault.log" \
		2>&1 3>&- &
	echo $! >"$SITE/fault.pid"
	wait_for_port "$(port 1)"
	wait_for_port "$(port 7)"
}

teardown_file() {
	kill "$(cat "$SITE/nginx.pid")" "$(cat "$SITE/fault.pid")"
}

# port N: of 1 HTTP, 2 a good certificate, 3 an expired one, 4 one of another name, 5 one of the
# future, 6 HTTP that is a proxy
port() { echo "$PORTS" | cut -d ' ' -f "$1"; }

wait_for_port() {
	timeout 60 sh -c "until python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", $1), 1)' 2>/dev/null; do sleep 0.1; done"
}

# certificate NAME SUBJECT FROM TO ALTERNATIVE-NAMES
certificate() {
	openssl req -newkey rsa:2048 -nodes -keyout "$SITE/$1.key" -out "$SITE/$1.csr" \
		-subj "/CN=$2" 2>/dev/null
	printf 'subjectAltName=%s\n' "$5" >"$SITE/$1.ext"
	openssl ca -batch -config "$SITE/ca.cnf" -in "$SITE/$1.csr" -out "$SITE/$1.crt" \
		-startdate "$3" -enddate "$4" -extfile "$SITE/$1.ext" -notext 2>/dev/null
}

make_certificates() {
	cd "$SITE"
	: >index
	echo 01 >serial
	cat >ca.cnf <<-'CNF'
		[ca]
		default_ca = lab
		[lab]
		database = index
		serial = serial
		new_certs_dir = .
		certificate = ca.crt
		private_key = ca.key
		default_md = sha256
		policy = any
		unique_subject = no
		[any]
		commonName = supplied
	CNF
	openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 3650 \
		-subj '/CN=Lab CA' 2>/dev/null
	certificate good localhost 20200101000000Z 20991231000000Z DNS:localhost,IP:127.0.0.1
	certificate old localhost 20200101000000Z 20210101000000Z DNS:localhost
	certificate name elsewhere 20200101000000Z 20991231000000Z DNS:www.elsewhere.example
	certificate future localhost 20980101000000Z 20991231000000Z DNS:localhost
}

tls_server() {
	echo "server { listen 127.0.0.1:$(port "$1") ssl; root $SITE/www; location /plain/ { return 302 $HTTP_SITE/file; } ssl_certificate $SITE/$2.crt; ssl_certificate_key $SITE/$2.key; }"
}

start_nginx() {
	local HTTP_SITE
	HTTP_SITE=http://127.0.0.1:$(port 1)
	cat >"$SITE/nginx.conf" <<-CONF
		user root;
		worker_processes 1;
		pid $SITE/nginx.pid;
		error_log $SITE/error.log;
		events {}
		http {
			access_log $SITE/access.log;
			client_body_temp_path $SITE/t1;
			proxy_temp_path $SITE/t2;
			fastcgi_temp_path $SITE/t3;
			uwsgi_temp_path $SITE/t4;
			scgi_temp_path $SITE/t5;
			server {
				listen 127.0.0.1:$(port 1);
				root $SITE/www;
				location /moved/ { return 302 /file; }
				location /loop/ { return 302 /loop/; }
				location /private/ { auth_basic lab; auth_basic_user_file $SITE/users; alias $SITE/www/; }
			}
			server { listen 127.0.0.1:$(port 6); location / { proxy_pass http://127.0.0.1:$(port 1)\$uri; } }
			$(tls_server 2 good)
			$(tls_server 3 old)
			$(tls_server 4 name)
			$(tls_server 5 future)
		}
	CONF
	echo "lab:$(openssl passwd -apr1 'se:cret')" >"$SITE/users"
	nginx -c "$SITE/nginx.conf" 3>&-
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	HTTP=http://127.0.0.1:$(port 1) FAULT=http://127.0.0.1:$(port 7)
}

# fetch ARGUMENT...: what came is in out; messages in $output
fetch() { timeout 60 "$NETFETCH" --ca "$SITE/ca.crt" "$@" >out; }

same() { cmp out "$SITE/www/file"; }

@test "a file to standard output and to a file that is there when it is complete" {
	run -0 fetch "$HTTP/file"
	same
	run -0 fetch -o here --sha256 "$(sha256sum "$SITE/www/file" | cut -d ' ' -f 1)" "$HTTP/file"
	cmp here "$SITE/www/file"
	run -6 fetch -o wrong --sha256 "$(printf '%064d' 0)" "$HTTP/file"
	assert_output --partial 'sha256 expected 0000'
	assert [ ! -e wrong ] && assert [ ! -e wrong.part ]
}

@test "redirections are followed, but not for ever" {
	run -0 fetch "$HTTP/moved/x"
	same
	run -3 fetch "$HTTP/loop/"
}

@test "user and password are taken from the address, and shown nowhere" {
	run -0 fetch "http://lab:se%3Acret@127.0.0.1:$(port 1)/private/file"
	same
	run -3 fetch --report why "http://lab:wr0ng@127.0.0.1:$(port 1)/private/file"
	assert_output --partial "http://lab:***@127.0.0.1:$(port 1)/private/file: the server 127.0.0.1:$(port 1) answered: HTTP/1.1 401"
	run cat why
	assert_line --index 1 --partial 'user and password'
	refute_output --partial wr0ng
	"$NETFETCH" --stall 30 "http://lab:se3ret@127.0.0.1:$(port 7)/stall/password" >/dev/null \
		2>&1 3>&- &
	pid=$!
	timeout 60 sh -c "until tr '\\0' ' ' </proc/$pid/cmdline | grep -qF 'lab:******@'; do sleep 0.1; done"
	kill $pid
}

@test "a proxy of the option and of the environment is asked" {
	run -0 fetch --proxy "http://127.0.0.1:$(port 6)" "http://nowhere.invalid/file"
	same
	run -0 env http_proxy="http://127.0.0.1:$(port 6)" timeout 60 "$NETFETCH" -o out \
		http://nowhere.invalid/file
	same
}

@test "what the server does not have fails at once, and says which server said so" {
	run -3 fetch --report why "$FAULT/404/file"
	assert_output --partial "the server 127.0.0.1:$(port 7) answered: HTTP/1.1 404 Not Found"
	[ "$(grep -c '^GET /404/file' "$SITE/fault.log")" = 1 ]
	run cat why
	assert_line --index 1 'correct the address: the server has no such file'
}

@test "503 is asked again, after as long as the server says" {
	run -0 fetch "$FAULT/busy/file"
	same
	assert_output --partial '503 Service Unavailable; trying again in'
	run -1 fetch -t 5 "$FAULT/tomorrow/file"
	assert_output --partial 'asks to wait 86400 s, longer than the limit of 5 s'
}

@test "a server that is not there is given up after the time limit" {
	run -1 fetch -t 3 "http://127.0.0.1:1/file"
	assert_output --partial 'nothing new for 3 s'
}

@test "a stream that was reset or cut off is continued where it stopped" {
	for fault in reset cut; do
		run -0 fetch "$FAULT/$fault/file"
		same
		grep -q "^GET /$fault/file Range=bytes=2[0-9]*- If-Range=\"" "$SITE/fault.log"
	done
}

@test "a stalled server is noticed" {
	run -0 fetch --stall 2 "$FAULT/stall/file"
	same
	assert_output --partial 'sent nothing for 2 s'
}

# killed SIGNAL FILE: netfetch, in the middle of a download into FILE that stalls
killed() {
	"$NETFETCH" --resume --stall 60 -o "$2" "$FAULT/stall/$2" >/dev/null 2>&1 3>&- &
	pid=$!
	timeout 60 sh -c "until [ \"\$(stat -c %s $2.part)\" = 2700000 ]; do sleep 0.1; done" \
		2>/dev/null
	kill -"$1" $pid
	wait $pid || :
}

@test "--resume continues what an earlier netfetch has left, if it is the same file" {
	for signal in KILL TERM; do
		killed $signal $signal
		assert [ ! -e $signal ]
		run -0 fetch --resume -o $signal "$FAULT/stall/$signal"
		assert_output --partial "continuing '$signal.part' with 2700000 bytes in it"
		cmp $signal "$SITE/www/file"
		grep -qx "GET /stall/$signal Range=bytes=2634464- If-Range=\"0\"" "$SITE/fault.log"
		assert [ ! -e $signal.part ] && assert [ ! -e $signal.part.version ]
	done
	# a server that is gone
	killed KILL gone
	run -1 fetch --resume -t 1 -o gone http://127.0.0.1:1/file
	assert_equal "$(stat -c %s gone.part)" 2700000
	run -0 fetch --resume -o gone "$FAULT/stall/gone"
	cmp gone "$SITE/www/file"
}

@test "--resume begins again where the file is another one, or what is kept is not what came" {
	killed KILL new
	run -0 fetch --resume -o new "$HTTP/other"
	cmp new "$SITE/www/other"
	# other bytes near the end, at the beginning; no note, one of something else
	for damage in 'seek=2699' 'seek=2690 count=1'; do
		damaged=damaged-${damage//[^a-z0-9]/-}
		killed KILL "$damaged"
		# shellcheck disable=SC2086 # words
		dd if=/dev/zero of="$damaged.part" bs=1000 count=1 conv=notrunc status=none $damage
		run -0 fetch --resume -o "$damaged" "$FAULT/stall/$damaged"
		cmp "$damaged" "$SITE/www/file"
	done
	for note in '' 'netfetch 1' $'netfetch 1\n"0"\n\n99999999999999999999' \
		$'netfetch 1\n\n\n3000000' $'netfetch 1\n"0"\n\n5'; do
		head -c 2700000 /dev/urandom >noted.part
		printf '%s\n' "$note" >noted.part.version
		run -0 fetch --resume -o noted "$HTTP/file"
		cmp noted "$SITE/www/file"
		rm noted
	done
}

@test "--resume: what cannot end well is not kept, and two do not write one file" {
	run -6 fetch --resume -o wrong --sha256 "$(printf '%064d' 0)" "$HTTP/file"
	assert_equal "$(ls wrong*)" ''
	run -2 fetch --resume "$HTTP/file"
	assert_output --partial '--resume needs --output'
	exec 4>busy.part
	flock 4
	run -1 fetch --resume -o busy "$HTTP/file"
	assert_output --partial "'busy.part' is being written by another netfetch"
	assert [ -e busy.part ]
	exec 4>&-
	run -0 fetch --resume -o busy "$HTTP/file"
	cmp busy "$SITE/www/file"
}

@test "a server without ranges or without validators: what came before is compared, not spliced" {
	run -0 fetch "$FAULT/norange/file"
	same
	run -0 fetch "$FAULT/novalidator/file"
	same
}

@test "what is only a part, another part, no part or no answer is not taken for the file" {
	for fault in part nopart otherpart no416 weak length; do
		run -0 fetch "$FAULT/$fault/file"
		same
	done
	for fault in nolocation nocontent; do
		run -3 fetch "$FAULT/$fault/file"
		assert_output --regexp 'answered nonsense: HTTP/1.1 (302 Found|204 No Content)'
		refute [ -s out ]
	done
}

@test "a file that was packed on its way is refused, and one that is called so is not" {
	run -3 fetch "$FAULT/gzip/file"
	assert_output --partial 'a Content-Encoding that was not asked for'
	refute [ -s out ]
	run -0 fetch "$FAULT/gzip/root.tar.gz?x=1"
	same
}

@test "a port where no web server listens" {
	timeout 60 python3 -c "import socket
listener = socket.create_server(('127.0.0.1', $(port 8)))
open('listens', 'w')
connection = listener.accept()[0]
connection.recv(1000)
connection.sendall(b'SSH-2.0-server\\r\\n')" 3>&- &
	timeout 60 sh -c 'until [ -e listens ]; do sleep 0.1; done'
	run -3 fetch --report why "http://127.0.0.1:$(port 8)/file"
	assert_output --partial HTTP/0.9
	run cat why
	assert_line --index 1 'does a web server listen on this port?'
}

@test "a file that changed between two parts fails in a pipe, and begins again in a file" {
	for how in changed changedblind changedwhole changedignored changed416; do
		run -5 fetch "$FAULT/$how/file"
		assert_output --partial \
			'has another file now than the one of which 2700000 bytes came'
		head -c 2700000 "$SITE/www/file" | cmp - out
	done
	run -0 fetch -o here "$FAULT/changedfile/file"
	cmp here "$SITE/www/other"
}

@test "mirrors: one without the file, one that breaks off, one with other validators" {
	run -0 fetch "$FAULT/404/mirror" "$FAULT/cut/mirror" "$HTTP/file"
	same
	assert_output --partial 'trying the next server'
}

@test "https with a certificate of our own, by name and by number" {
	run -0 fetch "https://localhost:$(port 2)/file"
	same
	run -0 fetch "https://127.0.0.1:$(port 2)/file"
	same
}

@test "why a certificate is not accepted" {
	run -3 timeout 60 "$NETFETCH" --ca /etc/ssl/certs/ca-certificates.crt --report why \
		"https://localhost:$(port 2)/file"
	assert_output --partial "unknown issuer: the certificate of 'CN=localhost' was issued by 'CN=Lab CA'"
	run cat why
	assert_line --index 1 --partial 'certificate FILE'
	run -3 fetch "https://localhost:$(port 3)/file"
	assert_output --partial "the certificate of 'CN=localhost' expired on 2021-01-01; this machine's clock says"
	run -3 fetch "https://localhost:$(port 4)/file"
	assert_output --partial "wrong name: the certificate of 'CN=elsewhere' is for www.elsewhere.example, not for 'localhost'"
	run -3 fetch "https://localhost:$(port 5)/file"
	assert_output --partial "valid from 2098-01-01 to 2099-12-31, and this machine's clock says"
}

@test "who asked for https is not sent to http" {
	run -3 fetch "https://localhost:$(port 2)/plain/"
	refute [ -s out ]
}

@test "no room and a reader that has gone are no fault of the server" {
	run -4 sh -c "'$NETFETCH' '$HTTP/file' >/dev/full"
	assert_output --partial 'No space left on device'
	run -4 bash -c "'$NETFETCH' '$HTTP/file' | head -c 10 >/dev/null; exit \${PIPESTATUS[0]}"
	refute_output
}
