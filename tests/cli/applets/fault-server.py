#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# fault-server.py DIRECTORY PORT: an HTTP server whose first answer to /FAULT/file goes wrong. Logs method, path, Range, If-Range.
import http.server
import socket
import struct
import sys
import threading
import time

directory, port = sys.argv[1], int(sys.argv[2])
asked, lock = {}, threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def empty(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def whole(self, status, data, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def part(self, data, start, end, tag):
        self.whole(206, data[start:end], ETag=tag, Content_Range="bytes %d-%d/%d" % (start, end - 1, len(data)))

    def part_asked(self, kind, tag):
        """Where the answer begins; None: the whole, as the file is another one, or ranges are not known"""
        part = self.headers.get("Range")
        if not part or kind in ("norange", "changedwhole"):
            return None
        if tag and kind != "changedignored" and self.headers.get("If-Range") not in (None, tag):
            return None
        return int(part[len("bytes="):].rstrip("-"))

    def do_GET(self):
        kind = self.path.split("/")[1]
        with lock:
            count = asked[self.path] = asked.get(self.path, 0) + 1
            print("GET %s Range=%s If-Range=%s" % (self.path, self.headers.get("Range"), self.headers.get("If-Range")), flush=True)
        if kind == "404":
            return self.empty(404)
        if kind == "busy" and count <= 2:
            return self.empty(503, Retry_After="1")
        if kind == "tomorrow":
            return self.empty(503, Retry_After="86400")
        other = kind.startswith("changed") and count > 1
        data = open(directory + ("/other" if other else "/file"), "rb").read()
        if kind == "nolocation":
            return self.whole(302, data)
        if kind == "nocontent":
            return self.empty(204)
        if kind == "gzip":
            return self.whole(200, data, Content_Encoding="gzip")
        tag = None if kind in ("novalidator", "changedblind") else ("W/" if kind == "weak" else "") + '"%d"' % other
        start = self.part_asked(kind, tag)
        if start is not None and kind in ("no416", "changed416"):
            return self.empty(416)
        if kind in ("part", "parts"):
            start = start or 0
            return self.part(data, start, min(start + 1000000, len(data)), tag)
        if kind == "length" and start is None:
            self.whole(200, data, ETag=tag, Content_Length=str(len(data) + 100))
            self.close_connection = True
            return
        if start is not None and kind == "nopart":
            return self.whole(206, data[start:])
        if start is not None and kind == "otherpart":
            return self.part(data, start + 5, len(data), tag)
        self.send_response(200 if start is None else 206)
        if start is not None:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (start, len(data) - 1, len(data)))
        if tag:
            self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(data) - (start or 0)))
        self.end_headers()
        end = len(data) * 9 // 10 if count == 1 else len(data)
        self.wfile.write(data[start or 0:end])
        if end < len(data):
            self.break_off(kind)

    def break_off(self, kind):
        self.close_connection = True
        if kind == "stall":
            time.sleep(30)
        if kind == "reset":
            time.sleep(0.5)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()


server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
server.daemon_threads = True
server.serve_forever()
