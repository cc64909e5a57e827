#!/usr/bin/env python3
"""A TENeT program in Python, with nothing but the standard library.

It speaks the application socket of dispatchd (docs/protocol/socket.md): frames of
`u32 length | u8 kind | u64 number | body`, bodies as CBOR arrays in core deterministic encoding.

    client.py [--socket S] id                     acquire an id, print it
    client.py [--socket S] ping ID                ask an entity for a sign of life
    client.py [--socket S] send ID MTYPE HEX      send a message, print the verdict if there is one
    client.py [--socket S] receive [--count N]    print the messages that come
    client.py [--socket S] selftest               check the encoding and a running daemon
"""

import argparse
import os
import socket
import stat
import struct
import sys
import time
from collections import deque, namedtuple

VERSION = 1
PREFIX = struct.Struct(">IBQ")  # length, kind, number; length counts what follows it
FIXED = PREFIX.size - 4
MESSAGE_BYTES_MAX = 65_524
FRAME_BYTES_MAX = MESSAGE_BYTES_MAX + 64
HEADER_BYTES = 34
DEPTH_MAX = 16
ANSWER_SECONDS_MAX = 30

HELLO, ACQUIRE, RELEASE, SEND, FLUSH, TAKEN = 0x01, 0x02, 0x06, 0x07, 0x08, 0x09
WELCOME, ACQUIRED, DELIVER, FLUSHED, RELEASED, VERDICT, CLOSING = (
    0x81, 0x82, 0x87, 0x88, 0x8B, 0x8E, 0x8F)
PING, PONG = 0x0002, 0x0003
UNKNOWN_DESTINATION = 1


class ProtocolError(Exception):
    """The daemon does not speak the protocol."""


class Refused(Exception):
    """The daemon refused a request or closed the connection."""


# --- CBOR: arrays, integers, byte strings, text, true, false, null; nothing else ---------------

def encode(value):
    """The one encoding of a value."""
    if value is None:
        return b"\xf6"
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, (bytes, bytearray)):
        return head(2, len(value)) + bytes(value)
    if isinstance(value, str):
        text = value.encode()
        return head(3, len(text)) + text
    if isinstance(value, (list, tuple)):
        return head(4, len(value)) + b"".join(encode(item) for item in value)
    raise TypeError(f"no encoding for {type(value).__name__}")


def head(major, argument):
    if argument < 24:
        return bytes([major << 5 | argument])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << 8 * size:
            return bytes([major << 5 | info]) + argument.to_bytes(size, "big")
    raise ValueError("integer out of range")


def decode(data):
    """The value of exactly one canonical item; anything else is an error."""
    value, end = item(memoryview(data), 0, 0)
    if end != len(data):
        raise ProtocolError(f"trailing bytes from byte {end}")
    return value


def item(data, at, depth):
    start = at
    initial, at = take(data, at, 1)
    major, info = initial[0] >> 5, initial[0] & 0x1F
    if major == 7:
        if info not in (20, 21, 22):
            raise ProtocolError(f"item that is not allowed at byte {start}")
        return {20: False, 21: True, 22: None}[info], at
    argument, at = read_argument(data, at, info, start)
    if major == 0:
        return argument, at
    if major == 1:
        return -1 - argument, at
    if major in (2, 3):
        content, at = take(data, at, argument)
        if major == 2:
            return bytes(content), at
        try:
            return str(content, "utf-8"), at
        except UnicodeDecodeError:
            raise ProtocolError(f"text is not UTF-8 at byte {start}") from None
    if major == 4:
        if depth == DEPTH_MAX:
            raise ProtocolError(f"nested too deeply at byte {start}")
        items = []
        for _ in range(argument):
            element, at = item(data, at, depth + 1)
            items.append(element)
        return items, at
    raise ProtocolError(f"item that is not allowed at byte {start}")


def read_argument(data, at, info, start):
    if info < 24:
        return info, at
    if info > 27:
        raise ProtocolError(f"indefinite or reserved length at byte {start}")
    size = 1 << info - 24
    digits, at = take(data, at, size)
    argument = int.from_bytes(digits, "big")
    if argument < (24 if size == 1 else 1 << 4 * size):
        raise ProtocolError(f"not the shortest form at byte {start}")
    return argument, at


def take(data, at, count):
    if count > len(data) - at:
        raise ProtocolError(f"input ends early at byte {len(data)}")
    return data[at:at + count], at + count


# --- ids and messages --------------------------------------------------------------------------

def id_text(raw):
    return f"{raw[:12].hex()}:{int.from_bytes(raw[12:], 'big')}"


def id_bytes(text):
    domain, _, port = text.partition(":")
    raw = bytes.fromhex(domain)
    if len(raw) != 12 or not port.isascii() or not port.isdigit() or int(port) >= 1 << 32:
        raise ValueError("an id is <24 hex digits>:<decimal port>")
    return raw + int(port).to_bytes(4, "big")


def id_argument(text):
    try:
        return id_bytes(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text} is not an id: <24 hex digits>:<decimal port>") from None


