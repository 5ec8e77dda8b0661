"""Of many cases of one kind, ``make test`` tries only a few. The rest are marked ``exhaustive``: ``make test-all``
tries them too."""

import pytest


def rest(*values, **more):
    """A case of a parametrization that ``make test`` leaves out."""
    return pytest.param(*values, marks=pytest.mark.exhaustive, **more)


def few(cases, kept):
    """The cases of a parametrization. ``make test`` tries those for which ``kept(case)`` is true."""
    return [case if kept(case) else rest(*(case if isinstance(case, tuple) else (case,))) for case in cases]


def every(number, *kinds):
    """The cases of all kinds. Of each kind, ``make test`` tries the first of every ``number`` cases."""
    lists = [list(kind) for kind in kinds]
    kept = [case for cases in lists for case in cases[::number]]
    return few([case for cases in lists for case in cases], lambda case: case in kept)


def one_of_each(kind, cases):
    """The cases. ``make test`` tries the first case of each ``kind(case)``."""
    kept = {kind(case): case for case in reversed(list(cases))}
    return few(list(cases), lambda case: kept[kind(case)] == case)


def asked_for(request, argument):
    """The values of an argument in all tests of a module that are going to run, for a fixture that serves them all."""
    calls = [item.callspec.params for item in request.session.items if item.path == request.path and _has_cases(item)]
    return {params[argument] for params in calls if argument in params}


def _has_cases(item):
    return hasattr(item, "callspec")
