"""A sandbox is tried before it is used. Broken ones are refused; weaker ones still hold, for any user."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest
from escaping import RIGHT, TRIED, Outside, run
from nbgrader.exchange.default import Exchange
from programs import SANDBOX, need
from trying import GROUPS, results_of
from waiting import wait_until

from autograder.sandbox import bubblewrap, forkserver, selftest
from autograder.sandbox.inside import doors

PROJECT = Path(__file__).parents[1]


@pytest.fixture
def altered(monkeypatch):
    """Changes the sandbox's command; the fork servers made meanwhile end with the test."""
    command, made = bubblewrap.command, forkserver._servers.copy()
    forkserver._servers.clear()

    def alter(change):
        monkeypatch.setattr(bubblewrap, "command", lambda *places: change(command(*places)))
        return forkserver.start("start_here", "strict")

    yield alter
    for server in list(forkserver._servers.values()):
        server.close()
    forkserver._servers.update(made)


DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    os.fork() and os._exit(0)
    time.sleep(99)"""


def shown(words, *more):
    """The sandbox's command with something more in the sandbox, put there before its root becomes read-only."""
    return [*words[:-6], *more, *words[-6:]]


BROKEN = {
    "the network is shared": lambda words: [word for word in words if word != "--unshare-net"],
    "processes are shared": lambda words: [word for word in words if word != "--unshare-pid"],
    "the owner's home is shown": lambda words: shown(words, "--ro-bind", str(Path.home()), str(Path.home())),
    "the system can be written": lambda words: shown(words, "--perms", "1777", "--tmpfs", "/var/tmp"),
    "the root can be changed": lambda words: [*words[:-4], *words[-2:]],
    "what lies beside libraries is shown": lambda words: shown(words, "--ro-bind", "/usr/local", "/usr/local"),
    "the reference is shown": lambda words: shown(words, "--ro-bind", str(PROJECT / "course"), "/view/course"),
}
REFUSED = {
    "what lies beside libraries is shown": "could escape .* see /usr/local/",
    "the reference is shown": "could escape .* import course.start_here.reference",
}
"""Faults that no other layer makes up for, and what is said of them."""


@pytest.mark.parametrize("fault", BROKEN)
def test_one_broken_layer_is_held_by_the_others_or_refused(fault, altered, monkeypatch):
    home = tempfile.mkdtemp(dir="/var/tmp")  # one that all may look into
    Path(home).chmod(0o755)
    monkeypatch.setenv("HOME", home)
    try:
        server = altered(BROKEN[fault])
        if fault in REFUSED:
            with pytest.raises(bubblewrap.NoSandbox, match=REFUSED[fault]) as refusal:
                server.wait_until_ready()
            got = str(refusal.value)
            assert server.process.poll() is not None and not server.folder.exists()
        else:
            server.wait_until_ready()
            got = selftest.describe_layers(server.layers)
            assert selftest.NOT_HELD not in got
            assert run(answer=RIGHT).full
    finally:
        shutil.rmtree(home)
    TRIED.append(("broken", fault, got[:150]))


def test_a_bubblewrap_that_may_not_confine_says_what_to_do(altered):
    denied = ["sh", "-c", "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1"]
    server = altered(lambda words: [*denied, *words])
    with pytest.raises(
        bubblewrap.NoSandbox, match=r"setting up uid map: .*apparmor.*; or grade unconfined.*--isolation"
    ):
        server.wait_until_ready()


def test_a_server_that_confines_nothing_is_refused(monkeypatch, tmp_path):
    """The attempts of an unconfined server succeed, and are named."""
    server = forkserver.ForkServer("start_here", bubblewrap.NONE)
    try:
        server.wait_until_ready()
        with pytest.raises(bubblewrap.NoSandbox, match="could escape") as refusal:
            selftest.verify("start_here", server.address, {*forkserver.ENVIRONMENT}, folder=tmp_path)
    finally:
        server.close()
    for escape in ("read /", "open a TCP connection", "connect to a Unix socket", "signal process"):
        assert escape in str(refusal.value)
    names = {name for name, _ in doors.doors() if doors.__file__ not in name}
    assert len(names) > 15 and {name for name in names if name not in str(refusal.value)} == set()


