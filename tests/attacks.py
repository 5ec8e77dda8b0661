"""Attacks on the sandbox. Each is the body of a cell: it raises an error if it is refused; otherwise it succeeded.

``T`` names what lies outside; ``PREAMBLE`` defines what several attacks use.
"""

PREAMBLE = '''
import contextlib, ctypes, glob, importlib, importlib.util, inspect, os, pkgutil, platform, signal, socket, struct
import subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)

@contextlib.contextmanager
def attempt(name):
    try:
        yield
    except BaseException as error:
        print(f"{name}\\trefused\\t{type(error).__name__}: {error}"[:160].replace("\\n", " "))
    else:
        print(f"{name}\\tSUCCEEDED\\t")

def checked(result):
    if result == -1 or result is None:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result

def syscall(number, *arguments):
    return checked(libc.syscall(number, *arguments))

def in_child(attack):
    """Run an attack that may be answered by death in a process of its own."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            attack()
            status = 0
        finally:
            os._exit(status)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        raise ChildProcessError(f"ended with {code}")

def found(things):
    """Succeeds if there is anything."""
    there = list(things)
    if not there:
        raise LookupError("nothing found")
    return there

def found_at(places, look):
    """Succeeds if a look at any of these places does. One that is refused, or that is gone by then, ends no search."""
    there, refusal = [], None
    for place in places:
        try:
            there.append(look(place))
        except OSError as error:
            refusal = error
    if refusal and not there:
        raise refusal
    return found(there)

def machine_code(code):
    import mmap
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    return ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()

def others():
    return [p for p in os.listdir("/proc") if p.isdigit() and int(p) not in (os.getpid(), os.getppid())]

def is_reference(text):
    return "np.mean(np.square(x))" in text and "may not be imported" not in text
'''

NETWORK = {
    "TCP": "socket.create_connection(('127.0.0.1', T['tcp']), 1)",
    "TCP over IPv6": "socket.create_connection(('::1', T['tcp6']), 1)",
    "TCP to the internet": "socket.create_connection(('1.1.1.1', 80), 1)",
    "UDP": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', T['udp']))",
    "raw socket": "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)",
    "packet socket": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "VSOCK": "socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).connect((2, 1))",
    "a name server": "socket.getaddrinfo('example.org', 80)",
    "urllib": "import urllib.request; urllib.request.urlopen('http://1.1.1.1', timeout=1)",
    "ping": "subprocess.run(['ping', '-c1', '-W1', '1.1.1.1'], check=True)",
    "Unix socket by path": "socket.socket(socket.AF_UNIX).connect(T['unix'])",
    "abstract Unix socket": "socket.socket(socket.AF_UNIX).connect('\\0' + T['abstract'])",
    "datagram by path": "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b'x', T['datagrams'])",
    "abstract datagram": """
        one = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0]
        one.sendmsg([b'x'], [], 0, '\\0' + T['abstract'] + '-datagrams')""",
    "socket call past the C library": "os.close(syscall(41, 2, 1, 0))",
    "binding a port": "socket.socket().bind(('', 8080))",
}

