"""A PostgreSQL server of one's own."""

import os
import pwd
import subprocess
import tempfile
from typing import Any

import pytest
from ports import free_port, listens
from programs import need
from waiting import PATIENCE, wait_until


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """The address of a PostgreSQL server of the distribution, started for these tests on a free port."""
    pytest.importorskip("psycopg")
    program = need("initdb")
    folder = tmp_path_factory.mktemp("postgres")
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        nobody = pwd.getpwnam("nobody")
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        for parent in folder.parents:
            if parent.is_relative_to(tempfile.gettempdir()):
                parent.chmod(parent.stat().st_mode | 0o011)
    (folder / "password").write_text("tell-nobody\n")
    (folder / "password").chmod(0o644)
    initdb = [
        program,
        "-D",
        folder / "data",
        "-U",
        "grader",
        "-A",
        "scram-sha-256",
        "--pwfile",
        folder / "password",
    ]
    subprocess.run(
        [*map(str, initdb), "-E", "UTF8", "--no-sync"],
        check=True,
        cwd=folder,
        capture_output=True,
        timeout=PATIENCE,
        **user,
    )
    port = free_port()
    options = ["-D", folder / "data", "-h", "127.0.0.1", "-p", port, "-k", folder, "-F"]
    command = list(map(str, [program.with_name("postgres"), *options]))
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server: Any = subprocess.Popen(command, cwd=folder, **quiet, **user)
    try:
        assert wait_until(lambda: (folder / "data" / "postmaster.pid").exists() and listens(port))
        yield f"postgresql+psycopg://grader:tell-nobody@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        server.wait(PATIENCE)
