"""What a kernel's process gives up before it runs a student's code.

Everything here is called straight after a fork, in a process with a single thread. Each layer holds even if another one
is missing or broken:

1. an unprivileged user of its own (where the server runs as root);
2. namespaces of its own for users, processes, mounts and IPC, with a small private ``/tmp``;
3. no capabilities, no way to gain any;
4. resource limits;
5. Landlock (``landlock``): everything that it can see is read-only, except ``/tmp``;
6. seccomp (``seccomp``): no sockets, no connections, no tracing, no mounting, no new namespaces.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys
from pathlib import Path

from autograder.sandbox.inside.limits import Limits

FIRST_UID, UIDS = 61184, 4000  # a range that no account uses: systemd's dynamic users
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = 0x0002_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000
CLONE_NEWNET = 0x4000_0000
MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 0x1
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 0x2, 0x4, 0x8, 0x1000, 0x4000, 0x4_0000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 36, 38

TERMINALS = "/dev/pts"  # which ``!command`` uses
MOST_TERMINALS = 32
MOST_DESCRIPTORS, MOST_SIGNALS = 512, 1024

libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: object) -> int:
    """Call a function of the C library. Raises OSError if it fails."""
    result = getattr(libc, name)(*arguments)
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def die_with_parent(by: signal.Signals = signal.SIGKILL) -> None:
    """Be killed when the parent ends, however it ends."""
    parent = os.getppid()
    call("prctl", PR_SET_PDEATHSIG, int(by), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of whatever a descendant leaves behind."""
    call("prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def set_dumpable(dumpable: bool) -> None:
    """Whether other processes of the same user may look into this one."""
    call("prctl", PR_SET_DUMPABLE, int(dumpable), 0, 0, 0)


def become_nobody() -> None:
    """As root: take a user id that no other process has.

    An ordinary user has nothing to do, nor has a root in a namespace without other users.
    """
    if os.geteuid() == 0:
        uid = FIRST_UID + os.getpid() % UIDS
        with contextlib.suppress(PermissionError):
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)


def enter_namespaces() -> bool:
    """Leave the common namespaces. The next fork is process 1 of the new one. False where that is refused."""
    uid, gid = os.getuid(), os.getgid()
    try:
        call("unshare", CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC)
    except OSError:
        return False
    with contextlib.suppress(OSError):  # else it is shared, and seccomp keeps sockets from having names in it
        call("unshare", CLONE_NEWNET)
    with contextlib.suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    return True


def make_private(limits: Limits) -> bool:
    """In new namespaces: make a small ``/tmp`` and ``/dev/shm`` and a few terminals, and all else read-only.

    Then nothing else can be changed, not even a time or a mode. If this Python lies below ``/tmp``, it stays visible
    there, read-only as it was. False where Linux refuses.
    """
    python = {folder: os.open(folder, os.O_PATH | os.O_CLOEXEC) for folder in python_below_tmp()}
    try:
        call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
        make_read_only()
        for place, size in ((b"/tmp", limits.disk), (b"/dev/shm", limits.shared)):
            options = f"size={size},nr_inodes={limits.files},mode=0700".encode()
            call("mount", b"tmpfs", place, b"tmpfs", MS_NOSUID | MS_NODEV, options)
        options = f"newinstance,ptmxmode=0666,max={MOST_TERMINALS}".encode()  # there are only so many in a machine
        call("mount", b"devpts", TERMINALS.encode(), b"devpts", MS_NOSUID | MS_NOEXEC, options)
        for folder, descriptor in python.items():
            Path(folder).mkdir(parents=True, exist_ok=True)
            call("mount", f"/proc/self/fd/{descriptor}".encode(), folder.encode(), None, MS_BIND | MS_REC, None)
    except OSError:
        return False
    return True


def make_read_only() -> None:
    """Make all that is mounted read-only, devices too. Where Linux cannot do it at once, bubblewrap has done it."""
    with contextlib.suppress(OSError):
        attributes = struct.pack("=4Q", MOUNT_ATTR_RDONLY, 0, 0, 0)
        call("syscall", MOUNT_SETATTR, AT_FDCWD, b"/", AT_RECURSIVE, attributes, len(attributes))


def python_below_tmp() -> list[str]:
    """The folders of this Python that lie below ``/tmp``."""
    folders = sorted({sys.prefix, sys.base_prefix})
    return [folder for folder in folders if folder.startswith("/tmp/")]


def show_own_processes(machine: bool = False) -> bool:
    """As the first process of a namespace: let ``/proc`` show only the processes in it. False where Linux refuses.

    ``machine``: show the machine's counters too, for the server. Kernels must not see them: they tell what others do.
    """
    for options in (None,) if machine else (b"subset=pid", None):  # Linux 5.8 knows it
        with contextlib.suppress(OSError):
            call("mount", b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, options)
            return True
    return False


def drop_capabilities() -> None:
    """Give up every capability, and those too that a program that is started could bring."""
    for number in range(64):
        if libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == -1:
            break
    header = struct.pack("=Ii", 0x2008_0522, 0)  # version 3, this process
    call("capset", header, bytes(24))
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def limit_resources(limits: Limits) -> None:
    """Set resource limits. The memory limit comes on top of what the process has mapped already."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    mapped = pages * os.sysconf("SC_PAGE_SIZE")
    for what, most in (
        (resource.RLIMIT_AS, mapped + limits.memory),
        (resource.RLIMIT_NPROC, limits.processes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, MOST_DESCRIPTORS),
        (resource.RLIMIT_SIGPENDING, MOST_SIGNALS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file that grows too large is an OSError
