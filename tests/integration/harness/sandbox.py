# SPDX-License-Identifier: Apache-2.0
"""What a sandbox forbids, put on a process before its program starts."""
import ctypes
import errno
import platform
import socket
import struct

SOCKET_CALLS = {"x86_64": 41, "aarch64": 198}  # socket(2)

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _SECCOMP_MODE_FILTER = 22, 38, 2
_LOAD, _JUMP_IF_EQUAL, _ANSWER = 0x20, 0x15, 0x06  # BPF: ld [k], jeq k, ret k
_ALLOW, _FAIL_WITH = 0x7FFF0000, 0x00050000
_NUMBER_AT, _FIRST_ARGUMENT_AT = 0, 16  # in struct seccomp_data


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]


def is_supported():
    return platform.machine() in SOCKET_CALLS


def forbid_netlink():
    """As RestrictAddressFamilies= of a unit without AF_NETLINK: socket(2) fails with EAFNOSUPPORT."""
    steps = [(_LOAD, 0, 0, _NUMBER_AT),
             (_JUMP_IF_EQUAL, 0, 3, SOCKET_CALLS[platform.machine()]),
             (_LOAD, 0, 0, _FIRST_ARGUMENT_AT),
             (_JUMP_IF_EQUAL, 0, 1, socket.AF_NETLINK),
             (_ANSWER, 0, 0, _FAIL_WITH | errno.EAFNOSUPPORT),
             (_ANSWER, 0, 0, _ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = _Program(len(steps), ctypes.cast(code, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in ((_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                      (_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)):
        if libc.prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
