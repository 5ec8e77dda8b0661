"""Notebooks that run into every limit, several at a time. Each gets a finding that names the limit, and keeps the
points that it earned before. Honest notebooks that run at the same time get all points."""

from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
from accidents import DEATHS, NUMBERS, OUTPUTS, SPACE, TIMES
from escaping import TRIED, run
from sampled import asked_for, every
from waiting import wait_until

from autograder.sandbox import forkserver

GROUPS = {"time": TIMES, "deaths": DEATHS, "space": SPACE, "numbers": NUMBERS, "output": OUTPUTS}
ACCIDENTS = {name: accident for group in GROUPS.values() for name, accident in group.items()}


@pytest.fixture(scope="module")
def outcomes(request):
    """The outcomes of accidents, those of honest notebooks between them, and the growth of this process."""
    forkserver.start("start_here", "strict").wait_until_ready()
    before = psutil.Process().memory_info().rss
    with ThreadPoolExecutor(6) as pool:
        running = {name: pool.submit(tried, name) for name in asked_for(request, "name")}
        honest = [pool.submit(run, "print('honest')", cell_seconds=120.0) for _ in range(3)]
        done = {name: future.result() for name, future in running.items()}
        kind = {name: group for group, accidents in GROUPS.items() for name in accidents}
        TRIED.extend((kind[name], name, said(outcome)) for name, outcome in done.items())
        yield done, [future.result() for future in honest], psutil.Process().memory_info().rss - before


def tried(name):
    """The outcome of one accident; what fills memory may take longer."""
    return run(after=[ACCIDENTS[name][0], "print('after' + 'wards')"], cell_seconds=60.0 if name in SPACE else 2.5)


def said(outcome):
    rest = "the rest ran" if "afterwards" in outcome.text else "the rest did not run"
    return f"{', '.join(dict.fromkeys(outcome.findings)) or 'nothing'}; {rest}"


@pytest.mark.parametrize("name", every(6, *GROUPS.values()))
def test_it_is_named_and_what_was_earned_before_stays(name, outcomes):
    outcome, expected = outcomes[0][name], ACCIDENTS[name][1]
    assert outcome.full
    assert set(outcome.findings or [""]) & expected, outcome.execution.findings
    assert outcome.execution.stopped or "afterwards" in outcome.text or outcome.findings.count("output limit") > 1


def test_honest_notebooks_at_the_same_time_get_everything(outcomes):
    assert all(outcome.full and not outcome.findings for outcome in outcomes[1])


def test_the_grader_stays_small(outcomes):
    assert outcomes[2] < 1_000_000_000


def test_no_process_is_left(outcomes):
    server = forkserver.start("start_here", "strict")
    family = psutil.Process(server.process.pid)
    assert wait_until(lambda: len(family.children(recursive=True)) <= 2)  # bwrap and the server itself


def test_many_loud_cells_are_bounded_together(outcomes):
    outcome = run(after=["print('x' * 1_000_000)"] * 60, cell_seconds=120.0)
    assert outcome.full and set(outcome.findings) == {"output limit"}
    assert 20_000_000 < len(outcome.execution.notebook) < 40_000_000
    assert "those before it showed more than 32 MB" in outcome.execution.findings[-1][1]
