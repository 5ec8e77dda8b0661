"""Wrong answers that patch, lie and forge earn nothing. Whatever a kernel sends, it harms no grader."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from escaping import TRIED, WRONG, run
from forgeries import MESSAGES, PATCHES, SEND
from sampled import asked_for, every

from autograder.sandbox import forkserver

DEADLY = ("a closed socket", "replies of other kinds")
ENDLESS, IMPORTED = "observations without end", "the reference in the answer"


@pytest.fixture(scope="module")
def outcomes(request):
    wanted = asked_for(request, "name") | {ENDLESS, IMPORTED}
    forkserver.start("start_here", "strict").wait_until_ready()
    with ThreadPoolExecutor(6) as pool:
        patched = {name: pool.submit(run, *cells, answer=WRONG) for name, cells in PATCHES.items() if name in wanted}
        rest = "print('after' + 'wards')"
        sent = {
            name: pool.submit(run, after=[SEND, cell, rest], cell_seconds=6.0)
            for name, cell in MESSAGES.items()
            if name in wanted
        }
        return {name: future.result() for name, future in {**patched, **sent}.items()}


@pytest.mark.parametrize("name", every(4, PATCHES))
def test_a_forgery_earns_nothing(name, outcomes):
    TRIED.append(("forgery", name, f"{outcomes[name].right} of 3 parts"))
    assert outcomes[name].right == 0


@pytest.mark.parametrize("name", every(4, MESSAGES))
def test_any_message_is_taken_or_dropped(name, outcomes):
    outcome = outcomes[name]
    rest = "the rest ran" if "afterwards" in outcome.text else "the rest did not run"
    TRIED.append(("message", name, f"{', '.join(outcome.findings) or 'nothing'}; {rest}"))
    assert outcome.full
    assert "afterwards" in outcome.text or outcome.execution.stopped or name in DEADLY


def test_observations_without_end_are_dropped_by_name(outcomes):
    assert "output limit" in outcomes[ENDLESS].findings


def test_the_import_of_the_reference_is_named(outcomes):
    assert "refused import" in outcomes[IMPORTED].findings
