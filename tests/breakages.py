"""Ways in which an installation or a machine can be broken: what the doctor must name, and what mends it."""

import sys

DIES = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
REINSTALL, COURSE_AGAIN = "--force-reinstall --no-deps", "pip install -e"
NOT_UTF8 = b"Metadata-Version: 2.1\nName: rich\nVersion: 13\nSummary: \xff\xfe\n"

BROKEN_PACKAGES = {
    "no typer": (["packages"], lambda it: it.remove("typer", "typer-*"), "typer is missing", COURSE_AGAIN),
    "no rich": (["packages"], lambda it: it.remove("rich", "rich-*"), "rich is missing", COURSE_AGAIN),
    "no pynvml": (["driver"], lambda it: it.remove("pynvml.py", "nvidia_ml_py-*"), "'pynvml'", COURSE_AGAIN),
    "no numpy": (["packages"], lambda it: it.remove("numpy", "numpy-*"), "numpy is missing", COURSE_AGAIN),
    "no numpy for the notebooks": (
        ["notebooks"],
        lambda it: it.remove("numpy"),
        "No module named 'numpy'",
        f"{REINSTALL} numpy==",
    ),
    "no jupyterlab": (
        ["packages"],
        lambda it: it.remove("jupyterlab", "jupyterlab-*"),
        "jupyterlab is missing",
        COURSE_AGAIN,
    ),
    "no jupyter_core": (
        ["extensions"],
        lambda it: it.remove("jupyter_core"),
        "No module named 'jupyter_core'",
        f"{REINSTALL} jupyter_core==",
    ),
    "no packaging": (
        ["packages"],
        lambda it: it.remove("packaging"),
        "No module named 'packaging'",
        f"{REINSTALL} packaging==",
    ),
    "no nbformat": (
        ["sandbox"],
        lambda it: it.remove("nbformat"),
        "No module named 'nbformat'",
        f"{REINSTALL} nbformat==",
    ),
    "no pyseccomp": (
        ["sandbox"],
        lambda it: it.remove("pyseccomp.py"),
        "No module named 'pyseccomp'",
        "--force-reinstall pyseccomp",
    ),
    "half a pyseccomp": (
        ["sandbox"],
        lambda it: it.write("pyseccomp.py", "class Half("),
        "libseccomp cannot be used",
        "--force-reinstall pyseccomp",
    ),
    "a typer that raises": (
        ["imports"],
        lambda it: (it.only(), it.raising("typer", "raise OSError('no such library')")),
        "typer: OSError: no such library",
        REINSTALL,
    ),
    "a library that crashes": (
        ["imports"],
        lambda it: (it.only(), it.raising("sympy", DIES)),
        "ended by SIGSEGV",
        f"{REINSTALL} sympy==",
    ),
    "a library that exits": (
        ["imports"],
        lambda it: (it.only(), it.raising("psutil", "import sys; sys.exit(3)")),
        "psutil: SystemExit: 3",
        REINSTALL,
    ),
    "a library that ends the process": (
        ["imports"],
        lambda it: (it.only(), it.raising("psutil", "import os; os._exit(0)")),
        "psutil: Python crashed, it ended with status 0",
        f"{REINSTALL} psutil==",
    ),
    "a file of numpy's is missing": (
        ["imports"],
        lambda it: (it.only("numpy"), it.remove("numpy/_core/_multiarray_umath*.so")),
        "numpy: ",
        REINSTALL,
    ),
    "torch without one of its libraries": (
        ["imports"],
        lambda it: (it.only("torch", "numpy"), it.remove("torch/lib/libtorch_cpu.so")),
        "libtorch_cpu.so: cannot open",
        "torch==",
    ),
    "tensorflow without one of its libraries": (
        ["imports"],
        lambda it: (
            it.only("tensorflow", "keras", "numpy"),
            it.write("tensorflow/python/_pywrap_tensorflow_internal.so", ""),
        ),
        "_pywrap_tensorflow_internal.so: file too short",
        "tensorflow==",
    ),
    "metadata that are not UTF-8": (
        ["metadata", "packages"],
        lambda it: (it.remove("rich-*"), it.write("rich-13.dist-info/METADATA", NOT_UTF8)),
        "rich-13.dist-info cannot be read",
        REINSTALL,
    ),
    "entry points that are not UTF-8": (
        ["metadata", "sandbox"],
        lambda it: it.write("odd-1.dist-info/entry_points.txt", b"[\xff]\n"),
        "odd-1.dist-info cannot be read",
        "rm -r odd-1.dist-info",
    ),
    "no metadata": (
        ["metadata", "packages"],
        lambda it: (it.remove("rich-*"), it.write("rich-13.dist-info/RECORD", "")),
        "rich-13.dist-info cannot be read",
        REINSTALL,
    ),
    "two versions of a package": (
        ["metadata"],
        lambda it: it.write("rich-12.dist-info/METADATA", "Metadata-Version: 2.1\nName: rich\nVersion: 12\n"),
        "rich is there twice",
        REINSTALL,
    ),
    "an interrupted update": (
        ["metadata"],
        lambda it: it.write("~orch/__init__.py", ""),
        "~orch is left",
        "rm -r '~orch'",
    ),
}
"""Of each: where to look, how to break it, what must be named, and what mends it."""
AT_ONCE = ("no typer", "no pynvml", "a typer that raises", "a library that crashes", "metadata that are not UTF-8")

