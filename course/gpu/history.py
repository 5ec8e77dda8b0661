"""Who had which card, and the word for an account whose card was taken back. The service ``keeper`` writes both."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path

from course.gpu import leases
from course.gpu.leases import Lease
from course.writing import replacing

HISTORY_VARIABLE = "GRADIENTS_GPU_HISTORY"
"""Environment variable: the file with who had which card."""
USUAL_HISTORY = Path("/var/log/gradients-gpus.jsonl")
LONGEST_HISTORY = 2_000_000  # bytes of the file's end that are read


def note(path: Path, lease: Lease, card: str, now: float, ended: str) -> None:
    """Add a lease that has ended, of the card with this number. Raises OSError."""
    line = {
        "account": lease.account,
        "card": card,
        "uuid": lease.uuid,
        "process": lease.file.pid,
        "from": _text(lease.file.since / 1e9),
        "to": _text(now),
        "ended": ended,
    }
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o640)
    with os.fdopen(file, "a", encoding="utf-8") as opened:
        opened.write(json.dumps(line) + "\n")


def read(path: Path) -> list[dict[str, str]]:
    """Who had which card, the newest last. Raises OSError."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LONGEST_HISTORY))
        lines = file.read().decode(errors="replace").splitlines()
    found = []
    for line in lines:
        with suppress(ValueError):  # the first may be cut
            found.append({key: str(value) for key, value in json.loads(line).items()})
    return found


def place() -> Path:
    return Path(os.environ.get(HISTORY_VARIABLE) or USUAL_HISTORY)


def tell(lease: Lease, why: str, now: float) -> None:
    """Leave word for the account, which ``gpu.use`` shows. Raises OSError."""
    with replacing(leases.folder() / f"taken-{lease.file.uid}.json") as new:
        new.write_text(json.dumps({"when": now, "why": why}), encoding="utf-8")
        new.chmod(0o644)


def told(within: float = 3600.0) -> str:
    """Why this account's card was taken back within the last seconds; an empty text if none was."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        path = leases.folder() / f"taken-{leases.own()}.json"
        if path.lstat().st_uid == leases.folder().stat().st_uid:
            said = json.loads(path.read_text(encoding="utf-8")[:10_000])
            if time.time() - said["when"] < within:
                at = time.strftime("%H:%M", time.localtime(said["when"]))
                return f"At {at} your GPU was given to somebody who waited: {said['why']:.200}."
    return ""


def _text(when: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(when))
