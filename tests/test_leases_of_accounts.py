"""Leases on a machine of several accounts, two of which attack: who has a card is what the kernel says."""

import os
import time
from datetime import datetime, timedelta

import pytest
from faked_nvml import Faked, install
from lab_accounts import accounts, folder, run_as  # noqa: F401  fixtures
from typer.testing import CliRunner
from waiting import wait_until

from course import cli
from course.gpu import keeper, leases, locked_files
from course.gpu.rules import Period, Rules, read, write

USE = """
card = gpu.use({choice}, wait={wait})
print("GOT", card.index if card else None, flush=True)
sys.stdin.readline()
"""
TAKE_ALL = """
for index in range(8):
    leases.take(f"GPU-{index:04}")
print("GOT all", flush=True)
sys.stdin.readline()
"""
LOCK_WHAT_IS_THERE = """
import fcntl, os
held, refused = [], 0
for path in leases.folder().iterdir():
    for flags in (os.O_RDONLY, os.O_RDWR):
        try:
            held.append(os.open(path, flags))
            fcntl.flock(held[-1], fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            refused += 1
print("GOT", refused, flush=True)
sys.stdin.readline()
"""
REMOVE = """
done = 0
for path in leases.folder().iterdir():
    for attack in (path.unlink, lambda: path.rename(path.with_name("x")), lambda: path.write_text("mine"),
                   lambda: path.chmod(0o777), lambda: path.with_name("y").hardlink_to(path)):
        try:
            attack()
            done += 1
        except OSError:
            pass
print("GOT", done, flush=True)
"""


def use(choice='"auto"', wait=0):
    return USE.format(choice=choice, wait=wait)


@pytest.fixture(autouse=True)
def eight(monkeypatch):
    install([Faked() for _ in range(8)], setattr_=monkeypatch.setattr)


def shown():
    return CliRunner().invoke(cli.app, ["gpus"]).output


def test_nobody_takes_a_card_from_its_holder(accounts, folder, run_as):  # noqa: F811
    ann, bob, mal = accounts
    process, got = run_as(ann, use("2"))
    assert (
        got == "2"
        and f"2: A card, 0.0 of 80.0 GiB used, load 0 %, leased by {ann.pw_name} (process {process.pid})" in shown()
    )
    assert run_as(mal, LOCK_WHAT_IS_THERE)[1] == "2", "it can be opened by nobody else"
    assert run_as(mal, REMOVE)[1] == "0"
    assert run_as(mal, use("2"))[1] == "2", "sharing by number is allowed"
    assert leases.holder("GPU-0002").account == ann.pw_name, "and yet the card is whose it was"
    assert run_as(bob, use())[1] != "2"
    process.kill()
    process.wait()
    assert wait_until(lambda: leases.holder("GPU-0002").account == mal.pw_name)


def test_nobody_leases_in_anothers_name(accounts, folder, run_as):  # noqa: F811
    ann, bob, mal = accounts
    forged = """
import fcntl
path = leases.folder() / "gradients-gpu-GPU-0001.aaaa"
file = path.open("w")
file.write("{name}, process 1")
file.flush()
fcntl.flock(file, fcntl.LOCK_EX)
print("GOT", flush=True)
sys.stdin.readline()
""".format(name=ann.pw_name)
    run_as(mal, forged)
    assert (
        f"1: A card, 0.0 of 80.0 GiB used, load 0 %, leased by {mal.pw_name}" in shown() and ann.pw_name not in shown()
    )


def test_who_takes_every_card_is_named_and_keeps_what_an_account_may_have(accounts, folder, run_as):  # noqa: F811
    ann, bob, mal = accounts
    run_as(mal, TAKE_ALL)
    assert shown().count(f"leased by {mal.pw_name} (process") == 8
    assert run_as(ann, use())[1] == "None", "without rules everyone may have as many as there are"
    write(Rules(cards_each=1), folder)
    assert run_as(ann, use())[1] == "1" and run_as(bob, use())[1] == "2"
    assert shown().count("beyond what an account may have") == 7
    assert leases.holder("GPU-0000").account == mal.pw_name and leases.holder("GPU-0001").account == ann.pw_name


def test_an_account_s_notebooks_share_its_card_where_it_may_have_one(accounts, folder, run_as):  # noqa: F811
    write(Rules(cards_each=1), folder)
    ann, bob, _ = accounts
    assert [run_as(account, use())[1] for account in (ann, ann, bob, ann)] == ["0", "0", "1", "0"]


def test_rules_that_are_not_roots_are_not_believed(accounts, folder, run_as):  # noqa: F811
    run_as(accounts[2], "(leases.folder() / 'rules.json').write_text('{\"cards_each\": 0}'); print('GOT')")
    assert read(folder) == Rules()


def test_a_folder_that_a_student_owns_holds_no_leases(accounts, folder):  # noqa: F811
    os.chown(folder, accounts[2].pw_uid, -1)
    with pytest.raises(OSError, match=f"belongs to {accounts[2].pw_name}, who can remove everybody's leases; as root"):
        leases.take("GPU-0000")


def period(accounts, cards=(), hours=1):
    now = datetime.now()
    return Period(
        tuple(accounts),
        (now - timedelta(hours=1)).isoformat(),
        (now + timedelta(hours=hours)).isoformat(),
        cards,
        "the lecture",
    )


