"""What a kernel's process gives up before it runs a student's code.

Everything here is called straight after a fork, in a process with a single thread; each layer holds
even where another one is missing or broken:

1. an unprivileged user of its own (where the server runs as root);
2. namespaces of its own for users, processes, mounts and IPC, with a small private ``/tmp``;
3. no capabilities, no way to gain any;
4. resource limits;
5. Landlock: everything it can see is read-only, but ``/tmp``;
6. seccomp: no sockets, no connections, no tracing, no mounting, no new namespaces.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
from pathlib import Path

from autograder.inside.limits import Limits

FIRST_UID = 61184  # a range that no account uses: systemd's dynamic users
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = 0x0002_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000
CLONE_NEW_ANY = 0x7E02_0000  # user, pid, net, ipc, uts, cgroup and mount
MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE = 0x2, 0x4, 0x4000, 0x4_0000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38

REFUSED_CALLS = (
    "socket connect ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp "
    "mount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr "
    "unshare setns bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register "
    "keyctl add_key request_key init_module finit_module delete_module kexec_load kexec_file_load "
    "open_by_handle_at name_to_handle_at fanotify_init acct swapon swapoff reboot quotactl syslog "
    "settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname mknod mknodat"
).split()

libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: object) -> int:
    """Call a function of the C library. Raises OSError if it fails."""
    result = getattr(libc, name)(*arguments)
    if result == -1:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def die_with_parent() -> None:
    """Be killed when the parent ends, however it ends."""
    parent = os.getppid()
    call("prctl", PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def become_nobody() -> None:
    """As root: take a user id that no other process has. As an ordinary user: nothing to do."""
    if os.geteuid() == 0:
        uid = FIRST_UID + os.getpid() % 4000
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        call("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)


def enter_namespaces(limits: Limits) -> None:
    """Leave the common namespaces; the next fork is process 1 of the new one. ``/tmp`` becomes private."""
    uid, gid = os.getuid(), os.getgid()
    call("unshare", CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    size = f"size={limits.disk},nr_inodes={limits.files},mode=0700".encode()
    call("mount", b"tmpfs", b"/tmp", b"tmpfs", MS_NOSUID | MS_NODEV, size)


def drop_capabilities() -> None:
    """Give up every capability, also those that a program could bring."""
    for number in range(64):
        if libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == -1:
            break
    header = struct.pack("=Ii", 0x2008_0522, 0)  # version 3, this process
    call("capset", header, bytes(24))
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def limit_resources(limits: Limits) -> None:
    """Set resource limits; memory counts on top of what the process has mapped already."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    mapped = pages * os.sysconf("SC_PAGE_SIZE")
    for what, most in (
        (resource.RLIMIT_AS, mapped + limits.memory),
        (resource.RLIMIT_NPROC, limits.processes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, 1024),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file that grows too large is an OSError


def refuse_system_calls() -> None:
    """Let the system calls fail that an answer has no use for."""
    import errno

    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    for name in REFUSED_CALLS:
        try:
            rules.add_rule(seccomp.ERRNO(errno.EPERM), name)
        except OSError:  # unknown to this processor or library
            continue
    for bit in range(64):
        if CLONE_NEW_ANY >> bit & 1:
            flag = seccomp.Arg(0, seccomp.MASKED_EQ, 1 << bit, 1 << bit)
            rules.add_rule(seccomp.ERRNO(errno.EPERM), "clone", flag)
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")  # the C library then uses clone
    rules.load()
