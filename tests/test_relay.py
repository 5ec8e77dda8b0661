"""What a kernel sends by hand, past its own ZeroMQ: the reader accepts only whole messages of a bounded size."""

import struct
import threading
import time

import psutil
import pytest
from escaping import TRIED, run
from sampled import every

from autograder.sandbox.channels import MAX_MESSAGE
from autograder.sandbox.relay import GREETING, GREETING_BYTES, MORE, PART, Meter

GREETED = bytes(GREETING_BYTES.get(position, 0) for position in range(GREETING))


def part(size, flags=0):
    return struct.pack(">BQ", flags | 2, size) + bytes(size)


def pieces(data, size):
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_messages_within_bounds_pass_however_they_are_cut(size):
    meter = Meter(1000)
    stream = GREETED + (part(400, MORE) + part(300) + b"\x00\x05hello" + b"\x04\x03abc") * 20
    assert all(meter.fits(piece) for piece in pieces(stream, size))


@pytest.mark.parametrize(
    "stream",
    [
        part(1001),
        part(400, MORE) * 3,
        b"\x01\x00" * (1000 // PART + 1),
        struct.pack(">BQ", 2, 1 << 63),
        struct.pack(">BQ", 6, 1001),
    ],
)
def test_larger_ones_do_not_pass(stream):
    meter = Meter(1000)
    assert meter.fits(GREETED) and not all(meter.fits(piece) for piece in pieces(stream, 50))


@pytest.mark.parametrize("greeting", [b"\x01\x00", b"\xff" + bytes(9), GREETED[:10] + b"\x01" + GREETED[11:]])
def test_older_protocols_do_not_pass(greeting):
    assert not Meter(1000).fits(greeting)


FLOOD = """
import os, socket, struct, threading, time
def flood(one):
    one.setblocking(True)
    try:
        while True:
            one.sendall(struct.pack('>BQ', 3, SIZE) + bytes(SIZE))  # there is always more
    except OSError:
        pass
for descriptor in map(int, os.listdir('/proc/self/fd')):
    try:
        one = socket.socket(fileno=os.dup(descriptor))
        if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            continue
        if struct.unpack('3i', one.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0] == 0:  # of the grader
            threading.Thread(target=flood, args=(one,), daemon=True).start()
    except OSError:
        pass
"""


FLOODS = [(size, then) for size in (1_000_000, 1000, 0) for then in ("time.sleep(5)", "pass")]


@pytest.mark.parametrize(("size", "then"), every(5, FLOODS))
def test_a_message_without_end_does_not_fill_the_grader(size, then):
    """It does not while a cell runs, nor after the cell, nor while the kernel is ended."""
    process, largest, over = psutil.Process(), 0, threading.Event()

    def watch():
        nonlocal largest
        while not over.is_set():
            largest = max(largest, process.memory_info().rss)
            time.sleep(0.01)

    run()  # what this takes once
    before = process.memory_info().rss
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        outcome = run(after=[FLOOD.replace("SIZE", str(size)) + then], cell_seconds=8.0)
    finally:
        over.set()
        watcher.join()
    grew = largest - before
    TRIED.append(("relay", f"parts of {size:,} bytes without end, then {then}", f"{grew // 2**20} MB more"))
    assert outcome.full and grew < 15 * MAX_MESSAGE
