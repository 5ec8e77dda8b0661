# ruff: noqa: E501 (an answer or a cell stands on one line)
"""Right answers in notebooks that do unusual things, in real kernels within small limits: each gets full marks."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from escaping import TRIED, run
from sampled import asked_for, every, few

from autograder.sandbox import forkserver

ANSWERS = {
    "a Python float": "import numpy as np\ndef mean_of_squares(x): return float(np.mean(np.square(x)))",
    "a 0-d array": "import numpy as np\ndef mean_of_squares(x): return np.array(np.mean(np.square(x)))",
    "float32": "import numpy as np\ndef mean_of_squares(x): return np.float32(np.mean(np.square(x)))",
    "long double": "import numpy as np\ndef mean_of_squares(x): return np.mean(np.square(x), dtype=np.longdouble)",
    "lists": "def mean_of_squares(x):\n    y = [float(v) ** 2 for v in x.ravel().tolist()]\n    return sum(y) / len(y)",
    "fractions": "from fractions import Fraction\ndef mean_of_squares(x):\n"
                 "    y = [Fraction(float(v)) ** 2 for v in x.ravel()]\n    return sum(y) / len(y)",
    "SymPy": "import sympy\ndef mean_of_squares(x): return sympy.Add(*[sympy.Float(float(v), 30) ** 2 for v in x.ravel()]) / x.size",
    "a view": "import numpy as np\ndef mean_of_squares(x): return np.mean(np.asfortranarray(x).T[::-1] ** 2)",
    "a masked array": "import numpy as np\ndef mean_of_squares(x): return np.ma.mean(np.ma.masked_array(x) ** 2)",
    "a class": "import numpy as np\nclass M:\n    def __call__(self, x): return np.mean(x * x)\nmean_of_squares = M()",
    "a lambda": "import numpy as np\nmean_of_squares = lambda x: (x * x).mean()",
    "a partial function": "import functools, numpy as np\ndef power(n, x): return np.mean(x ** n)\n"
                          "mean_of_squares = functools.partial(power, 2)",
    "a cached function": "import numpy as np\ndef mean_of_squares(x, seen={}):\n    seen[x.tobytes()] = np.mean(x ** 2)\n"
                         "    return seen[x.tobytes()]",
    "prints and warnings": "import numpy as np, sys, warnings\ndef mean_of_squares(x):\n    print('x', x, flush=True)\n"
                           "    print('y', file=sys.stderr); warnings.warn('careful')\n    return np.mean(x * x)",
    "prints past Python": "import numpy as np, os\ndef mean_of_squares(x):\n    os.write(1, b'x'); os.write(2, b'y')\n"
                          "    return np.mean(x * x)",
    "logging": "import logging, numpy as np\nlogging.basicConfig(level=0)\ndef mean_of_squares(x):\n"
               "    logging.error('here'); return np.mean(x * x)",
    "threads": "import numpy as np\nfrom concurrent.futures import ThreadPoolExecutor\ndef mean_of_squares(x):\n"
               "    with ThreadPoolExecutor(4) as pool: return sum(pool.map(lambda v: float(v) ** 2, x.ravel())) / x.size",
    "processes": "import multiprocessing, numpy as np\ndef square(v): return float(v) ** 2\ndef mean_of_squares(x):\n"
                 "    with multiprocessing.get_context('fork').Pool(2) as pool: return sum(pool.map(square, x.ravel())) / x.size",
    "a subprocess": "import subprocess, sys\ndef mean_of_squares(x):\n    code = f'v = {x.ravel().tolist()}; print(sum(i * i for i in v) / len(v))'\n"
                    "    return float(subprocess.run([sys.executable, '-c', code], capture_output=True, check=True).stdout)",
    "a coroutine": "import asyncio, numpy as np\nasync def work(x): return np.mean(x * x)\ndef mean_of_squares(x):\n"
                   "    c = work(x)\n    try: c.send(None)\n    except StopIteration as done: return done.value",
    "a file": "import numpy as np, tempfile\ndef mean_of_squares(x):\n    with tempfile.TemporaryFile() as f:\n"
              "        np.save(f, x); f.seek(0); return np.mean(np.load(f) ** 2)",
    "Unicode names": "import numpy as np\ndef mean_of_squares(x):\n    σ, 结果, größe = x ** 2, 0, x.size\n    return σ.sum() / größe",
    "type hints": "from __future__ import annotations\nimport numpy as np\ndef mean_of_squares(x: np.ndarray) -> float: return (x ** 2).mean()",
    "random numbers": "import numpy as np, random\nnp.random.seed(0); random.seed(0)\ndef mean_of_squares(x):\n"
                      "    np.random.shuffle(y := x.ravel().copy()); return np.mean(y ** 2)",
    "a helper beside the notebook": "import helper\nmean_of_squares = helper.f",
    "a package beside the notebook": "from tools.means import mean_of_squares",
    "data beside the notebook": "import json\nn = json.load(open('data/n.json'))\ndef mean_of_squares(x): return (x ** n).mean()",
}  # fmt: skip

CELLS = {
    "magics": "%timeit -n1 -r1 1 + 1\n%matplotlib inline\n%precision 3\n%config InlineBackend.figure_format = 'svg'",
    "a GPU by its number": "from course import gpu\ngpu.use(4)",
    "kept variables": "x = 3\n%store x\ndel x\n%store -r x\nassert x == 3",
    "a timed cell": "%%time\nx = 1",
    "a shell command": "!ls\nfiles = !ls\nassert files == []",
    "a shell cell": "%%bash\necho hello > /tmp/hello; cat /tmp/hello",
    "a written file": "%%writefile later.py\nx = 1",
    "an import of it": "open('own.py', 'w').write('x = 1')\nimport own\nassert own.x == 1",
    "plots": "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()\nplt.savefig('figure.png')",
    "all checks at once": "check.all()",
    "all checks in another way": "check.all()  # again\nfor task in check.unit.tasks: assert check(task) == 0.0\nlast = 1",
    "progress bars": "from tqdm.auto import tqdm\nfor i in tqdm(range(50)): pass",
    "widgets": "import ipywidgets as w\nout = w.Output()\nwith out: print(1)\ndisplay(w.IntSlider(), out)\n"
               "w.interact(lambda x: x, x=(0, 3))",
    "HTML, LaTeX, Markdown": "from IPython.display import HTML, Latex, Markdown, SVG\ndisplay(HTML('<b>x'), Latex('$x$'), Markdown('*x*'))",
    "top-level await": "import asyncio\nawait asyncio.sleep(0.01)\nasync with asyncio.timeout(1): pass",
    "gather": "import asyncio\nassert await asyncio.gather(*[asyncio.sleep(0.01, i) for i in range(3)]) == [0, 1, 2]",
    "asyncio.run elsewhere": "import asyncio, threading\nt = threading.Thread(target=lambda: asyncio.run(asyncio.sleep(0)))\nt.start(); t.join()",
    "an error": "1 / 0",
    "a syntax error": "def f(:",
    "input": "name = input('who? ')",
    "sys.exit": "import sys; sys.exit(1)",
    "exit": "exit",
    "quit": "quit()",
    "quit, and going on": "quit()\nimport time; time.sleep(0.5)",
    "a changed folder": "import os; os.makedirs('a/b'); os.chdir('a/b'); open('c', 'w').write('x')",
    "the home folder": "from pathlib import Path\n(Path.home() / '.config').mkdir(); (Path.home() / '.config/x').write_text('y')",
    "temporary files": "import tempfile\nwith tempfile.NamedTemporaryFile() as f: f.write(b'x')\ntempfile.mkdtemp()",
    "a database": "import sqlite3\nd = sqlite3.connect('x.db'); d.execute('create table t (a)'); d.commit()",
    "shared memory": "from multiprocessing import shared_memory\ns = shared_memory.SharedMemory(create=True, size=1000); s.close(); s.unlink()",
    "locks and queues": "import multiprocessing as m\nq = m.get_context('fork').Queue(); l = m.Lock()\nwith l: q.put(1)\nassert q.get() == 1",
    "the user's name": "import getpass; getpass.getuser()",
    "system information": "import platform, os, time, locale, shutil\nplatform.platform(); os.cpu_count(); time.tzname; shutil.disk_usage('.')",
    "pip": "%pip list",
    "reloading": "%load_ext autoreload\n%autoreload 2",
    "history": "%history\n%whos\nIn, Out, _",
    "help": "?print\nhelp(len)",
    "a debugger": "%pdb off\n%xmode Verbose",
    "a profile": "%prun sum(range(10))",
    "a debugger that waits": "import pdb; pdb.set_trace()",
    "garbage collection": "import gc; gc.collect(); gc.disable()",
    "recursion": "import sys\nsys.setrecursionlimit(5000)\ndef f(n): return n and f(n - 1)\nf(4000)",
    "unraised warnings": "import warnings\nwarnings.simplefilter('error')",
    "NumPy's errors": "import numpy as np\nnp.seterr(all='raise'); np.set_printoptions(precision=2)",
    "a timer": "import signal\nsignal.signal(signal.SIGALRM, lambda *a: None); signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)",
    "a clean namespace": "x = 1\ndel x",
}  # fmt: skip
FAIL_ALONE = {"an error", "a GPU by its number", "a syntax error", "input", "sys.exit", "a debugger that waits"}
FILES = {
    "helper.py": b"def f(x): return (x ** 2).mean()",
    "tools/__init__.py": b"",
    "tools/means.py": b"from helper import f as mean_of_squares",
    "data/n.json": b"2",
}


@pytest.fixture(scope="module")
def outcomes(request):
    wanted = asked_for(request, "name")
    forkserver.start("start_here", "strict").wait_until_ready()
    with ThreadPoolExecutor(6) as pool:
        answers = {
            n: pool.submit(run, answer=a, files=FILES, cell_seconds=120.0) for n, a in ANSWERS.items() if n in wanted
        }
        cells = {n: pool.submit(run, cell, cell_seconds=120.0) for n, cell in CELLS.items() if n in wanted}
        return {name: future.result() for name, future in {**answers, **cells}.items()}


@pytest.mark.parametrize("name", every(3, ANSWERS, CELLS))
def test_it_gets_everything(name, outcomes):
    outcome = outcomes[name]
    TRIED.append(("unusual", name, f"{outcome.right} of 3 parts"))
    assert outcome.full and not outcome.findings and not outcome.execution.stopped


@pytest.mark.parametrize(
    "name", few([name for name in CELLS if name not in FAIL_ALONE], lambda name: name in [*CELLS][::3])
)
def test_its_cells_work(name, outcomes):
    assert '"output_type": "error"' not in outcomes[name].execution.notebook
