# SPDX-License-Identifier: Apache-2.0
"""PROXY headers, written after the specification and apart from the daemon's own code; and an HAProxy to talk to."""
import contextlib
import pathlib
import socket
import struct
import subprocess
import tempfile

from harness.peers import address_text

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
LOCAL, PROXY = 0x20, 0x21
TCP4, TCP6 = 0x11, 0x21
CRC32C, NOOP, UNIQUE_ID = 3, 4, 5


def v1(source="192.0.2.1", destination="198.51.100.2", source_port=8080, destination_port=80):
    family = "TCP6" if ":" in source else "TCP4"
    return f"PROXY {family} {source} {destination} {source_port} {destination_port}\r\n".encode()


def v2(tlvs=b"", command=PROXY, family=TCP4, block=None, length=None):
    if block is None:
        block = (socket.inet_aton("192.0.2.1") + socket.inet_aton("198.51.100.2") + struct.pack("!HH", 8080, 80)
                 if family == TCP4 else
                 socket.inet_pton(socket.AF_INET6, "2001:db8::1") + socket.inet_pton(socket.AF_INET6, "2001:db8::2") +
                 struct.pack("!HH", 8080, 80))
    rest = block + tlvs
    return SIGNATURE + struct.pack("!BBH", command, family, len(rest) if length is None else length) + rest


def tlv(kind, value):
    return struct.pack("!BH", kind, len(value)) + value


def with_crc(header):
    """`header` with the TLV CRC32C behind what it has."""
    length, = struct.unpack_from("!H", header, 14)
    whole = header[:14] + struct.pack("!H", length + 7) + header[16:] + tlv(CRC32C, bytes(4))
    return whole[:-4] + struct.pack("!I", crc32c(whole))


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


@contextlib.contextmanager
def haproxy(server, bind="", send=""):
    """An HAProxy in TCP mode in front of the (host, port) `server`; answers where it listens."""
    with socket.socket() as listening, tempfile.TemporaryDirectory(prefix="tcpctl-") as folder:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        file = pathlib.Path(folder, "haproxy.cfg")
        file.write_text(f"""
defaults
  mode tcp
  timeout connect 30s
  timeout client 5m
  timeout server 5m
listen it
  bind fd@{listening.fileno()} {bind}
  server it {address_text(server)} {send}
""")
        with pathlib.Path(folder, "log").open("wb") as log:
            process = subprocess.Popen(["/usr/sbin/haproxy", "-db", "-f", file], pass_fds=[listening.fileno()],
                                       stdout=log, stderr=log)
            try:
                yield listening.getsockname()
            finally:
                process.kill()
                process.wait()
