"""A JupyterHub's configuration for courses: who is in them, what they may do, where they are graded. See ``lab/``.

Each course has a service, ``/services/<course>/``, which is nbgrader's formgrader and nothing else. It runs in the
course folder, as the account that grades, and opens for the course's instructors. The names of the groups are
nbgrader's.
"""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from autograder import in_nbgrader
from autograder.course import PROJECT
from autograder.interactive import ends_with_hub, hub_checks
from course.gpu import leases, rules

LAB, FORMGRADE = PROJECT / "lab", Path(in_nbgrader.__file__).parent / "formgrade"
EXCHANGE_VARIABLE = "GRADIENTS_EXCHANGE"
"""Environment variable with the folder of nbgrader's exchange, for nbgrader's configurations in ``lab/``."""

SINGLE_USER = [sys.executable, "-m", "jupyterhub.singleuser"]
FORMGRADER = ends_with_hub.command([sys.executable, "-m", "autograder.in_nbgrader.formgrade.on_hub"])
KEEPER = ends_with_hub.command([sys.executable, "-m", "course.gpu.keeper"])
STOP_SECONDS = 5, 1
"""How long a server may take to end its kernels, when it is told to stop; how long after it is told to end at once."""
IN_TRIAL = ["--log-level=WARN", *(["--allow-root"] if os.geteuid() == 0 else [])]
"""Arguments of servers that run as the hub's own account."""
SERVER_SCOPES = [
    "users:activity!user",
    "access:servers!server",
    "read:users:name!user",  # nbgrader asks the hub which courses a student is in
    "read:users:groups!user",
    "list:services",  # nbgrader's course list asks which courses have a formgrader
    "read:services",
]


@dataclass(frozen=True)
class HubCourse:
    """A course: its name in nbgrader, who is in it, and where its graders work.

    ``lab/make_course.sh`` makes ``folder``, which has the course's name. ``grader`` is the account that grades; None
    means the hub's own account. ``port`` is the formgrader's, on this machine only, and differs from course to course.
    """

    name: str
    instructors: Sequence[str]
    students: Sequence[str]
    folder: Path
    grader: str | None
    port: int


def configure(c: Any, *courses: HubCourse, exchange: Path) -> None:
    """Configure a hub for these courses: accounts, groups, roles, formgraders, and how every server is started.

    See ``share_cards`` for the GPUs. Servers are plain processes, unless a spawner is set.
    """
    if hub_checks.starting():
        _check(courses, exchange)
    c.Authenticator.allow_existing_users = False  # else whoever was once in a course could log in for ever
    c.JupyterHub.load_roles.append({"name": "server", "scopes": SERVER_SCOPES})
    for course in courses:
        c.Authenticator.allowed_users.update({*course.instructors, *course.students})
        c.JupyterHub.load_groups.update(
            {
                f"formgrade-{course.name}": {"users": [*course.instructors]},
                f"nbgrader-{course.name}": {"users": [*course.instructors, *course.students]},
            }
        )
        c.JupyterHub.load_roles.extend(_roles(course))
        c.JupyterHub.services.append(_formgrader(course, exchange))
    c.Spawner.cmd = SINGLE_USER
    if "spawner_class" not in c.JupyterHub:
        c.JupyterHub.spawner_class = "autograder.interactive.spawners.EndsWithHub"
    c.LocalProcessSpawner.interrupt_timeout, c.LocalProcessSpawner.term_timeout = STOP_SECONDS
    c.Spawner.environment.update(environment(exchange, LAB / "students") | {"JUPYTER_PATH": str(LAB / "students")})


def share_cards(c: Any, said: rules.Rules, folder: Path | None = None) -> None:
    """Let notebooks lease cards in a folder, by these rules, and start the service that takes cards back.

    A notebook leases a card when it runs ``gpu.use``. Nobody else has that card until the notebook's kernel ends.
    """
    where = {leases.LEASES_VARIABLE: str(folder or leases.SHARED)}
    os.environ |= where
    try:
        rules.write(said, leases.folder())
    except OSError as error:
        raise SystemExit(f"GPUs cannot be shared: {error}") from error
    c.Spawner.environment.update(where)
    c.JupyterHub.services.append({"name": "gpu-keeper", "command": KEEPER, "environment": where})


