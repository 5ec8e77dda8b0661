"""What a process keeps that runs for weeks, such as formgrader, does not grow with what it grades."""

import importlib
import json
import socket
import threading
import weakref
from types import SimpleNamespace

from autograder.sandbox import forkserver
from autograder.sandbox.inside import observer
from course.check import Expected


def test_an_observer_forgets_seeds_that_nobody_asks_about_any_more(monkeypatch):
    kept: weakref.WeakSet[Expected] = weakref.WeakSet()

    def made(*words):
        expected = Expected(*words)
        kept.add(expected)
        return expected

    unit = importlib.import_module("course.start_here")
    monkeypatch.setattr(unit, "__path__", list(unit.__path__))
    monkeypatch.setattr(observer, "Expected", made)
    monkeypatch.setattr(observer, "answer_to", lambda question, expected: expected.seed)
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=observer.serve_observations, args=(theirs, "start_here"))
    thread.start()
    with theirs, ours, ours.makefile() as answers:
        for seed in range(3 * observer.MOST_REMEMBERED):
            ours.sendall(json.dumps({"task": "mean_of_squares", "seed": seed}).encode() + b"\n")
            assert json.loads(answers.readline()) == {"answer": seed}
        assert len(kept) <= observer.MOST_REMEMBERED + 1
        ours.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_fork_servers_that_were_not_asked_for_the_longest_are_closed(monkeypatch):
    closed = []

    class Server:
        process = SimpleNamespace(poll=lambda: None)

        def __init__(self, *key):
            self.key = key

        def close(self):
            closed.append(self.key[0])
            del forkserver._servers[self.key]

    monkeypatch.setattr(forkserver, "_servers", {})
    monkeypatch.setattr(forkserver, "ForkServer", Server)
    for unit in ("a", "b", "c", "a"):
        forkserver.start(unit, "strict")
    forkserver.close_oldest(2)
    assert closed == ["b"] and [unit for unit, _ in forkserver._servers] == ["c", "a"]
    forkserver.close_oldest(2)
    assert closed == ["b"]