@pytest.mark.skipif(os.geteuid() == 0, reason="root is run as an ordinary user, below")
def test_without_nested_namespaces_the_other_layers_hold(altered, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    server = altered(lambda words: [words[0], "--unshare-user", "--disable-userns", *words[1:]])
    server.wait_until_ready()
    assert "missing here: own processes, own /proc, own /tmp" in selftest.describe_layers(server.layers)
    with Outside(tmp_path) as outside:
        for attacks in GROUPS.values():
            got, outcome = results_of(attacks, outside)
            visible = {"other processes", "the server's settings", "the command line", "the numbers of descriptors",
                       "the machine's counters", "a time of a device"}  # fmt: skip
            escaped = {name for name in attacks if got.get(name, "?")[0] != "refused"} - visible
            assert escaped == set() and outcome.full and outside.reached() == []
    assert run(answer=RIGHT).full
    cell = "for n in range(20): open(f'{n}', 'wb').write(bytes(8 * 2**20))\nimport time; time.sleep(60)"
    large = run(after=[cell], cell_seconds=120.0)
    assert large.findings == ["disk limit"] and large.full
    assert run(after=[DAEMON]).full
    family = psutil.Process(server.process.pid)
    assert wait_until(lambda: len(family.children(recursive=True)) <= 2)  # bwrap and the server


def test_what_holds_and_what_is_missing_is_said_in_one_line():
    assert selftest.describe_layers(["own processes", "limits"]).endswith("Landlock, seccomp")
    assert "missing" not in selftest.describe_layers([*selftest.EXPECTED_LAYERS, "own user"])


def test_a_missing_bubblewrap_is_named_with_what_to_do(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(bubblewrap.NoSandbox, match=r"apt install bubblewrap.*--isolation none"):
        bubblewrap.require()


def test_what_lies_beside_libraries_is_not_shown():
    shown, hidden = bubblewrap.shown_folders(), selftest.beside_libraries()
    for path in (Path(Exchange.root.default_value), Path("/usr/src"), Path(sys.prefix) / "share" / "jupyter"):
        assert not any(path.is_relative_to(one) or one.is_relative_to(path) for one in shown), path
    assert {Path("/usr/share/doc"), Path("/usr/local/bin"), Path("/usr/src")} <= {*hidden}


def test_what_is_shown_may_lie_below_the_folder_for_temporary_files(monkeypatch):
    need(*SANDBOX)
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        (Path(name) / "file").write_text("shown")
        shown = [*bubblewrap.shown_folders(), Path(name)]
        monkeypatch.setattr(bubblewrap, "shown_folders", lambda: shown)
        words = [*bubblewrap.command(Path(name), Path("/view")), "/usr/bin/cat", f"{name}/file"]
        assert subprocess.run(words, capture_output=True, text=True).stdout == "shown"


def test_an_installed_course_is_hidden(monkeypatch):
    monkeypatch.setattr(bubblewrap, "shown_folders", lambda: [PROJECT])
    assert {path.name for path in bubblewrap.hidden_folders()} == {"course", "autograder"}


NESTED = "test_sandbox.py::test_without_nested_namespaces_the_other_layers_hold"
AGAIN = {
    "escapes": (["test_escapes.py"], []),
    "accidents": (["test_between.py", "test_accidents.py", NESTED], [pytest.mark.exhaustive]),
    "shares": (["test_shares.py"], [pytest.mark.exhaustive, pytest.mark.alone]),
}
AS_USER = """
set -e
hidden=$1; inner=$2; shift 2
if [ -n "$hidden" ]; then
  keep=$(mktemp -d); mount --bind "$inner" $keep
  mount -t tmpfs -o mode=755 none "$hidden"; mkdir -p "$inner"; mount --bind $keep "$inner"; umount $keep; rmdir $keep
fi
exec setpriv --reuid=65534 --regid=65534 --clear-groups env -i HOME=$TMPDIR TMPDIR=$TMPDIR PATH="$PATH" \
  PYTHONDONTWRITEBYTECODE=1 "$@"
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="all tests run as an ordinary user already")
@pytest.mark.skipif(not (shutil.which("setpriv") and shutil.which("unshare")), reason="needs setpriv and unshare")
@pytest.mark.parametrize("again", [pytest.param(files, marks=marks, id=name) for name, (files, marks) in AGAIN.items()])
def test_it_holds_for_an_ordinary_user(again):
    """All attacks and accidents again; a private folder above Python is opened for that user in a namespace."""
    base = Path(sys.base_prefix)
    private = next((path for path in reversed(base.parents) if not path.stat().st_mode & 0o001), None)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chown(folder, 65534, 65534)
        files = [str(PROJECT / "tests" / name) for name in again]
        words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *files]
        done = subprocess.run(
            ["unshare", "-m", "bash", "-c", AS_USER, "-", str(private or ""), str(base), *words],
            cwd=PROJECT, env=os.environ | {"TMPDIR": folder}, capture_output=True, text=True,
        )  # fmt: skip
    if "unshare failed" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no namespace for it here: {done.stderr.strip()}")
    TRIED.append(("user", f"{len(again)} files as an ordinary user", done.stdout.strip().splitlines()[-1]))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_torch_computes_in_a_kernel_as_outside():
    """PyTorch looks in /proc/cpuinfo for the processor's instructions, and a kernel does not see that file."""
    asks = "import torch; print('torch uses', torch.backends.cpu.get_cpu_capability())"
    outside = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True)
    assert outside.stdout.strip() in run(asks, unit="torch_autograd", cell_seconds=20.0).text
