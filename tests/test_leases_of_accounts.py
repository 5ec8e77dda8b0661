"""Leases on a machine of several accounts, two of which attack: who has a card is what the kernel says."""

import os
import time
from datetime import datetime, timedelta

import pytest
from faked_nvml import Faked, install
from typer.testing import CliRunner
from waiting import wait_until

from course import cli
from course.gpu import history, keeper, leases, locked_files
from course.gpu.rules import FILE, Period, Rules, read, write

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


FORGE = """
import fcntl
path = leases.folder() / "gradients-gpu-GPU-0001.aaaa"
file = path.open("w")
file.write("{name}, process 1")
file.flush()
fcntl.flock(file, fcntl.LOCK_EX)
print("GOT", flush=True)
sys.stdin.readline()
"""


def use(choice='"auto"', wait=0):
    return USE.format(choice=choice, wait=wait)


@pytest.fixture(autouse=True)
def eight(monkeypatch):
    install([Faked() for _ in range(8)], setattr_=monkeypatch.setattr)


def uuid(card):
    return f"GPU-{int(card):04}"


def holder(card):
    """The account that has a card."""
    lease = leases.holder(uuid(card))
    return lease and lease.account


def shown():
    return CliRunner().invoke(cli.app, ["gpus"]).output


def test_nobody_takes_a_card_from_its_holder(lab_accounts, leases_folder, run_as):
    ann, bob, mal = lab_accounts[:3]
    process, got = run_as(ann, use("2"))
    assert got == "2"
    assert f"2: A card, 0.0 of 80.0 GiB used, load 0 %, leased by {ann.pw_name} (process {process.pid})" in shown()
    assert run_as(mal, LOCK_WHAT_IS_THERE)[1] == "2", "it can be opened by nobody else"
    assert run_as(mal, REMOVE)[1] == "0"
    assert run_as(mal, use("2"))[1] == "2", "sharing by number is allowed"
    assert holder(2) == ann.pw_name, "and yet the card is whose it was"
    assert run_as(bob, use())[1] != "2"
    process.kill()
    process.wait()
    assert wait_until(lambda: holder(2) is None), "who shares a card holds none"


def test_nobody_leases_in_anothers_name(lab_accounts, leases_folder, run_as):
    ann, mal = lab_accounts[0], lab_accounts[2]
    run_as(mal, FORGE.format(name=ann.pw_name))
    assert f"load 0 %, leased by {mal.pw_name}" in shown() and ann.pw_name not in shown()


def test_who_takes_every_card_is_named_and_keeps_what_an_account_may_have(lab_accounts, leases_folder, run_as):
    ann, bob, mal = lab_accounts[:3]
    run_as(mal, TAKE_ALL)
    assert shown().count(f"leased by {mal.pw_name} (process") == 8
    assert run_as(ann, use())[1] == "None", "without rules everyone may have as many as there are"
    write(Rules(cards_each=1), leases_folder)
    assert run_as(ann, use())[1] == "1" and run_as(bob, use())[1] == "2"
    assert shown().count("beyond what an account may have") == 7
    assert (holder(0), holder(1)) == (mal.pw_name, ann.pw_name)


def test_an_account_s_notebooks_share_its_card_where_it_may_have_one(lab_accounts, leases_folder, run_as):
    write(Rules(cards_each=1), leases_folder)
    ann, bob = lab_accounts[:2]
    assert [run_as(account, use())[1] for account in (ann, ann, bob, ann)] == ["0", "0", "1", "0"]


def test_rules_that_are_not_roots_are_not_believed(lab_accounts, leases_folder, run_as):
    run_as(lab_accounts[2], "(leases.folder() / 'rules.json').write_text('{\"cards_each\": 0}'); print('GOT')")
    assert read(leases_folder) == Rules()


def test_roots_rules_are_roots_whatever_was_put_in_their_way(lab_accounts, leases_folder):
    mal = lab_accounts[2]
    for name in (FILE, f".{FILE}-{os.getpid()}"):
        (leases_folder / name).write_text("{}")
        os.chown(leases_folder / name, mal.pw_uid, mal.pw_gid)
    write(Rules(cards_each=3), leases_folder)
    assert (leases_folder / FILE).stat().st_uid == 0 and read(leases_folder) == Rules(cards_each=3)


