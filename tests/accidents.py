"""Accidents, and what looks like one: cells that run into a limit, each with the findings that may name it.

Each cell runs in a kernel of its own, after the check, so the points that were earned before must stay.
"""

TIME, STOPPED, DEAD = {"time limit"}, {"kernel stopped"}, {"dead kernel"}
LIVES = {""}  # and nothing is found
MEMORY, OUTPUT, PROCESSES, DISK = {"memory limit"}, {"output limit"}, {"process limit"}, {"disk limit"}

TIMES = {
    "an endless loop": ("while True: pass", TIME),
    "sleeping": ("import time; time.sleep(600)", TIME),
    "an endless loop that catches everything": (
        """
        while True:
            try:
                while True: pass
            except BaseException: pass""",
        STOPPED | TIME,
    ),
    "ignored interrupts": ("import signal; signal.signal(2, signal.SIG_IGN)\nwhile True: pass", STOPPED),
    "every signal ignored": (
        """
        import signal
        for number in set(signal.Signals) - {9, 19}: signal.signal(number, signal.SIG_IGN)
        while True: pass""",
        STOPPED,
    ),
    "masked signals and sleep": (
        "import signal, time; signal.pthread_sigmask(0, set(signal.Signals)); time.sleep(600)",
        STOPPED,
    ),
    "blocking in C": ("import ctypes; ctypes.PyDLL(None).sleep(600)", TIME),
    "a lock taken twice": ("import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()", TIME),
    "reading standard input": ("import sys, os; os.read(os.pipe()[0], 1)", TIME),
    "awaiting for ever": ("import asyncio; await asyncio.Event().wait()", TIME | STOPPED),
    "a regular expression": ("import re; re.match('(a+)+b', 'a' * 60)", TIME | STOPPED),
    "a huge power": ("x = 7 ** (7 ** 12)", TIME | STOPPED | MEMORY),
    "a stopped kernel": ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)\nwhile True: pass", TIME | STOPPED),
    "a kernel stopped by a child": (
        """
        import os, signal, time
        parent = os.getpid()
        if os.fork() == 0:
            os.kill(parent, signal.SIGSTOP); os._exit(0)
        time.sleep(600)""",
        TIME | STOPPED,
    ),
}

DEATHS = {
    "os._exit": ("import os; os._exit(0)", DEAD),
    "a segmentation fault": ("import ctypes; ctypes.string_at(0)", DEAD),
    "abort": ("import os; os.abort()", DEAD),
    "an overflow of the C stack": (
        """
        import sys
        sys.setrecursionlimit(10**9)
        class A:
            def __getattr__(self, name): return getattr(self, name)
        A().x""",
        DEAD | MEMORY,
    ),
    "killed by a signal of its own": ("import os; os.kill(os.getpid(), 9)", DEAD | LIVES),
    "an unknown instruction": (
        """
        import ctypes, mmap
        page = mmap.mmap(-1, 4096, prot=7); page.write(b'\\x0f\\x0b')
        ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()""",
        DEAD,
    ),
    "exec": ("import os; os.execv('/bin/true', ['true'])", DEAD),
    "all descriptors closed": ("import os; os.closerange(0, 65536)", DEAD | STOPPED | TIME | OUTPUT),
    "standard streams closed": ("import os, sys; [os.close(n) for n in (0, 1, 2)]; sys.stdout.close()", LIVES),
    "a forbidden call of 32 bits": (
        """
        import ctypes
        ctypes.CDLL(None).syscall(0x40000000 + 39)""",
        DEAD,
    ),
}