def stop_idle(c: Any, after_hours: float) -> None:
    """Stop servers that have been idle for ``after_hours`` hours."""
    culler = [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={int(after_hours * 3600)}"]
    scopes = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
    c.JupyterHub.services.append({"name": "idle-culler", "command": ends_with_hub.command(culler)})
    c.JupyterHub.load_roles.append({"name": "idle-culler", "scopes": scopes, "services": ["idle-culler"]})


def make_ready(c: Any, folder: Path | None = None) -> None:
    """Look whether the hub can start, and let its proxy end with it. It must stand last in the configuration.

    Whatever is missing or taken ends the hub with a sentence. ``folder`` is where the hub keeps its files, by default
    the working directory.
    """
    if not hub_checks.starting():
        return
    from jupyterhub.app import JupyterHub

    folder = folder or Path.cwd()
    hub_checks.hold(folder)
    said = copy.deepcopy(c)
    said.merge(JupyterHub.instance().cli_config)
    if "systemdspawner" in str(said.JupyterHub.get("spawner_class")):
        hub_checks.check_systemd()
    proxy = said.ConfigurableHTTPProxy
    if "proxy_class" not in said.JupyterHub and proxy.get("should_start", True):
        command = proxy.get("command", hub_checks.PROXY)
        command = [command] if isinstance(command, str) else command
        hub_checks.check_proxy(command)
        c.ConfigurableHTTPProxy.command = ends_with_hub.command(command)
        file = proxy.get("pid_file", str(folder / "jupyterhub-proxy.pid"))
        c.ConfigurableHTTPProxy.pid_file = file
        hub_checks.end_former_proxy(Path(file))
    hub_checks.check_ports(_addresses(said))


def names(file: Path) -> list[str]:
    """The names in a file, one per line; # starts a comment. Ends the hub if there is no such file."""
    if not file.is_file():
        raise SystemExit(f"{file} is missing: write the students' account names into it, one a line")
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    return [line for line in lines if line]


def needs(module: str, package: str) -> None:
    """End the hub with a line that says what to install, unless the module is there."""
    if find_spec(module) is None:
        raise SystemExit(f"{module} is missing: install it with {sys.executable} -m pip install '{package}'")


def _check(courses: Sequence[HubCourse], exchange: Path) -> None:
    """Check accounts and folders, where courses have an account that grades: else all are the hub's own account."""
    for course in courses:
        if course.grader:
            hub_checks.check_graders(course.grader, course.folder, exchange)
            hub_checks.warn_of_missing([*course.instructors, *course.students])


def _addresses(said: Any) -> dict[str, str]:
    """Where the hub and what it starts will listen, by what it is for and the setting that changes it."""
    hub, proxy = said.JupyterHub, said.ConfigurableHTTPProxy
    services = copy.deepcopy(hub.services).get_value([])
    found = {f"the service {one['name']}": one["url"] for one in services if one.get("command") and one.get("url")}
    own = f"http://{hub.get('hub_ip', '127.0.0.1')}:{hub.get('hub_port', 8081)}"
    found["the hub itself (c.JupyterHub.hub_bind_url)"] = hub.get("hub_bind_url", own)
    if "proxy_class" not in hub and proxy.get("should_start", True):
        everyone = f"http://{hub.get('ip', '')}:{hub.get('port', 8000)}"
        found["users (c.JupyterHub.bind_url)"] = hub.get("bind_url", everyone)
        found["the proxy (c.ConfigurableHTTPProxy.api_url)"] = proxy.get("api_url", "http://127.0.0.1:8001")
    return found


def _roles(course: HubCourse) -> list[dict[str, Any]]:
    formgrade, member = f"formgrade-{course.name}", f"nbgrader-{course.name}"
    return [
        {"name": formgrade, "groups": [formgrade], "scopes": [f"access:services!service={course.name}"]},
        {"name": member, "groups": [member], "scopes": ["list:services", f"read:services!service={course.name}"]},
    ]


def _formgrader(course: HubCourse, exchange: Path) -> dict[str, Any]:
    """The service in which a course is graded. It runs as the course's grader, or else as the hub's own account."""
    service: dict[str, Any] = {
        "name": course.name,
        "url": f"http://127.0.0.1:{course.port}",
        "command": FORMGRADER,
        "cwd": str(course.folder),
        "environment": {
            **environment(exchange, course.folder, FORMGRADE),
            "JUPYTER_PATH": str(FORMGRADE),
            "JUPYTERHUB_DEFAULT_URL": "/formgrader",
        },
        "oauth_no_confirm": True,  # it is the hub's own
    }
    if course.grader:
        return service | {"user": course.grader}
    service["environment"]["HOME"] = str(course.folder)
    return service | {"command": FORMGRADER + IN_TRIAL}


def environment(exchange: Path, *configurations: Path) -> dict[str, str]:
    """The environment of nbgrader. This Python's programs come first, since nbgrader starts alembic by its name.

    If two configurations set the same option, the first counts.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {
        EXCHANGE_VARIABLE: str(exchange),
        "JUPYTER_CONFIG_PATH": os.pathsep.join(map(str, configurations)),
        "PATH": path,
    }