Message = namedtuple("Message", "src dst mtype param origin number")
Verdict = namedtuple("Verdict", "number code detail")


# --- the socket --------------------------------------------------------------------------------

def check_socket(path, uids):
    """Looks at the socket and its directory before anything is said."""
    entry = os.lstat(path)
    directory = os.stat(os.path.dirname(os.path.abspath(path)))
    if not stat.S_ISSOCK(entry.st_mode):
        raise Refused(f"{path} is not a socket")
    if entry.st_uid not in uids or directory.st_uid not in uids:
        raise Refused(f"{path} or its directory belongs to another user")
    if directory.st_mode & 0o022 and not directory.st_mode & stat.S_ISVTX:
        raise Refused(f"the directory of {path} is writable by others")


class Capability:
    """A connection that is an entity id."""

    def __init__(self, path, name="client.py", domain=None):
        check_socket(path, {0, os.geteuid()})
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        peer = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        if struct.unpack("3i", peer)[1] not in (0, os.geteuid()):
            raise Refused(f"the process behind {path} belongs to another user")
        self.buffer, self.number, self.delivered = bytearray(), 0, 0
        self.inbox, self.verdicts = deque(), []
        welcome = decode(self.ask(HELLO, encode([VERSION, name]), WELCOME))
        if welcome[0] != VERSION:
            raise ProtocolError(f"the daemon speaks version {welcome[0]}")
        self.software = welcome[1]
        acquired = decode(self.ask(ACQUIRE, encode([domain, False]), ACQUIRED))
        if len(acquired) != 3 or len(acquired[0]) != 16:
            raise ProtocolError("ACQUIRED is not [id, secret, resumed]")
        self.id = acquired[0]

    def write(self, kind, body=b""):
        self.number += 1
        self.socket.sendall(PREFIX.pack(FIXED + len(body), kind, self.number) + body)
        return self.number

    def ask(self, kind, body, answer):
        """Sends a request; the body of its answer."""
        number = self.write(kind, body)
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        while True:
            got = self.frame(deadline)
            if got is None:
                raise Refused("the daemon does not answer")
            got_kind, got_number, got_body = got
            if got_kind == VERDICT and got_number == number:
                code, detail = decode(got_body)
                raise Refused(f"refused with code 0x{code:04x}: {detail!r}")
            if got_kind == answer and got_number == number:
                return got_body
            self.unasked(got_kind, got_number, got_body)

    def frame(self, deadline):
        """The next frame, or None when time is up."""
        while True:
            if len(self.buffer) >= 4:
                length = int.from_bytes(self.buffer[:4], "big")
                if not FIXED <= length <= FIXED + FRAME_BYTES_MAX:
                    raise ProtocolError(f"frame of {length} bytes")
                if len(self.buffer) >= 4 + length:
                    _, kind, number = PREFIX.unpack(self.buffer[:PREFIX.size])
                    body = bytes(self.buffer[PREFIX.size:4 + length])
                    del self.buffer[:4 + length]
                    return kind, number, body
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                chunk = self.socket.recv(1 << 18)
            except TimeoutError:
                return None
            finally:
                self.socket.settimeout(None)
            if not chunk:
                raise Refused("the daemon is gone")
            self.buffer += chunk

    def unasked(self, kind, number, body):
        """A message, a verdict or the end."""
        if kind == DELIVER:
            if number != self.delivered + 1 or len(body) < 1 + HEADER_BYTES:
                raise ProtocolError("a delivery out of order or too short")
            self.delivered = number
            mtype = int.from_bytes(body[33:35], "big")
            self.inbox.append(
                Message(body[1:17], body[17:33], mtype, body[35:], body[0], number))
        elif kind == VERDICT:
            code, detail = decode(body)
            self.verdicts.append(Verdict(number, code, detail))
        elif kind == CLOSING:
            code, detail = decode(body)
            raise Refused(f"the daemon closed the connection, 0x{code:04x}: {detail!r}")
        else:
            raise ProtocolError(f"unexpected frame of kind 0x{kind:02x}")

    def send(self, dst, mtype, param):
        """Sends a message; its number."""
        if HEADER_BYTES + len(param) > MESSAGE_BYTES_MAX:
            raise ValueError("longer than a message may be")
        return self.write(SEND, dst + mtype.to_bytes(2, "big") + param)

    def flush(self):
        """Waits until all messages before are routed or refused; the verdicts on them."""
        self.ask(FLUSH, b"", FLUSHED)
        verdicts, self.verdicts = self.verdicts, []
        return verdicts

    def receive(self, timeout=None):
        """The next message, or None when time is up."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.inbox:
            got = self.frame(deadline)
            if got is None:
                return None
            self.unasked(*got)
        message = self.inbox.popleft()
        taken = self.inbox[0].number - 1 if self.inbox else self.delivered
        self.socket.sendall(PREFIX.pack(FIXED, TAKEN, taken))
        return message

    def ping(self, dst, timeout=5.0):
        """Seconds until the answer; None if there is none. Other messages wait for `receive`."""
        nonce, start = os.urandom(16), time.monotonic()
        number = self.send(dst, PING, encode([nonce]))
        while True:
            for message in self.inbox:
                if (message.src, message.mtype, message.param) == (dst, PONG, encode([nonce])):
                    self.inbox.remove(message)
                    return time.monotonic() - start
            for verdict in self.verdicts:
                if verdict.number == number:
                    raise Refused(f"not delivered, code {verdict.code}: {verdict.detail!r}")
            got = self.frame(start + timeout)
            if got is None:
                return None
            self.unasked(*got)

    def release(self):
        """Ends the id for ever."""
        self.ask(RELEASE, encode([]), RELEASED)
        self.socket.close()


# --- the checks --------------------------------------------------------------------------------

def check(condition, what):
    if not condition:
        raise SystemExit(f"selftest: {what}")


def check_encoding():
    pairs = [
        ([], "80"), ([0, 23, 24, 255, 256, 65535, 65536, 1 << 32],
         "88001718181 8ff19010019ffff1a000100001b0000000100000000".replace(" ", "")),
        ([-1, -500], "82203901f3"), ([b"\x01\x02", "\u00fc", None, True, False],
         "8542010262c3bcf6f5f4"), ([[b""], [[]]], "8281408180"),
    ]
    for value, text in pairs:
        check(encode(value).hex() == text, f"{value} is encoded as {encode(value).hex()}")
        check(decode(bytes.fromhex(text)) == value, f"{text} is not decoded")
    bad = ["", "8201", "0101", "1817", "1900ff", "1a0000ffff", "1b00000000ffffffff", "580100",
           "9fff", "5fff", "a0", "c001", "f7", "f90000", "81f820", "1c", "61ff",
           "5b7fffffffffffffff", "81" * (DEPTH_MAX + 1) + "00"]
    for text in bad:
        try:
            decode(bytes.fromhex(text))
        except ProtocolError:
            continue
        check(False, f"{text} is accepted")
    check(decode(bytes.fromhex("81" * DEPTH_MAX + "00")) is not None, "depth")
    check(id_bytes(id_text(bytes(range(16)))) == bytes(range(16)), "ids")


def selftest(path):
    check_encoding()
    alice, bob = Capability(path, "selftest-a"), Capability(path, "selftest-b")
    check(alice.id != bob.id and alice.id[:12] == bob.id[:12], "two ids of one card")
    params = [bytes([n % 256]) * (n * 37) for n in range(100)]
    for param in params:
        alice.send(bob.id, 0xC000, param)
    check(alice.flush() == [], "a verdict on messages that have a receiver")
    for param in params:
        message = bob.receive(10)
        check(message is not None, "a message is missing")
        check((message.src, message.dst, message.mtype) == (alice.id, bob.id, 0xC000), "header")
        check(message.param == param, "order or contents")
    nobody = alice.id[:12] + (0xFFFFFEFF).to_bytes(4, "big")
    number = alice.send(nobody, 0xC000, b"")
    verdicts = alice.flush()
    check([(v.number, v.code) for v in verdicts] == [(number, UNKNOWN_DESTINATION)],
          f"verdict on a message to nobody: {verdicts}")
    card = alice.id[:12] + bytes(4)
    check(alice.ping(card, 10) is not None, "the card does not answer a ping")
    alice.send(bob.id, 0xC000, b"last")
    check(bob.receive(10).param == b"last", "after a ping")
    alice.release()
    bob.release()
    print("selftest ok")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--socket", default=os.environ.get("TENET_SOCKET", "/run/tenet/dispatchd.sock"))
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("id")
    commands.add_parser("selftest")
    commands.add_parser("ping").add_argument("id", type=id_argument)
    send = commands.add_parser("send")
    send.add_argument("id", type=id_argument)
    send.add_argument("mtype", type=lambda text: int(text, 0))
    send.add_argument("param", type=bytes.fromhex)
    receive = commands.add_parser("receive")
    receive.add_argument("--count", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.command == "selftest":
        return selftest(arguments.socket)
    me = Capability(arguments.socket)
    print(id_text(me.id), flush=True)
    if arguments.command == "ping":
        seconds = me.ping(arguments.id)
        if seconds is None:
            raise SystemExit("no answer")
        print(f"answered in {seconds * 1e6:.0f} us")
    elif arguments.command == "send":
        me.send(arguments.id, arguments.mtype, arguments.param)
        for verdict in me.flush():
            raise SystemExit(f"not delivered, code {verdict.code}: {verdict.detail!r}")
    elif arguments.command == "receive":
        for _ in range(arguments.count):
            message = me.receive()
            print(f"from {id_text(message.src)} type 0x{message.mtype:04x}: {message.param.hex()}",
                  flush=True)
    return me.release()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (FileNotFoundError, ConnectionRefusedError) as error:
        sys.exit(f"client.py: {error}\n  is dispatchd running? Name its socket with --socket")
    except (OSError, Refused, ProtocolError) as error:
        sys.exit(f"client.py: {error}")