def test_a_folder_that_a_student_owns_holds_no_leases(lab_accounts, leases_folder):
    mal = lab_accounts[2]
    os.chown(leases_folder, mal.pw_uid, -1)
    with pytest.raises(OSError, match=f"belongs to {mal.pw_name}, who can remove everybody's leases; as root"):
        leases.take("GPU-0000")


def period(names, cards=(), hours=1):
    now = datetime.now()
    return Period(
        tuple(names),
        (now - timedelta(hours=1)).isoformat(),
        (now + timedelta(hours=hours)).isoformat(),
        cards,
        "the lecture",
    )


def test_a_reserved_card_is_taken_by_whom_it_is_for(lab_accounts, leases_folder, run_as):
    ann, bob = lab_accounts[:2]
    write(Rules(reservations=(period([ann.pw_name], tuple(range(7))),)), leases_folder)
    assert run_as(bob, use())[1] == "7" and run_as(ann, use())[1] == "0"
    refused = "try:\n    gpu.use(3)\nexcept ValueError as error:\n    print('GOT', error)"
    assert run_as(bob, refused)[1].startswith("GPU 3 is reserved for the lecture until ")
    write(Rules(reservations=(period([ann.pw_name], (3,), hours=-0.5),)), leases_folder)
    assert run_as(bob, use("3"))[1] == "3", "the lecture is over"


def test_who_waits_is_told_their_place_and_comes_in_turn(lab_accounts, leases_folder, run_as, monkeypatch):
    ann, bob, mal = lab_accounts[:3]
    write(Rules(cards_each=1), leases_folder)
    install([Faked()], setattr_=monkeypatch.setattr)
    only = "install([Faked()])\n"
    notebook, _ = run_as(ann, only + use())
    one, _ = run_as(bob, only + use(wait=600), first=False)
    assert wait_until(lambda: leases.queue() == [bob.pw_name])
    other, _ = run_as(mal, only + use(wait=600), first=False)
    assert wait_until(lambda: leases.queue() == [bob.pw_name, mal.pw_name])
    assert f"for a GPU wait, in this order: {bob.pw_name}, {mal.pw_name}" in shown()
    assert any("You are number 2 of those who wait." in line for line in other.stdout)
    notebook.kill()
    notebook.wait()
    assert any(line == "GOT 0\n" for line in one.stdout) and leases.queue() == [mal.pw_name]
    assert run_as(ann, only + use())[1] == "None", "whoever does not wait does not come before those who do"


def test_who_lets_a_free_card_lie_does_not_keep_it_from_others(lab_accounts, leases_folder, run_as, monkeypatch):
    ann, _, mal = lab_accounts[:3]
    install([Faked()], setattr_=monkeypatch.setattr)
    run_as(mal, "with leases.waiting():\n    print('GOT', flush=True)\n    sys.stdin.readline()")
    quick = "from course.gpu import taking\ntaking.LOOK_AGAIN = 0.1\ninstall([Faked()])\n"
    assert run_as(ann, quick + use())[1] == "None" and leases.queue() == [mal.pw_name], "a queue is first kept"
    assert run_as(ann, quick + use(wait=600))[1] == "0"


def test_nine_students_on_eight_cards(lab_accounts, leases_folder, run_as, monkeypatch, tmp_path):
    """One waits and gets the card of one who was killed. One is idle while others wait. One card is reserved."""
    write(Rules(cards_each=1, reservations=(period([lab_accounts[0].pw_name], (0,)),)), leases_folder)
    notebooks = {account.pw_name: run_as(account, use()) for account in lab_accounts[:8]}
    assert sorted(got for _, got in notebooks.values()) == list("01234567")
    for account in lab_accounts[:8]:
        process, card = notebooks[account.pw_name]
        assert holder(card) == account.pw_name
        assert [lease.file.pid for lease in leases.of(uuid(card))] == [process.pid]
    ninth, _ = run_as(lab_accounts[8], use(wait=600), first=False)
    assert wait_until(lambda: leases.queue() == [lab_accounts[8].pw_name])

    killed, card = notebooks[lab_accounts[3].pw_name]
    killed.kill()
    killed.wait()
    assert any(line == f"GOT {card}\n" for line in ninth.stdout) and leases.queue() == []
    assert holder(card) == lab_accounts[8].pw_name

    again, _ = run_as(lab_accounts[3], use(wait=600), first=False)
    assert wait_until(lambda: leases.queue() == [lab_accounts[3].pw_name])
    install([Faked(load=0 if index in (0, 5) else 90) for index in range(8)], setattr_=monkeypatch.setattr)
    service = keeper.Keeper(tmp_path / "history")
    service.look(time.time() + 3600)
    assert any(line == "GOT 5\n" for line in again.stdout), "0 is idle too, but reserved for another"
    service.look(time.time() + 3600)
    (noted,) = history.read(tmp_path / "history")
    idle = next(name for name, (_, got) in notebooks.items() if got == "5")
    assert (noted["account"], noted["card"]) == (idle, "5")
    assert holder(0) == lab_accounts[0].pw_name


