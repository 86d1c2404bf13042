# SPDX-License-Identifier: Apache-2.0
"""What a sandbox forbids, put on a process before its program starts."""
import ctypes
import errno
import platform
import socket
import struct

CALLS = {"x86_64": {"socket": 41, "setsockopt": 54, "getsockopt": 55},
         "aarch64": {"socket": 198, "setsockopt": 208, "getsockopt": 209}}

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _SECCOMP_MODE_FILTER = 22, 38, 2
_LOAD, _JUMP_IF_EQUAL, _ANSWER = 0x20, 0x15, 0x06  # BPF: ld [k], jeq k, ret k
_ALLOW, _FAIL_WITH = 0x7FFF0000, 0x00050000
_NUMBER_AT, _ARGUMENTS_AT = 0, 16  # in struct seccomp_data; arguments have eight bytes, the lower four first
_SO_COOKIE, _TCP_SAVE_SYN = 57, 27


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]


def is_supported():
    return platform.machine() in CALLS


def forbid_netlink():
    """As RestrictAddressFamilies= of a unit without AF_NETLINK: socket(2) fails with EAFNOSUPPORT."""
    _forbid("socket", {0: socket.AF_NETLINK}, errno.EAFNOSUPPORT)


def forbid_socket_details():
    """As a kernel that has neither SO_COOKIE nor TCP_SAVE_SYN."""
    _forbid("getsockopt", {1: socket.SOL_SOCKET, 2: _SO_COOKIE}, errno.ENOPROTOOPT)
    _forbid("setsockopt", {1: socket.IPPROTO_TCP, 2: _TCP_SAVE_SYN}, errno.ENOPROTOOPT)


def _forbid(call, arguments, error):
    """The system call `call` with these arguments, by their places, fails with `error`."""
    checks = [(_NUMBER_AT, CALLS[platform.machine()][call])]
    checks += [(_ARGUMENTS_AT + 8 * place, value) for place, value in arguments.items()]
    steps = []
    for left, (place, value) in zip(range(len(checks), 0, -1), checks):
        steps += [(_LOAD, 0, 0, place), (_JUMP_IF_EQUAL, 0, 2 * left - 1, value)]
    steps += [(_ANSWER, 0, 0, _FAIL_WITH | error), (_ANSWER, 0, 0, _ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = _Program(len(steps), ctypes.cast(code, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in ((_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                      (_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)):
        if libc.prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
