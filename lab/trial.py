"""A hub to try things on, started by ``make hub``: made-up users, this machine only, everything under build/hub.

All servers run as the account that starts the hub, so only the hub keeps its users apart.
"""

import os
import secrets
import socket
import subprocess
import sys
from getpass import getuser
from pathlib import Path

from autograder.interactive import hub, hub_checks

c = get_config()  # type: ignore[name-defined]  # noqa: F821

ROOT = Path(os.environ.get("HUB_FOLDER", hub.PROJECT / "build" / "hub")).resolve()
PASSWORD = os.environ.get("HUB_PASSWORD") or secrets.token_urlsafe(9)
STUDENTS = [f"student-{number}" for number in range(1, 6)]
SHARED, COURSE_FOLDER, USERS = ROOT / "exchange", ROOT / "gradients", ROOT / "users"
FIRST_UNIT = "00_start_here"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


ADDRESS = f"http://127.0.0.1:{int(os.environ.get('HUB_PORT', '8000'))}"
hub_checks.check_ports({"users (make hub HUB_PORT=8001)": ADDRESS})
subprocess.run([hub.LAB / "make_course.sh", SHARED, COURSE_FOLDER, getuser()], check=True)
config_file = COURSE_FOLDER / "nbgrader_config.py"
if "check_owner" not in config_file.read_text():
    with config_file.open("a") as file:
        file.write("c.ExchangeCollect.check_owner = False  # in a trial all users are one account\n")

if not (SHARED / COURSE_FOLDER.name / "outbound" / FIRST_UNIT).exists():
    for step in ("generate_assignment", "release_assignment"):
        nbgrader = [Path(sys.executable).with_name("nbgrader"), step, FIRST_UNIT, "--force", "--log-level=WARN"]
        subprocess.run(nbgrader, cwd=COURSE_FOLDER, env=os.environ | hub.environment(SHARED, COURSE_FOLDER), check=True)

gradients = hub.HubCourse("gradients", ["instructor"], STUDENTS, COURSE_FOLDER, None, free_port())
hub.configure(c, gradients, exchange=SHARED)
hub.stop_idle(c, after_hours=2)

c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = PASSWORD
c.JupyterHub.spawner_class = "autograder.interactive.spawners.OnTrial"
c.SimpleLocalProcessSpawner.home_dir_template = f"{USERS}/{{username}}"
c.Spawner.args = hub.IN_TRIAL
c.Spawner.default_url = "/lab"

c.JupyterHub.bind_url = ADDRESS
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{free_port()}"
c.JupyterHub.data_files_path = str(Path(sys.prefix) / "share" / "jupyterhub")
c.JupyterHub.db_url = f"sqlite:///{ROOT}/hub.sqlite"
c.JupyterHub.cookie_secret_file = f"{ROOT}/cookie_secret"
c.JupyterHub.log_level = "WARN"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{free_port()}"
c.ConfigurableHTTPProxy.pid_file = f"{ROOT}/proxy.pid"
c.ConfigurableHTTPProxy.command = [f"{sys.prefix}/proxy/node_modules/.bin/configurable-http-proxy", "--log-level=warn"]
hub.make_ready(c, ROOT)

print(f"""
The trial hub: {ADDRESS}
  users     instructor, {", ".join(STUDENTS)}
  password  {PASSWORD}
  released  {FIRST_UNIT}; the instructor releases the other units
  grading   {ADDRESS}/services/gradients/ (as the instructor)
  files     {ROOT}
Ctrl-C ends it, with everything that it started.
""", flush=True)  # fmt: skip