def test_whoever_comes_first_by_the_rules_is_next(lab_accounts, leases_folder, run_as, monkeypatch):
    bob, mal = lab_accounts[1:3]
    write(Rules(preferences=(period([mal.pw_name]),)), leases_folder)
    only = "install([Faked(used=60)])\n"
    run_as(bob, only + use(wait=600), first=False)
    assert wait_until(lambda: leases.queue() == [bob.pw_name])
    run_as(mal, only + use(wait=600), first=False)
    assert wait_until(lambda: leases.queue() == [mal.pw_name, bob.pw_name])


def test_an_idle_card_is_taken_back_for_who_waits_and_it_is_noted(
    lab_accounts, leases_folder, run_as, monkeypatch, tmp_path
):
    ann, bob = lab_accounts[:2]
    install([Faked(load=50)], setattr_=monkeypatch.setattr)
    only = "install([Faked()])\n"
    write(Rules(cards_each=1, idle_minutes=30, longest_hours=24), leases_folder)
    service = keeper.Keeper(tmp_path / "history")
    notebook, got = run_as(ann, only + use())
    assert got == "0"
    waiter, _ = run_as(bob, only + use(wait=600), first=False)
    assert wait_until(lambda: leases.queue() == [bob.pw_name])
    now = time.time()
    service.look(now + 3600)
    assert notebook.poll() is None, "something computes on it"
    install([Faked()], setattr_=monkeypatch.setattr)
    service.look(now + 3600 + 29 * 60)
    assert notebook.poll() is None, "it has been idle for 29 minutes"
    service.look(now + 3600 + 31 * 60)
    assert notebook.wait(60) and any(line == "GOT 0\n" for line in waiter.stdout)
    service.look(now + 3600 + 32 * 60)
    (noted,) = history.read(tmp_path / "history")
    assert noted["account"] == ann.pw_name and noted["process"] == str(notebook.pid)
    assert noted["ended"] == "taken back: nothing had computed on it for 31 minutes"
    monkeypatch.setenv(history.HISTORY_VARIABLE, str(tmp_path / "history"))
    listed = CliRunner().invoke(cli.app, ["gpus", "--history"]).output
    assert f"{ann.pw_name:16} GPU 0" in listed and "taken back" in listed
    told = run_as(ann, "from course.gpu import history\nprint('GOT', history.told(1e9))")[1]
    assert "your GPU was given to somebody who waited: nothing had computed on it for 31 minutes." in told


def test_a_grader_s_card_is_never_taken_back_and_nobody_s_without_need(
    lab_accounts, leases_folder, run_as, monkeypatch, tmp_path
):
    ann, bob = lab_accounts[:2]
    install([Faked()], setattr_=monkeypatch.setattr)
    only = "install([Faked()])\n"
    notebook, _ = run_as(ann, only + use())
    service = keeper.Keeper(tmp_path / "history")
    service.look(time.time() + 1e6)
    assert notebook.poll() is None, "nobody waits"
    write(Rules(graders=(ann.pw_name,)), leases_folder)
    run_as(bob, only + use(wait=600), first=False)
    assert wait_until(lambda: leases.queue() == [bob.pw_name])
    service.look(time.time() + 2e6)
    assert notebook.poll() is None, "it is a grader's"
    write(Rules(), leases_folder)
    service.look(time.time() + 2e6)
    assert notebook.wait(60)


def test_a_thousand_files_cost_nobody_a_card(lab_accounts, leases_folder, run_as):
    ann, _, mal = lab_accounts[:3]
    flood = "for i in range(1000):\n    (leases.folder() / f'gradients-gpu-GPU-0000.{i}').write_text('x')\nprint('GOT')"
    run_as(mal, flood)
    assert run_as(ann, use())[1] == "0"
    leases.every()  # by root, which removes what nobody holds
    assert len([path for path in leases_folder.iterdir() if path.name.startswith(locked_files.PREFIX)]) == 1
