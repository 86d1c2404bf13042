# SPDX-License-Identifier: Apache-2.0
"""What really went over the wire: tcpdump on the loopback of the caller's namespace, read back packet by packet."""
import dataclasses
import pathlib
import re
import socket
import struct
import subprocess

from harness.wait import eventually

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
GLOBAL_HEADER, RECORD_HEADER, ETHERNET = 24, 16, 14
MAGIC, LINK_ETHERNET, IPV4 = 0xA1B2C3D4, 1, 0x0800
MARK = b"so far: "


@dataclasses.dataclass(frozen=True)
class Packet:
    source: str
    destination: str
    flags: int
    sequence: int


class Conversation:
    """The packets of one connection, in the order in which they arrived."""

    def __init__(self):
        self.packets = []

    def sent(self, flag, source):
        return any(packet.flags & flag and packet.source == source for packet in self.packets)

    def first_end(self):
        """Who sent the first FIN or RST, and which it was; (None, None) where nobody did."""
        for packet in self.packets:
            if packet.flags & (FIN | RST):
                return packet.source, "rst" if packet.flags & RST else "fin"
        return None, None


class Capture:
    """Runs until the end of the `with`. IPv4 only."""

    def __init__(self, folder):
        self._file = pathlib.Path(folder) / "wire.pcap"
        self._read = GLOBAL_HEADER
        self._marks, self._seen = 0, set()
        self._conversations = {}
        self._process = subprocess.Popen(
            ["tcpdump", "--interface=lo", "--immediate-mode", "-n", "-U", "-Z", "root", "-s", "128", "-B", "16384",
             "-w", self._file, "tcp or udp"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in self._process.stderr:
            if "listening on" in line:
                break
        else:
            raise AssertionError(f"tcpdump ended with status {self._process.wait()}")
        self._marker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._marker.bind(("127.0.0.1", 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._marker.close()
        self._process.terminate()
        report = self._process.stderr.read()
        self._process.wait()
        self._process.stderr.close()
        assert re.search(r"^0 packets dropped by kernel", report, re.MULTILINE), report

    def between(self, one, other):
        """The last connection between two ends, named as the daemon names them, with all that went until now."""
        self._read_up_to_now()
        found = self._conversations.get(frozenset((one, other)))
        return found[-1] if found else Conversation()

    def _read_up_to_now(self):
        self._marks += 1
        mark = MARK + b"%d" % self._marks
        self._marker.sendto(mark, self._marker.getsockname())

        def arrived():
            self._read_on()
            return mark in self._seen
        eventually(arrived, "the mark in the capture")

    def _read_on(self):
        with self._file.open("rb") as file:
            magic, link = struct.unpack("<I16xI", file.read(GLOBAL_HEADER))
            assert (magic, link) == (MAGIC, LINK_ETHERNET)
            file.seek(self._read)
            records = file.read()
        with memoryview(records) as rest:
            at = 0
            while at + RECORD_HEADER <= len(rest):
                length, = struct.unpack_from("<8xI4x", rest, at)
                end = at + RECORD_HEADER + length
                if end > len(rest):
                    break  # it is being written
                self._take(bytes(rest[at + RECORD_HEADER:end]))
                at = end
        self._read += at

    def _take(self, frame):
        kind, = struct.unpack_from("!12xH", frame)
        if kind != IPV4:
            return
        header = (frame[ETHERNET] & 15) * 4
        protocol = frame[ETHERNET + 9]
        start = ETHERNET + header
        if protocol == socket.IPPROTO_UDP:
            self._seen.add(frame[start + 8:])
        elif protocol == socket.IPPROTO_TCP:
            hosts = [socket.inet_ntoa(frame[ETHERNET + at:ETHERNET + at + 4]) for at in (12, 16)]
            *ports, sequence, flags = struct.unpack_from("!HHI5xB", frame, start)
            source, destination = ("%s:%d" % end for end in zip(hosts, ports))
            self._file_away(Packet(source, destination, flags, sequence))

    def _file_away(self, packet):
        known = self._conversations.setdefault(frozenset((packet.source, packet.destination)), [])
        opens = packet.flags & (SYN | ACK) == SYN
        again = opens and known and any(each.flags & SYN and each.source == packet.source and
                                        each.sequence == packet.sequence for each in known[-1].packets)
        if not known or opens and not again:
            known.append(Conversation())
        known[-1].packets.append(packet)
