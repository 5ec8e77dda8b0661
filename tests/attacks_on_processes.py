"""Attacks on processes and on Linux itself, in the form of ``attacks``."""

PROCESSES = {
    "other processes": "found(others())",
    "the grader's process": "os.kill(T['grader'], 0)",
    "a process of the owner": "os.kill(T['victim'], 9)",
    "the grader's environment": "open(f\"/proc/{T['grader']}/environ\").read()",
    "the server's environment": "found_at(others(), lambda p: open(f'/proc/{p}/environ').read())",
    "the server's settings": "found_at(others(), lambda p: open(f'/proc/{p}/cmdline').read())",
    "the server's memory": "found_at(others(), lambda p: open(f'/proc/{p}/mem', 'rb'))",
    "the server's descriptors": "found_at((f for p in others() for f in glob.glob(f'/proc/{p}/fd/*')), os.readlink)",
    "the numbers of descriptors": "found_at(others(), lambda p: os.listdir(f'/proc/{p}/fd'))",
    "its parent": "os.kill(os.getppid() or 1 / 0, 0)",
    "a secret of the environment": "found(v for v in os.environ.values() if 's3cret' in v)",
    "the start of the environment": """
        names = {e.split(b'=')[0].decode() for e in open('/proc/self/environ', 'rb').read().split(b'\\0') if e}
        found(names - {*T['permitted'], 'PYTHONPATH', 'LC_CTYPE'})""",
    "the command line": "found(w for w in open('/proc/self/cmdline').read().split('\\0') if T['folder'] in w)",
    "tracing": "checked(libc.ptrace(16, T['grader'], 0, 0))",
    "tracing of a child": "checked(libc.ptrace(0, 0, 0, 0))",
    "reading memory": "syscall(310, os.getpid(), 0, 0, 0, 0, 0)",
    "writing memory": "syscall(311, os.getpid(), 0, 0, 0, 0, 0)",
    "stealing descriptors": "syscall(438, os.pidfd_open(os.getpid()), 0, 0)",
    "comparing with the grader": "syscall(312, os.getpid(), T['grader'], 0, 0, 0)",
    "descriptors left open": """
        expected = ('/dev/null', 'socket:', 'anon_inode:', 'pipe:', '/dev/urandom', '/proc')
        found(t for t in map(os.readlink, glob.glob('/proc/self/fd/[0-9]*')[:-1] or ())
              if not t.startswith(expected))""",
    "sockets left open": """
        names = []
        for fd in map(int, os.listdir('/proc/self/fd')):
            with contextlib.suppress(OSError):
                one = socket.socket(fileno=os.dup(fd))
                if not one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and one.getpeername():
                    names.append(one.getpeername())
        found(names)""",
    "typing into a terminal": "import fcntl; fcntl.ioctl(0, 0x5412, b'x')",
    "a terminal": "open('/dev/tty')",
    "a nicer priority": "os.setpriority(os.PRIO_PROCESS, 0, -20)",
    "real-time scheduling": "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))",
    "higher limits": """
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))""",
    "more processes": "import resource; resource.setrlimit(resource.RLIMIT_NPROC, (100000, 100000))",
    "limits of the grader": "import resource; resource.prlimit(T['grader'], resource.RLIMIT_AS)",
}

