"""Parsing what students wrote within limits of processor time and memory, in a process that may be ended.

Python's parser and compiler take hours, or all memory, for some texts of a few hundred letters. So a function that
parses a student's text is marked ``@bounded()``. A call of it runs in the process of ``reader.py``. If that takes too
much, this text is not read, and others still are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextvars import ContextVar, Token
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from autograder.bounded import reader
from autograder.bounded.reader import ReadAnswer, ReadQuestion

TEXT_SECONDS = 1.0  # of processor time for one text; a cell of 50,000 letters takes a twentieth of it
SUBMISSION_SECONDS = 5.0  # of processor time for all texts of a submission
REMEMBERED = 1_000  # answers; most cells of a class are the same
LONGEST_REMEMBERED = 50_000  # letters of a question whose answer is remembered
RAISE: Any = object()
UNREADABLE = (SyntaxError, ValueError, OverflowError, RecursionError)  # Python's errors for unreadable texts

Given = ParamSpec("Given")
Returned = TypeVar("Returned")


class OverBudget(ValueError):
    """Reading a text takes more processor time or memory than it may."""


class Budget:
    """The processor time for reading one submission. All that is read within ``with budget:`` counts.

    ``over`` holds the texts that were not read, because they or earlier ones took too much.
    """

    def __init__(self, seconds: float = SUBMISSION_SECONDS):
        self.left = seconds
        self.over: set[str] = set()
        self._tokens: list[Token[Budget | None]] = []

    def __enter__(self) -> Budget:
        self._tokens.append(_current.set(self))
        return self

    def __exit__(self, *error: Any) -> None:
        _current.reset(self._tokens.pop())


_current: ContextVar[Budget | None] = ContextVar("budget", default=None)
_remembered: OrderedDict[ReadQuestion, ReadAnswer] = OrderedDict()


def bounded(
    seconds: float = TEXT_SECONDS, otherwise: Any = RAISE, remember: bool = True
) -> Callable[[Callable[Given, Returned]], Callable[Given, Returned]]:
    """Mark a module's function that reads what students wrote. It takes and returns texts and other plain values.

    If it takes more than ``seconds`` of processor time or too much memory, or if Python cannot read the text, it
    returns ``otherwise``. Without ``otherwise``, it raises OverBudget or Python's error. With ``remember``, results for
    short texts are remembered, so callers must not change them.
    """

    def mark(function: Callable[Given, Returned]) -> Callable[Given, Returned]:
        @wraps(function)
        def ask(*given: Given.args, **named: Given.kwargs) -> Returned:
            if reader.serving:
                return function(*given, **named)
            answer = _answer(ReadQuestion(function.__module__, function.__name__, given), seconds, remember)
            if isinstance(answer.error, UNREADABLE) and otherwise is not RAISE:
                return otherwise
            if answer.error is not None:
                raise answer.error
            if not answer.over:
                return answer.value
            if budget := _current.get():
                budget.over.update(text for text in given if isinstance(text, str))
            if otherwise is RAISE:
                raise OverBudget("reading it takes more time or memory than it may")
            return otherwise

        return ask

    return mark


def _answer(question: ReadQuestion, seconds: float, remember: bool) -> ReadAnswer:
    """The remembered answer to a question, or else the reading process's."""
    texts = [text for text in question.given if isinstance(text, str | bytes)]
    short = remember and sum(map(len, texts)) <= LONGEST_REMEMBERED
    if short and question in _remembered:
        _remembered.move_to_end(question)
        return _remembered[question]
    budget = _current.get()
    if budget is not None and not budget.over.isdisjoint(texts):
        return ReadAnswer(over=True)
    allowed = seconds if budget is None else min(seconds, budget.left)
    answer = reader.read_bounded(question, allowed) if allowed > 0 else ReadAnswer(over=True)
    if budget is not None:
        budget.left -= answer.seconds
    if short and not answer.lost and (allowed == seconds or not answer.over):
        _remembered[question] = answer
        if len(_remembered) > REMEMBERED:
            _remembered.popitem(last=False)
    return answer
