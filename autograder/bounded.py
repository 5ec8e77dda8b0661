"""Reading what students wrote within bounds of processor time and memory, in a process that may be ended.

Python's parser and compiler take hours, or all memory, for some texts of a few hundred letters. So a function that
gives them such a text is marked ``@bounded()``: calling it asks the process of ``reader.py``, and where that takes
too much, this text is not read, and no other suffers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextvars import ContextVar, Token
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from autograder import reader
from autograder.reader import Answer, Question

TEXT_SECONDS = 1.0  # of processor time for one text: a cell of 50,000 letters takes a twentieth of that
SUBMISSION_SECONDS = 5.0  # for all that is read of a submission
REMEMBERED = 1_000  # answers; most cells of a class are the same
LONGEST = 50_000  # letters of a question whose answer is remembered
RAISE: Any = object()
UNREADABLE = (SyntaxError, ValueError, OverflowError, RecursionError)  # what Python raises for texts

Given = ParamSpec("Given")
Found = TypeVar("Found")


class OverBudget(ValueError):
    """Reading something takes more processor time or memory than it may."""


class Budget:
    """What may be used for reading one submission: what is read within ``with budget:`` counts.

    ``over`` holds the texts that were not read, since they, or those before them, took too much.
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
_remembered: OrderedDict[Question, Answer] = OrderedDict()


def bounded(
    seconds: float = TEXT_SECONDS, otherwise: Any = RAISE, remember: bool = True
) -> Callable[[Callable[Given, Found]], Callable[Given, Found]]:
    """Mark a function of a module that reads what students wrote. Texts and other plain values go in and come out.

    Where that takes more than so many seconds of processor time, or too much memory, or Python cannot read the text, it
    returns ``otherwise``; if that is not given, it raises OverBudget, or the error. What it returns of short texts is
    remembered, so it must not be changed, unless ``remember`` says otherwise.
    """

    def mark(function: Callable[Given, Found]) -> Callable[Given, Found]:
        @wraps(function)
        def ask(*given: Given.args, **named: Given.kwargs) -> Found:
            if reader.serving:
                return function(*given, **named)
            answer = _answer(Question(function.__module__, function.__name__, given), seconds, remember)
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


def _answer(question: Question, seconds: float, remember: bool) -> Answer:
    """The reading process's answer, or what is remembered of it."""
    texts = [text for text in question.given if isinstance(text, str | bytes)]
    short = remember and sum(map(len, texts)) <= LONGEST
    if short and question in _remembered:
        _remembered.move_to_end(question)
        return _remembered[question]
    budget = _current.get()
    if budget is not None and not budget.over.isdisjoint(texts):
        return Answer(over=True)
    allowed = seconds if budget is None else min(seconds, budget.left)
    answer = reader.ask(question, allowed) if allowed > 0 else Answer(over=True)
    if budget is not None:
        budget.left -= answer.seconds
    if short and not answer.lost and (allowed == seconds or not answer.over):
        _remembered[question] = answer
        if len(_remembered) > REMEMBERED:
            _remembered.popitem(last=False)
    return answer