def test_a_reserved_card_is_taken_by_whom_it_is_for(accounts, folder, run_as):  # noqa: F811
    ann, bob, _ = accounts
    write(Rules(reservations=(period([ann.pw_name], tuple(range(7))),)), folder)
    assert run_as(bob, use())[1] == "7" and run_as(ann, use())[1] == "0"
    refused = "try:\n    gpu.use(3)\nexcept ValueError as error:\n    print('GOT', error)"
    assert run_as(bob, refused)[1].startswith("GPU 3 is reserved for the lecture until ")
    write(Rules(reservations=(period([ann.pw_name], (3,), hours=-0.5),)), folder)
    assert run_as(bob, use("3"))[1] == "3", "the lecture is over"


def test_who_waits_is_told_their_place_and_comes_in_turn(accounts, folder, run_as, monkeypatch):  # noqa: F811
    ann, bob, mal = accounts
    write(Rules(cards_each=1), folder)
    install([Faked()], setattr_=monkeypatch.setattr)
    only = "install([Faked()])\n"
    holder, _ = run_as(ann, only + use())
    one, _ = run_as(bob, only + use(wait=600), first=False)
    assert wait_until(lambda: leases.queue() == [bob.pw_name])
    other, _ = run_as(mal, only + use(wait=600), first=False)
    assert wait_until(lambda: leases.queue() == [bob.pw_name, mal.pw_name])
    assert f"for a GPU wait, in this order: {bob.pw_name}, {mal.pw_name}" in shown()
    assert any("You are number 2 of those who wait." in line for line in other.stdout)
    holder.kill()
    holder.wait()
    assert any(line == "GOT 0\n" for line in one.stdout) and leases.queue() == [mal.pw_name]
    assert run_as(ann, only + use())[1] == "None", "whoever does not wait does not come before those who do"


def test_whoever_comes_first_by_the_rules_is_next(accounts, folder, run_as, monkeypatch):  # noqa: F811
    ann, bob, mal = accounts
    write(Rules(preferences=(period([mal.pw_name]),)), folder)
    only = "install([Faked(used=60)])\n"
    run_as(bob, only + use(wait=600), first=False)
    assert wait_until(lambda: leases.queue() == [bob.pw_name])
    run_as(mal, only + use(wait=600), first=False)
    assert wait_until(lambda: leases.queue() == [mal.pw_name, bob.pw_name])


def test_an_idle_card_is_taken_back_for_who_waits_and_it_is_noted(accounts, folder, run_as, monkeypatch, tmp_path):  # noqa: F811
    ann, bob, _ = accounts
    install([Faked(load=50)], setattr_=monkeypatch.setattr)
    only = "install([Faked()])\n"
    write(Rules(cards_each=1, idle_minutes=30, longest_hours=24), folder)
    service = keeper.Keeper(tmp_path / "history")
    holder, got = run_as(ann, only + use())
    assert got == "0"
    waiter, _ = run_as(bob, only + use(wait=600), first=False)
    assert wait_until(lambda: leases.queue() == [bob.pw_name])
    now = time.time()
    service.look(now + 3600)
    assert holder.poll() is None, "something computes on it"
    install([Faked()], setattr_=monkeypatch.setattr)
    service.look(now + 3600 + 29 * 60)
    assert holder.poll() is None, "it has been idle for 29 minutes"
    service.look(now + 3600 + 31 * 60)
    assert holder.wait(60) and any(line == "GOT 0\n" for line in waiter.stdout)
    service.look(now + 3600 + 32 * 60)
    (noted,) = keeper.read_history(tmp_path / "history")
    assert noted["account"] == ann.pw_name and noted["process"] == str(holder.pid)
    assert noted["ended"] == "taken back: nothing had computed on it for 31 minutes"
    monkeypatch.setenv(keeper.HISTORY_VARIABLE, str(tmp_path / "history"))
    listed = CliRunner().invoke(cli.app, ["gpus", "--history"]).output
    assert f"{ann.pw_name:16} GPU 0" in listed and "taken back" in listed
    told = run_as(ann, "from course.gpu import keeper\nprint('GOT', keeper.told(1e9))")[1]
    assert "your GPU was given to somebody who waited: nothing had computed on it for 31 minutes." in told


def test_a_grader_s_card_is_never_taken_back_and_nobody_s_without_need(accounts, folder, run_as, monkeypatch, tmp_path):  # noqa: F811
    ann, bob, _ = accounts
    install([Faked()], setattr_=monkeypatch.setattr)
    only = "install([Faked()])\n"
    holder, _ = run_as(ann, only + use())
    service = keeper.Keeper(tmp_path / "history")
    service.look(time.time() + 1e6)
    assert holder.poll() is None, "nobody waits"
    write(Rules(graders=(ann.pw_name,)), folder)
    run_as(bob, only + use(wait=600), first=False)
    assert wait_until(lambda: leases.queue() == [bob.pw_name])
    service.look(time.time() + 2e6)
    assert holder.poll() is None, "it is a grader's"
    write(Rules(), folder)
    service.look(time.time() + 2e6)
    assert holder.wait(60)


def test_a_thousand_files_cost_nobody_a_card(accounts, folder, run_as):  # noqa: F811
    ann, _, mal = accounts
    flood = "for i in range(1000):\n    (leases.folder() / f'gradients-gpu-GPU-0000.{i}').write_text('x')\nprint('GOT')"
    run_as(mal, flood)
    assert run_as(ann, use())[1] == "0"
    leases.every()  # by root, which removes what nobody holds
    assert len([path for path in folder.iterdir() if path.name.startswith(locked_files.PREFIX)]) == 1