SPACE = {
    "100 GB at once": ("x = bytearray(100 * 2**30)", MEMORY),
    "100 GB of NumPy": ("import numpy as np; x = np.ones(100 * 2**27)", MEMORY),
    "memory bit by bit": ("x = []\nwhile True: x.append(bytearray(2**20))", MEMORY),
    "a list without end": ("x = [0]\nwhile True: x += x", MEMORY),
    "shared memory": (
        """
        import mmap
        kept = []
        while True:
            kept.append(mmap.mmap(-1, 2**26))
            kept[-1].write(bytes(2**26))""",
        MEMORY,
    ),
    "shared memory let go of": (
        """
        import mmap, os, time
        for n in range(20):
            part = mmap.mmap(-1, 2**27)
            part.write(bytes(2**27)); part.madvise(mmap.MADV_DONTNEED)
            if os.fork() == 0:
                time.sleep(600)
            part.close()""",
        MEMORY,
    ),
    "memory of many processes": (
        """
        import os, time
        for n in range(8):
            if os.fork() == 0:
                x = bytearray(2**27)
                for i in range(0, len(x), 4096): x[i] = 1
                time.sleep(600)
        time.sleep(600)""",
        MEMORY,
    ),
    "memory of daemons": (
        """
        import os, time
        for n in range(8):
            if os.fork() == 0:
                os.setsid()
                if os.fork(): os._exit(0)
                x = b'x' * 2**27
                time.sleep(600)
        time.sleep(600)""",
        MEMORY,
    ),
    "full sockets": (
        """
        import os, socket, time
        def fill():
            kept = []
            try:
                while True:
                    kept += socket.socketpair()
                    for one in kept[-2:]:
                        one.setblocking(False)
                        try:
                            while True: one.send(bytes(32768))
                        except BlockingIOError:
                            pass
            except OSError:
                time.sleep(600)
        for n in range(8):
            if os.fork() == 0: fill()
        time.sleep(600)""",
        MEMORY,
    ),
    "memory in many parts": (
        """
        import mmap, os, time
        for n in range(8):
            if os.fork() == 0:
                kept = []
                while True:  # each part has other rights than the one before
                    try:
                        kept.append(mmap.mmap(-1, 4096, mmap.MAP_PRIVATE, prot=len(kept) % 2 + 1))
                    except OSError:
                        break
                time.sleep(600)
        time.sleep(600)""",
        MEMORY,
    ),
    "one large file": ("open('large', 'wb').write(bytes(2**28))", DISK),
    "a file without end": ("with open('large', 'wb') as f:\n    while True: f.write(bytes(2**20))", DISK),
    "large files": (
        "for n in range(1000):\n    with open(f'large{n}', 'wb') as f: f.write(bytes(2**23))",
        DISK,
    ),
    "many files": ("for n in range(100_000):\n    open(f'/tmp/f{n}', 'w').close()", DISK),
    "files in shared memory": (
        "for n in range(1000):\n    with open(f'/dev/shm/{n}', 'wb') as f: f.write(bytes(2**22))",
        DISK,
    ),
    "a sparse file": ("import os; os.truncate(os.open('sparse', 66), 2**45)", DISK),
    "a tower of folders": ("import os\nwhile True: os.mkdir('d'); os.chdir('d')", DISK | TIME),
}

NUMBERS = {
    "a fork bomb": ("import os\nwhile True: os.fork()", PROCESSES | STOPPED | DEAD | TIME),
    "a fork bomb of sleepers": ("import os, time\nwhile os.fork(): pass\ntime.sleep(600)", PROCESSES),
    "a thread bomb": (
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(600,)).start()",
        PROCESSES,
    ),
    "a shell's fork bomb": (
        "import subprocess; subprocess.run(['bash', '-c', ':(){ :|:& };:'], timeout=600)",
        PROCESSES | MEMORY | LIVES,
    ),
    "open files": ("import os\nwhile True: os.open('/dev/null', 0)", LIVES),
    "deep recursion": ("def f(n): return f(n + 1)\nf(0)", LIVES | TIME),
    "a thread left behind": (
        "import threading\nthreading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()",
        LIVES,
    ),
    "sys.exit in a thread": (
        "import threading, sys; t = threading.Thread(target=sys.exit); t.start(); t.join()",
        LIVES,
    ),
    "SystemExit": ("raise SystemExit", LIVES),
    "an alarm": ("import signal, time; signal.alarm(1); time.sleep(1.4)", LIVES),
    "no garbage collector": ("import gc; gc.disable()", LIVES),
    "kill of everything": ("import os, signal; os.kill(-1, signal.SIGTERM)", DEAD | LIVES),
    "a daemon": (
        """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork(): os._exit(0)
            time.sleep(600)""",
        LIVES,
    ),
}

OUTPUTS = {
    "output without end": ("while True: print('x' * 1000)", OUTPUT),
    "errors without end": ("import sys\nwhile True: print('x' * 1000, file=sys.stderr)", OUTPUT),
    "1 GB in one print": ("print('x' * 10**9)", MEMORY),
    "70 MB in one print": ("print('x' * 70_000_000)", OUTPUT | LIVES | STOPPED),
    "70 MB in one display": ("display({'text/plain': 'x' * 70_000_000}, raw=True)", OUTPUT | LIVES | TIME | STOPPED),
    "one long line": ("print('x' * 900_000)", LIVES),
    "100,000 displays": ("for n in range(100_000): display(n)", OUTPUT | TIME),
    "a display updated without end": (
        "shown = display(0, display_id='d')\nwhile True: shown.update('x' * 1000)",
        OUTPUT | TIME,
    ),
    "carriage returns": ("print('\\r'.join('x' * 100_000))", LIVES),
    "clearing without end": ("from IPython.display import clear_output\nwhile True: clear_output()", OUTPUT | TIME),
    "output of a thread without end": (
        """
        import threading
        def flood():
            while True: print('x' * 1000)
        threading.Thread(target=flood, daemon=True).start()
        import time; time.sleep(1)""",
        OUTPUT | TIME,
    ),
}