FILES = {
    "a file of the owner": "open(T['secret']).read()",
    "the gradebook": "open(T['gradebook']).read()",
    "the gradebook by SQLite": """
        import sqlite3
        sqlite3.connect(f"file:{T['gradebook']}?mode=ro", uri=True).execute('select * from sqlite_master')""",
    "the folder of the owner": "found(os.listdir(T['folder']))",
    "other submissions": "found(glob.glob(T['submissions'] + '/**/*.ipynb', recursive=True))",
    "the home folder": "found(n for n in os.listdir(T['home']) if not n.startswith('.pyenv'))",
    "the project": "open(T['project'] + '/course/start_here/reference.py').read()",
    "solutions": "found(glob.glob('/**/solutions/**/*.ipynb', recursive=True))",
    "accounts": "open('/etc/passwd').read()",
    "passwords": "open('/etc/shadow').read()",
    "the host's name": "open('/etc/hostname').read()",
    "run": "found(os.listdir('/run'))",
    "disks": "found(glob.glob('/dev/[sv]d*') + glob.glob('/dev/nvme*'))",
    "kernel memory": "open('/dev/mem', 'rb')",
    "kernel messages": "open('/dev/kmsg')",
    "what lies beside libraries": "found(set(os.listdir('/usr/local/share')) - {'fonts'})",
    "what else is in /usr": "found(set(os.listdir('/usr')) & {'etc', 'games', 'libexec', 'src'})",
    "what else Python has": "found(n for n in ('etc', 'share/jupyter') if os.path.exists(f'{sys.prefix}/{n}'))",
    "the root's mode": "os.chmod('/', os.stat('/').st_mode)",
    "a time of the system's": "os.utime('/', (1, 1))",
    "a time of a device": "os.utime('/dev/null')",
    "a lease": "import fcntl; fcntl.fcntl(open('/view/course/__init__.py'), 1024, fcntl.F_RDLCK)",
    "a path with ..": "open(os.getcwd() + '/../..' + T['secret']).read()",
    "the root of process 1": "open('/proc/1/root' + T['secret']).read()",
    "the working folder of another": "found(os.listdir(f'/proc/{os.getppid()}/cwd'))",
    "a handle": "syscall(304, -100, ctypes.create_string_buffer(128), 0)",
    "a symlink to it": "os.symlink(T['secret'], '/tmp/s1'); open('/tmp/s1').read()",
    "a hard link to it": "os.link(T['secret'], '/tmp/s2'); open('/tmp/s2').read()",
    "a hard link to the system": "os.link('/usr/bin/env', '/tmp/env2')",
    "write to the owner's folder": "open(T['folder'] + '/planted', 'w')",
    "write to the course": "open(importlib.import_module('course').__file__, 'a')",
    "write to the libraries": "import numpy; open(numpy.__file__, 'a')",
    "write to Python": "open(sys.prefix + '/bin/planted', 'w')",
    "write to the root": "open('/planted', 'w')",
    "write to /usr": "open('/usr/planted', 'w')",
    "write to /dev": "open('/dev/planted', 'w')",
    "write to /var/tmp": "open('/var/tmp/planted', 'w')",
    "write to /proc/sys": "open('/proc/sys/kernel/hostname', 'w').write('mine')",
    "system request": "open('/proc/sysrq-trigger', 'w').write('b')",
    "delete from the course": "os.unlink(importlib.import_module('course').__file__)",
    "rename the course": "os.rename('/view', '/view2')",
    "change modes": "os.chmod('/view', 0o777)",
    "change owners": "os.chown('/tmp/work', 0, 0)",
    "become root": "os.setuid(0)",
    "a file owned by root": "open('/tmp/s3', 'w').close(); os.chown('/tmp/s3', 0, 0)",
    "setuid bit and su": "subprocess.run(['su', '-c', 'id'], check=True, stdin=subprocess.DEVNULL)",
    "a device of its own": "os.mknod('/tmp/disk', 0o60600, os.makedev(8, 0)); open('/tmp/disk', 'rb').read(1)",
    "truncate": "os.truncate('/usr/bin/env', 0)",
    "extended attributes": "os.setxattr('/usr/bin/env', 'user.x', b'y')",
    "a Unix socket of its own": "socket.socketpair()[0].bind('/tmp/own')",
    "core dumps": "import resource; resource.setrlimit(resource.RLIMIT_CORE, (1, 1))",
}

ANSWERS = {
    "the reference": "importlib.import_module('course.start_here.reference')",
    "the mistakes": "importlib.import_module('course.start_here.mistakes')",
    "the unit's reference": "from course.check import load; load('start_here').reference",
    "the unit's mistakes": "from course.check import load; load('start_here').mistakes('mean_of_squares')",
    "the check itself": """
        from course.check import Check
        os.environ.pop('GRADIENTS_GRADING')  # which keeps it from comparing
        Check('start_here')('mean_of_squares')""",
    "compiled code": "found(glob.glob('/**/start_here/__pycache__/*.pyc', recursive=True))",
    "the reference anywhere": """
        found(p for p in glob.glob('/**/reference.py', recursive=True)
              if 'start_here' in p and is_reference(open(p).read()))""",
    "the package's resources": "is_reference(pkgutil.get_data('course.start_here', 'reference.py').decode()) or 1/0",
    "a loader by path": """
        spec = importlib.util.spec_from_file_location('r', T['project'] + '/course/start_here/reference.py')
        spec.loader.exec_module(importlib.util.module_from_spec(spec))""",
    "inspect": """
        import course.start_here
        found(m for n, m in sys.modules.items() if n.endswith('start_here.reference'))""",
    "objects in memory": """
        import gc
        found(o for o in gc.get_objects() if getattr(o, '__module__', '') == 'course.start_here.reference')""",
    "texts in memory": """
        import re
        maps = [line.split() for line in open('/proc/self/maps')]
        memory, secret = open('/proc/self/mem', 'rb', 0), re.compile(rb'x must have at leas[t] 1 entry, got shap[e]')
        hits = 0
        for start, end in (m[0].split('-') for m in maps if 'r' in m[1] and '[v' not in m[-1]):
            memory.seek(int(start, 16))
            hits += len(secret.findall(memory.read(min(int(end, 16) - int(start, 16), 2**26))))
        assert hits""",
    "lessons": "found(glob.glob('/view/**/lesson.md', recursive=True))",
    "git": "found(glob.glob('/**/.git', recursive=True))",
}
