"""An answer may leave a thread, a timer or a handler running. That earns nothing for later tasks, and takes nothing
from the grader: each check is judged by what came of it."""

import json
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from escaping import SMALL, TRIED
from sampled import asked_for, every

from autograder.intake import released
from autograder.running.execute import execute
from autograder.running.job import Job, limits_from
from autograder.sandbox import forkserver
from autograder.sandbox.inside.limits import MB
from course.check import Expected, judge, load

UNIT = load("numeric_gradient")
FIRST, LATER, LAST = "forward_difference", "central_difference", "relative_error"
SEED, ANOTHER = 5, 6
FORGED = json.dumps(Expected(UNIT, UNIT.tasks[LATER], ANOTHER).reference)
BEFORE = f"""
import json, signal, sys, threading, time
from IPython.display import display
import course.check.notebook as notebook, course.check.observing as observing
forged = json.loads({FORGED!r})
kernel = get_ipython().kernel
def send(kind, content, socket):
    kernel.session.send(socket, kind, content, parent=kernel.get_parent())
def always(act, seconds=0.002):
    def loop():
        while True:
            try: act()
            except Exception: pass
            time.sleep(seconds)
    threading.Thread(target=loop, daemon=True).start()
def handler(act):
    def handle(number, frame):
        try: act()
        except Exception: pass
    return handle
"""
LEFT = {
    "a thread that shows what was right with another seed": """
always(lambda: display({notebook.OBSERVATIONS: forged}, raw=True))""",
    "a thread that sends it as the later check's": """
always(lambda: send('display_data', {'data': {notebook.OBSERVATIONS: forged}, 'metadata': {}}, kernel.iopub_socket))""",
    "a timer that shows it": """
signal.signal(signal.SIGVTALRM, handler(lambda: display({notebook.OBSERVATIONS: forged}, raw=True)))
signal.setitimer(signal.ITIMER_VIRTUAL, 0.001, 0.001)""",
    "a thread that says the cell is done": """
always(lambda: send('status', {'execution_state': 'idle'}, kernel.iopub_socket))""",
    "a thread that replaces what observes": """
def replace():
    observing._run = lambda part, task, scope: forged[next(iter(forged))]
    observing._value_of = lambda part: forged[next(iter(forged))]
always(replace)""",
    "a handler of the limit's own signal": """
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
import os
os.kill(os.getpid(), signal.SIGALRM)
observing._Clock.tick = handler(lambda: display({notebook.OBSERVATIONS: forged}, raw=True))
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])""",
    "a thread that raises in the main one": """
import ctypes
always(lambda: ctypes.pythonapi.PyThreadState_SetAsyncExc(
    ctypes.c_ulong(threading.main_thread().ident), ctypes.py_object(SystemExit)), 0.05)""",
    "a thread that ends every part at once": """
always(lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT), 0.05)""",
}


def run(left):
    """The points of the tasks, where the first answer leaves something behind, the later one is not written, and the
    last one is right."""
    notebook = released(UNIT)
    at = {cell.id: i for i, cell in enumerate(notebook.cells)}
    notebook.cells[at[LAST] - 1].source = UNIT.reference_source(LAST)
    given = [BEFORE, left, f"def {FIRST}(f, x, h=1e-5): return 0.0"]
    notebook.cells[at[FIRST] - 1].source = "\n".join(given)
    seeds = dict.fromkeys(UNIT.tasks, SEED)
    limits = limits_from({**SMALL, "total_seconds": 200.0, "total_output": 200 * MB}, "this test")
    each, in_all = dict.fromkeys(seeds, 5.0), dict.fromkeys(seeds, 20.0)
    done = execute(Job(UNIT.name, nbformat.writes(notebook), seeds, in_all, {}, limits, "strict", each))
    points = {
        name: judge(Expected(UNIT, task, SEED), done.observations.get(name)).points for name, task in UNIT.tasks.items()
    }
    return points, done


@pytest.fixture(scope="module")
def outcomes(request):
    forkserver.start(UNIT.name, "strict").wait_until_ready()
    with ThreadPoolExecutor(2) as pool:
        tried = {name: pool.submit(run, LEFT.get(name, "")) for name in asked_for(request, "name") | {"nothing"}}
        return {name: future.result() for name, future in tried.items()}


@pytest.mark.parametrize("name", every(3, LEFT))
def test_what_is_left_behind_earns_nothing_later(name, outcomes):
    points, done = outcomes[name]
    TRIED.append(("left", name, f"{points[LATER]:g} points later; {', '.join(dict(done.findings)) or 'nothing'}"))
    assert points[LATER] == 0
    assert points[LAST] <= UNIT.tasks[LAST].points


def test_who_leaves_nothing_behind_keeps_the_last_task(outcomes):
    points, _ = outcomes["nothing"]
    assert points[LATER] == 0
    assert points[LAST] == UNIT.tasks[LAST].points
