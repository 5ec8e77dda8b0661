"""Attempts of one kernel to tell another something, or to stop it.

Each has three steps: what the listener does first, what the sender does, and what the listener looks at. The last step
raises an error unless the message has come, or the listener is stopped.

Both have run ``PREAMBLE`` of ``attacks`` and ``BETWEEN``.
"""

BETWEEN = """
import fcntl, threading, time

LIBRARY = importlib.util.find_spec('course').origin  # a file that both see, nobody has open, and the grader owns
SHARED = ['/', '/dev', '/dev/null', '/etc', '/usr', '/view', sys.prefix, sys.executable, LIBRARY, *map(str, PARENTS)]

def each(attack):
    '''How many of the shared places it works on. None is left as it was found.'''
    done = 0
    for place in SHARED:
        with contextlib.suppress(OSError):
            attack(place)
            done += 1
    return done

def lock(kind, start):
    return struct.pack('=hhqqi4x', kind, 0, start, 1, 0)

def signal_self():
    '''Send this thread a signal that waits.'''
    signal.pthread_sigmask(signal.SIG_BLOCK, [50])
    syscall(297, os.getpid(), threading.get_native_id(), 50, struct.pack('=iii116x', 50, 0, -1))

def number_in(path):
    return int(open(path).read().split()[0])
"""

