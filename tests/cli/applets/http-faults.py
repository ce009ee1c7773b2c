#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""http-faults.py DIRECTORY PORTFILE [CERTIFICATE]: a web server with ranges that misbehaves by the first part of the path, and prints each request.

good/   answers
reset/  every fifth answer is a reset in its middle
cut/    every fifth answer ends early
busy/   every third answer is a 503
gone/   answers twice, then 404
swap/   after three answers it has another file
plain/  no ranges
nopart/ every third answer does not say which part it is
other/  every third answer is another part than the one asked for
gzip/   every third answer has a Content-Encoding
whole/  every third answer is the whole file, as of a cache that has to fetch it
none/   every third answer says that there is no such part, of a file of that size
loop/   redirects to itself
away/   PORT/NAME redirects to good/NAME of the server without TLS at that port
stall/  the third answer stops in its middle
"""
import collections
import http.server
import os
import re
import socket
import ssl
import struct
import sys
import time

counts = collections.Counter()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        # as a proxy it is asked for whole addresses
        kind, name = re.sub("^http://[^/]*", "", self.path).strip("/").split("/", 1)
        if kind == "away":
            port, name = name.split("/")
            return self.answer(302, b"", [("Location", f"http://127.0.0.1:{port}/good/{name}")])
        counts[kind] += 1
        n = counts[kind]
        print(kind, self.headers.get("Range"), self.headers.get("If-Range"), flush=True)
        data = open(os.path.join(sys.argv[1], name), "rb").read()
        etag = '"one"'
        if kind == "swap" and n > 3:
            data, etag = data[::-1], '"two"'
        if kind == "busy" and n % 3 == 0:
            return self.answer(503, b"later", [])
        if kind == "gone" and n > 2:
            return self.answer(404, b"no", [])
        if kind == "loop":
            return self.answer(302, b"", [("Location", self.path)])
        match = re.match(r"bytes=(\d+)-(\d+)$", self.headers.get("Range") or "")
        condition = self.headers.get("If-Range")
        if not match or kind == "plain" or (condition and condition != etag):
            return self.answer(200, data, [("ETag", etag)])
        start, end = int(match[1]), min(int(match[2]), len(data) - 1)
        part = data[start : end + 1]
        headers = [("ETag", etag), ("Content-Range", f"bytes {start}-{end}/{len(data)}")]
        if n % 3 == 0 and kind == "whole":
            return self.answer(200, data, [("ETag", etag)])
        if n % 3 == 0 and kind == "none":
            return self.answer(416, b"", [("ETag", etag), ("Content-Range", f"bytes */{len(data)}")])
        if n % 3 == 0 and kind in ("nopart", "other", "gzip"):
            part = part[::-1]
            headers[1:] = {
                "nopart": [],
                "other": [("Content-Range", f"bytes {start + 1}-{end + 1}/{len(data)}")],
                "gzip": headers[1:] + [("Content-Encoding", "gzip")],
            }[kind]
        bad = (kind in ("reset", "cut") and n % 5 == 0) or (kind == "stall" and n == 3)
        self.answer(206, part, headers, bad and kind)

    def answer(self, status, body, headers, bad=""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for header in headers:
            self.send_header(*header)
        self.end_headers()
        try:
            self.wfile.write(body[: len(body) // 2] if bad else body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True
            return
        if bad == "stall":
            time.sleep(60)
        if bad == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if bad:
            self.close_connection = True


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(sys.argv[2] + ".new", "w") as f:
    f.write(str(server.server_port))
os.rename(sys.argv[2] + ".new", sys.argv[2])
server.serve_forever()