MADE_FULL = ["--size", "4096", "--tmpfs"]
BROKEN_PLACES = {
    "output in ASCII": (["python"], [], {"PYTHONIOENCODING": "ascii"}, 0, "ok Python", ""),
    "output in ASCII by locale": (
        ["python"],
        [],
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        0,
        "Python",
        "",
    ),
    "no such home": (["home"], [], {"HOME": "/nowhere"}, 1, "/nowhere is not there", "or set HOME"),
    "a home that is read-only": (
        ["home"],
        ["--ro-bind", "{tmp}", "{tmp}"],
        {"HOME": "{tmp}"},
        1,
        "Read-only file system",
        "export HOME=",
    ),
    "a home that is full": (
        ["home"],
        [*MADE_FULL, "{tmp}"],
        {"HOME": "{tmp}"},
        1,
        "it is full",
        "make room there: df -h",
    ),
    "no such TMPDIR": (["temporary_files"], [], {"TMPDIR": "/nowhere"}, 0, "TMPDIR=/nowhere", "export TMPDIR=/tmp"),
    "TMPDIR that is read-only": (
        ["temporary_files"],
        ["--ro-bind", "{tmp}", "{tmp}"],
        {"TMPDIR": "{tmp}"},
        0,
        "Read-only file system",
        "export TMPDIR=/tmp",
    ),
    "TMPDIR that is full": (
        ["temporary_files"],
        [*MADE_FULL, "{tmp}"],
        {"TMPDIR": "{tmp}"},
        1,
        "it is full",
        "make room there: df -h",
    ),
    "nothing that can be written": (
        ["temporary_files", "sandbox"],
        ["--ro-bind", "/", "/", "--dev", "/dev"],
        {},
        1,
        "no folder can be written",
        "mkdir -p ~/tmp && export TMPDIR=~/tmp",
    ),
    "no bubblewrap": (["sandbox"], [], {"PATH": "/nowhere"}, 1, "there is no bwrap", "apt install bubblewrap"),
    "no proxy for the hub": (
        ["proxy"],
        ["--tmpfs", f"{sys.prefix}/proxy", "--setenv", "PATH", "/nowhere"],
        {},
        1,
        "is not on PATH",
        "npm install --global configurable-http-proxy",
    ),
    "no systemd": (["systemd"], ["--tmpfs", "/run"], {}, 0, "systemd does not run here", "systemd.py"),
    "no exchange": (
        ["exchange"],
        [],
        {"GRADIENTS_EXCHANGE": "/nowhere"},
        1,
        "/nowhere is not there",
        "lab/make_course.sh",
    ),
    "a configuration that is none": (
        ["graders"],
        [],
        {"GRADIENTS_HUB_CONFIG": "/etc/passwd"},
        1,
        "SyntaxError",
        "correct line 1 of /etc/passwd",
    ),
    "no configuration": (
        ["graders"],
        [],
        {"GRADIENTS_HUB_CONFIG": "/nowhere"},
        0,
        "no configuration of the hub",
        "GRADIENTS_HUB_CONFIG=FILE",
    ),
}
"""Of each: where to look, options of bubblewrap, the environment, the exit status, what is named, and what mends it."""
PLACES_AT_ONCE = ("output in ASCII", "a home that is full", "nothing that can be written")
