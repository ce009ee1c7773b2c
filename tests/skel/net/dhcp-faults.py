#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""dhcp-faults.py LINK KIND: a DHCP server (RFC 2131) at 192.168.78.1 that gives 192.168.78.77 as no real one does; prints what it was asked.

nak       refuses the first two requests for what it has offered
vanishes  gives a lease of 16 seconds, and none after it
single    a /32 with its router in classless routes (RFC 3442) alone
nonsense  options that cannot be: routes of 40 bits, an MTU of 1, time servers of three bytes, no mask, a length beyond the end
hostile   text for a shell and a terminal in each option that is text
long      a host name that is too long, and many servers
"""
import socket
import struct
import sys

link, kind = sys.argv[1:]
DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6
SERVER, CLIENT = socket.inet_aton("192.168.78.1"), socket.inet_aton("192.168.78.77")
HOSTILE = b"$(reboot)';\"`x`\x1b]0;\nip=1.2.3.4 \xff"
acks, requests = 0, 0


def option(code, data):
    return bytes([code, len(data)]) + data


def lease():
    seconds = 16 if kind == "vanishes" else 3600
    answer = option(54, SERVER) + option(51, struct.pack("!I", seconds))
    if kind == "single":
        return answer + option(1, b"\xff" * 4) + option(121, b"\x20" + SERVER + bytes(4) + b"\x00" + SERVER)
    if kind == "nonsense":
        answer += option(121, b"\x28" + SERVER) + option(26, b"\x00\x01") + option(42, b"\x01\x02\x03") + option(15, b"")
        return answer + option(3, b"") + bytes([12, 250]) + b"cut"
    answer += option(1, b"\xff\xff\xff\x00") + option(3, SERVER)
    if kind == "hostile":
        for code in (12, 15, 17, 66, 67):
            answer += option(code, HOSTILE)
        answer += option(119, b"\x05a b;c\x00")
    if kind == "long":
        # all that fits into the 576 bytes that a client has to take
        return answer + option(12, b"a" * 100) + option(6, SERVER * 20) + option(42, SERVER * 20)
    return answer


def reply(packet, message, options=b""):
    address = bytes(4) if message == NAK else CLIENT
    head = b"\x02\x01\x06\x00" + packet[4:8] + bytes(8) + address + bytes(8) + packet[28:44] + bytes(192)
    end = b"" if kind == "nonsense" else b"\xff"
    server.sendto(head + b"\x63\x82\x53\x63" + option(53, bytes([message])) + options + end, ("255.255.255.255", 68))


def options_of(packet):
    found, at = {}, 240
    while at < len(packet) and packet[at] != 255:
        if packet[at] == 0:
            at += 1
            continue
        found[packet[at]] = packet[at + 2 : at + 2 + packet[at + 1]]
        at += 2 + packet[at + 1]
    return found


server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
server.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
server.bind(("", 67))
print("ready", flush=True)
while True:
    packet = server.recv(2000)
    asked = options_of(packet)
    message = asked.get(53, b"\0")[0]
    print({DISCOVER: "discover", REQUEST: "request"}.get(message, message), flush=True)
    if kind == "vanishes" and acks:
        continue
    if message == DISCOVER:
        reply(packet, OFFER, lease())
    elif message == REQUEST and asked.get(54, SERVER) == SERVER:
        requests += 1
        if kind == "nak" and requests <= 2:
            reply(packet, NAK, option(54, SERVER))
        else:
            acks += 1
            reply(packet, ACK, lease())