MESSAGES = {
    "modes": (
        "",
        "each(lambda p: os.chmod(p, 0o711))",
        "found(p for p in SHARED if os.stat(p).st_mode & 0o777 == 0o711)",
    ),
    "times": ("", "each(lambda p: os.utime(p, (77, 77)))", "found(p for p in SHARED if os.stat(p).st_mtime == 77)"),
    "the time of a device": (
        "then = os.stat('/dev/null').st_mtime_ns",
        "os.utime('/dev/null')",
        "assert os.stat('/dev/null').st_mtime_ns != then",
    ),
    "extended attributes": (
        "",
        "each(lambda p: os.setxattr(p, 'user.message', b'x'))",
        "found(p for p in SHARED if 'user.message' in os.listxattr(p))",
    ),
    "a file in a shared folder": (
        "",
        "each(lambda p: open(p + '/message', 'w'))",
        "found(p for p in SHARED if os.path.exists(p + '/message'))",
    ),
    "a write lease": (
        "",
        "file = open(LIBRARY); fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)",
        """
        try:
            os.close(os.open(LIBRARY, os.O_RDONLY | os.O_NONBLOCK))
        except BlockingIOError:
            pass
        else:
            raise LookupError('it opens')""",
    ),
    "a lock": (
        "",
        "file = open(LIBRARY); fcntl.flock(file, fcntl.LOCK_EX)",
        """
        try:
            fcntl.flock(open(LIBRARY), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            raise LookupError('it can be locked')""",
    ),
    "a record lock": (
        "",
        "file = open(LIBRARY); fcntl.fcntl(file, fcntl.F_SETLK, lock(fcntl.F_RDLCK, 5))",
        """
        asked = lock(fcntl.F_WRLCK, 5)
        assert struct.unpack('=h', fcntl.fcntl(open(LIBRARY), fcntl.F_GETLK, asked)[:2])[0] == fcntl.F_RDLCK""",
    ),
    "a record lock of a descriptor": (
        "",
        "file = open(LIBRARY); fcntl.fcntl(file, 37, lock(fcntl.F_RDLCK, 6))",
        """
        asked = lock(fcntl.F_WRLCK, 6)
        assert struct.unpack('=h', fcntl.fcntl(open(LIBRARY), 36, asked)[:2])[0] == fcntl.F_RDLCK""",
    ),
    "a hint how long a file lives": (
        "",
        "fcntl.fcntl(open(LIBRARY), 1036, struct.pack('=Q', 5))",
        "assert fcntl.fcntl(open(LIBRARY), 1035, bytes(8)) == struct.pack('=Q', 5)",
    ),
    "an abstract name": (
        "",
        "named = socket.socketpair()[0]; named.bind('\\0message')",
        """
        try:
            socket.socketpair()[0].bind('\\0message')
        except OSError as error:
            if error.errno != 98:  # the name is taken
                raise""",
    ),
    "an abstract datagram": (
        "mine = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0]; mine.bind('\\0letters')",
        """
        one = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0]
        one.sendmsg([b'x'], [], 0, '\\0letters')""",
        "mine.recv(1, socket.MSG_DONTWAIT)",
    ),
    "the number of sockets": (
        "count = lambda: len(open('/proc/self/net/unix').readlines()); before = count()",
        "pairs = [socket.socketpair() for _ in range(50)]",
        "assert count() >= before + 100",
    ),
    "inotify": (
        "watch = syscall(294, os.O_NONBLOCK); syscall(254, watch, LIBRARY.encode(), 0xfff)",
        "open(LIBRARY).read()",
        "os.read(watch, 4096)",
    ),
    "dnotify": (
        """
        called = []
        signal.signal(signal.SIGIO, lambda *_: called.append(1))
        folder = os.open(os.path.dirname(LIBRARY), os.O_RDONLY)
        fcntl.fcntl(folder, fcntl.F_NOTIFY, fcntl.DN_ACCESS | fcntl.DN_MULTISHOT)""",
        "open(LIBRARY).read()",
        "found(called)",
    ),
    "open files": (
        "before = number_in('/proc/sys/fs/file-nr')",
        "files = [os.open('/dev/null', 0) for _ in range(200)]",
        "assert number_in('/proc/sys/fs/file-nr') > before",
    ),
    "events that are waited for": (
        "before = number_in('/proc/sys/fs/aio-nr')",
        "syscall(206, 100, ctypes.byref(ctypes.c_void_p()))",
        "assert number_in('/proc/sys/fs/aio-nr') > before",
    ),
    "terminals": (
        "before = number_in('/proc/sys/kernel/pty/nr')",
        "terminals = [os.openpty() for _ in range(20)]",
        "assert number_in('/proc/sys/kernel/pty/nr') >= before + 20",
    ),
    "the load": ("", "", "open('/proc/stat').read()"),
    "the machine's memory": ("", "", "open('/proc/meminfo').read()"),
    "locks of all": ("", "", "open('/proc/locks').read()"),
    "the system's numbers": (
        "",
        "",
        "syscall(99, ctypes.create_string_buffer(256))",
    ),
    "what was read of a file": (
        """
        import mmap
        size = os.stat(LIBRARY).st_size
        pages = mmap.mmap(os.open(LIBRARY, os.O_RDONLY), size, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)
        address = ctypes.addressof(ctypes.c_char.from_buffer(pages))""",
        "open(LIBRARY).read()",
        "checked(libc.mincore(ctypes.c_void_p(address), ctypes.c_size_t(size), ctypes.create_string_buffer(size)))",
    ),
    "what was read of a file, asked of it": (
        "",
        "open(LIBRARY).read()",
        "syscall(327, os.open(LIBRARY, os.O_RDONLY), struct.pack('=QQ', 0, 0), 0, 0, 0, 8)",
    ),
    "descriptors on their way": (
        "",
        """
        pairs = [socket.socketpair() for _ in range(4)]
        for a, b in pairs:
            socket.send_fds(a, [b'x'], [0] * 200)""",
        """
        a, b = socket.socketpair()
        try:
            socket.send_fds(a, [b'x'], [0] * 200)
        except OSError as error:
            if error.errno != 109:  # too many of this user
                raise
        else:
            raise LookupError('there is room')""",
    ),
}

STOPS = {
    "the root closed": ("", "each(lambda p: os.chmod(p, 0))", "open(LIBRARY); importlib.import_module('wave')"),
    "all terminals": (
        "",
        """
        terminals = []
        for _ in range(40):
            if os.fork() == 0:
                with contextlib.suppress(OSError):
                    while True: terminals.append(os.openpty())
                time.sleep(600)
        time.sleep(3)""",
        "os.openpty()",
    ),
    "all waiting signals": (
        "",
        """
        with contextlib.suppress(OSError):
            while True: signal_self()""",
        "signal_self()",
    ),
}
"""Here the listener is to go on: what it looks at must succeed."""