LINUX = {
    "mount": "checked(libc.mount(b'none', b'/tmp/work', b'tmpfs', 0, None))",
    "bind mount": "checked(libc.mount(b'/', b'/tmp/work', None, 4096, None))",
    "umount": "checked(libc.umount2(b'/tmp', 2))",
    "umount of /proc": "checked(libc.umount2(b'/proc', 2))",
    "chroot": "os.chroot('/tmp')",
    "pivot_root": "syscall(155, b'/tmp', b'/tmp')",
    "open_tree": "syscall(428, -100, b'/', 0)",
    "fsopen": "syscall(430, b'tmpfs', 0)",
    "setns": "checked(libc.setns(os.open('/proc/self/ns/net', 0), 0))",
    **{
        f"unshare {name}": f"checked(libc.unshare({flag}))"
        for name, flag in {"user": 0x10000000, "net": 0x40000000, "mount": 0x20000, "pid": 0x20000000,
                           "ipc": 0x8000000, "uts": 0x4000000, "cgroup": 0x2000000, "time": 0x80}.items()
    },
    "clone into a namespace": "in_child(lambda: syscall(56, 0x10000000 | 17, 0, 0, 0, 0))",
    "clone3 into a namespace": "syscall(435, struct.pack('=11Q', 0x10000000, *[0] * 3, 17, *[0] * 6), 88)",
    "the unshare command": "subprocess.run(['unshare', '-Ur', 'true'], check=True, stderr=subprocess.PIPE)",
    "a sandbox of its own": "subprocess.run(['bwrap', '--bind', '/', '/', 'true'], check=True, stderr=subprocess.PIPE)",
    "32-bit calls": "in_child(lambda: checked(machine_code(b'\\xb8\\x14\\0\\0\\0\\xcd\\x80\\xc3')))",
    "a 32-bit socket": """
        code = b'\\xb8\\x67\\x01\\0\\0\\xbb\\x02\\0\\0\\0\\xb9\\x01\\0\\0\\0\\x31\\xd2\\xcd\\x80\\xc3'
        in_child(lambda: checked(machine_code(b'\\x53' + code[:-1] + b'\\x5b\\xc3')))""",
    "x32 calls": "in_child(lambda: syscall(0x40000000 + 39))",
    "an x32 socket": "in_child(lambda: syscall(0x40000000 + 41, 2, 1, 0))",
    "io_uring": "syscall(425, 8, ctypes.create_string_buffer(120))",
    "bpf": "syscall(321, 0, ctypes.create_string_buffer(128), 128)",
    "keys": "syscall(250, 0, -3, 1)",
    "adding a key": "syscall(248, b'user', b'x', b'y', 1, -3)",
    "userfaultfd": "os.close(syscall(323, 1))",
    "performance counters": "syscall(298, ctypes.create_string_buffer(128), 0, -1, -1, 0)",
    "memory files": "os.memfd_create('x')",
    "memory files, executed": "fd = os.memfd_create('x'); os.execve(fd, ['x'], {})",
    "shared memory of System V": "syscall(29, 0, 2**30, 0o1600)",
    "message queues": "syscall(68, 0, 0o1600)",
    "pages kept in a pipe": """
        import mmap
        page = mmap.mmap(-1, 4096)
        part = struct.pack('=QQ', ctypes.addressof(ctypes.c_char.from_buffer(page)), 4096)
        syscall(278, os.pipe()[1], part, 1, 8)""",
    "larger pipes": "import fcntl; fcntl.fcntl(os.pipe()[1], fcntl.F_SETPIPE_SZ, 2**18)",
    "larger pipes, past 32 bits": "syscall(72, ctypes.c_long(os.pipe()[1]), ctypes.c_long(1 << 32 | 1031), 2**18)",
    "larger buffers of sockets": "socket.socketpair()[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**20)",
    "descriptors on their way": "socket.send_fds(socket.socketpair()[0], [b'x'], [0])",
    "rules of Landlock": "syscall(444, struct.pack('=Q', 1), 8, 0)",
    "filters of calls": "syscall(317, 2, 0, struct.pack('=I', 0x7fff0000))",
    "asynchronous reading": "syscall(206, 10, ctypes.byref(ctypes.c_void_p()))",
    "inotify": "syscall(294, 0)",
    "the machine's counters": "found(p for p in ('stat', 'sys', 'locks') if os.path.exists(f'/proc/{p}'))",
    "fanotify": "syscall(300, 0, 0)",
    "kernel modules": "syscall(313, 0, b'', 0)",
    "kexec": "syscall(246, 0, 0, 0, 0)",
    "the clock": "import time; time.clock_settime(time.CLOCK_REALTIME, 0)",
    "the host's name, changed": "socket.sethostname('mine')",
    "reboot": "in_child(lambda: syscall(169, 0xfee1dead, 672274793, 0, 0))",
    "the kernel log": "syscall(103, 3, ctypes.create_string_buffer(9), 9)",
    "quota": "syscall(179, 0, 0, 0, 0)",
    "accounting": "syscall(163, 0)",
    "swap": "syscall(168, b'/tmp/x')",
    "capabilities": """
        header = struct.pack('=Ii', 0x20080522, 0)
        syscall(126, header, struct.pack('=6I', *[0xffffffff] * 6))""",
    "an undone seccomp": "checked(libc.prctl(22, 0, 0, 0, 0))",
    "undone no_new_privs": "checked(libc.prctl(38, 0, 0, 0, 0))",
    "I/O ports": "syscall(172, 3)",
    "moving pages of others": "syscall(279, T['grader'], 0, 0, 0, 0, 0)",
}  # fmt: skip
