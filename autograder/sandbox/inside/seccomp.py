"""The system calls that a kernel may not make: a filter that Linux applies to it and to all that it starts.

See https://docs.kernel.org/userspace-api/seccomp_filter.html.
"""

from __future__ import annotations

import ctypes
import errno
import tempfile
from functools import cache

from autograder.sandbox.inside.confine import call

PR_SET_SECCOMP, MODE_FILTER = 22, 2
CLONE_NEW_ANY = 0x7E02_0080  # time, user, pid, net, ipc, uts, cgroup and mount
PRCTL_REFUSED = (4, PR_SET_SECCOMP)  # SET_DUMPABLE: the keeper could no longer see what a process uses
TIOCSTI, TIOCLINUX = 0x5412, 0x541C  # typing into a terminal

REFUSED = (
    "socket connect bind sendmsg sendmmsg setsockopt "
    "ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp "
    "mount umount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr "
    "unshare setns bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register "
    "keyctl add_key request_key init_module finit_module create_module delete_module kexec_load kexec_file_load "
    "open_by_handle_at name_to_handle_at fanotify_init acct swapon swapoff reboot quotactl quotactl_fd syslog "
    "settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname mknod mknodat "
    "iopl ioperm modify_ldt lookup_dcookie move_pages migrate_pages vhangup uselib nfsservctl"
)
UNNAMED_CALLS = (
    "clone3 memfd_create memfd_secret shmget msgget semget mq_open vmsplice splice tee io_setup sysinfo mincore "
    "preadv2 pwritev2 inotify_init inotify_init1 inotify_add_watch seccomp "
    "landlock_create_ruleset landlock_add_rule landlock_restrict_self"
)
"""Calls that fail as if this system did not have them; programs then do without. Their memory could not be told from
other memory in use, or they tell what happens outside the kernel."""
LATER = range(451, 512)
"""Calls that are newer than this list, or do not exist yet. They fail as if they were missing, too."""
FCNTL_LOCKS = (6, 7, 37, 38)  # SETLK, SETLKW, OFD_SETLK, OFD_SETLKW
FCNTL_REFUSED = (5, 36, 1024, 1025, 1026, 1027, 1028, 1029, 1031)  # GETLK, OFD_GETLK, leases, DNOTIFY, SETPIPE_SZ
FCNTL_LAST = 1032  # GETPIPE_SZ: higher numbers are seals, hints and delegations
"""Commands of ``fcntl`` that fail as if unknown. Setting a lock seems to succeed, but sets none. A kernel could only
read what others see too, and a lock on that would tell them something, or stop them."""


class Program(ctypes.Structure):
    """A filter as Linux takes it: the number of instructions, 8 bytes each, and their address."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


@cache
def instructions() -> bytes:
    """The compiled filter, made once, before any fork. A call of another architecture ends the process."""
    import pyseccomp  # only here: without libseccomp it fails, and what runs unconfined needs no filter

    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    rules.set_attr(pyseccomp.Attr.ACT_BADARCH, pyseccomp.KILL_PROCESS)
    for calls, code in (
        (REFUSED.split(), errno.EPERM),
        ([*UNNAMED_CALLS.split(), *LATER], errno.ENOSYS),
        (["flock"], 0),
    ):
        for one in calls:
            try:
                rules.add_rule(pyseccomp.ERRNO(code), one)
            except OSError:  # unknown to this processor or library
                continue
    refuse = pyseccomp.ERRNO(errno.EPERM)
    for bit in range(64):
        if CLONE_NEW_ANY >> bit & 1:
            rules.add_rule(refuse, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, 1 << bit, 1 << bit))
    for request in (TIOCSTI, TIOCLINUX):
        rules.add_rule(refuse, "ioctl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFF_FFFF, request))
    for commands, code in ((FCNTL_LOCKS, 0), (FCNTL_REFUSED, errno.EINVAL)):
        for command in commands:
            rules.add_rule(pyseccomp.ERRNO(code), "fcntl", pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFF_FFFF, command))
    rules.add_rule(pyseccomp.ERRNO(errno.EINVAL), "fcntl", pyseccomp.Arg(1, pyseccomp.GT, FCNTL_LAST))
    for option in PRCTL_REFUSED:
        rules.add_rule(refuse, "prctl", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, 0xFFFF_FFFF, option))
    rules.add_rule(refuse, "sendto", pyseccomp.Arg(4, pyseccomp.NE, 0))  # to a socket that is named
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def apply() -> None:
    """Apply the filter to this process and to all that it starts. Needs no_new_privs."""
    code = instructions()
    call("prctl", PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(Program(len(code) // 8, code)), 0, 0)
