"""Landlock: Linux's way for a process to give up access to files, for itself and all it starts.

See https://docs.kernel.org/userspace-api/landlock.html. A ruleset names the kinds of access that it
governs; what no rule then allows is refused.
"""

from __future__ import annotations

import os
import struct
from functools import cache

from autograder.sandbox.inside.confine import call

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_FLAG, PATH_BENEATH = 1, 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE, IOCTL_DEV = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14, 1 << 15
LAST_ACCESS = {1: 12, 2: 13, 3: 14, 4: 14}  # ABI version: the highest bit of its rights to files; 15 from 5 on
MAKE_CHAR, MAKE_SOCK, MAKE_BLOCK = 1 << 6, 1 << 9, 1 << 11
SCOPES = 0b11  # from ABI 6: keep abstract Unix sockets and signals within the sandbox
TCP = 0b11  # from ABI 4: bind and connect


@cache  # since a kernel may not ask any more
def abi() -> int:
    """The version of Landlock that this system has; 0 for none."""
    try:
        return call("syscall", CREATE_RULESET, None, 0, VERSION_FLAG)
    except OSError:
        return 0


def restrict(readable: list[str], writable: list[str], devices: list[str], terminals: list[str]) -> None:
    """Allow only access below these paths, and refuse the rest.

    Files below ``readable`` may be read and executed. Below ``writable`` all but making special files is allowed.
    ``devices`` and ``terminals`` may be used. Needs no_new_privs. Raises OSError where Landlock is missing.
    """
    version = abi()
    known = (1 << LAST_ACCESS.get(version, 15) + 1) - 1
    attributes = struct.pack("=QQQ", known, TCP if version >= 4 else 0, SCOPES if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = call("syscall", CREATE_RULESET, attributes[:size], size, 0)
    read = EXECUTE | READ_FILE | READ_DIR
    rights = {
        **dict.fromkeys(readable, read),
        **dict.fromkeys(writable, known & ~(MAKE_CHAR | MAKE_BLOCK | MAKE_SOCK)),
        **dict.fromkeys(devices, READ_FILE | WRITE_FILE),
        **dict.fromkeys(terminals, READ_DIR | READ_FILE | WRITE_FILE | IOCTL_DEV),
    }
    for path, allowed in rights.items():
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        call("syscall", ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", allowed & known, place), 0)
        os.close(place)
    call("syscall", RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
