"""JupyterHub's configuration for a lab: one machine with GPUs, the accounts of that machine, a course or several.

README.md beside this file is the guide. Copy this file to where the lab keeps its configuration, change what is in
capitals, and start it as root:  jupyterhub -f /etc/jupyterhub/jupyterhub_config.py
"""

import os
from pathlib import Path

from autograder import hub
from course.gpu import leases

c = get_config()  # type: ignore[name-defined]  # noqa: F821
HERE = Path(__file__).parent

# ── Courses ──────────────────────────────────────────────────────────────────────────────────────────────────────────
# Each has an account that grades, and a folder and a part of the exchange that make_course.sh makes. For a second
# course add another one, with a port of its own. Who is no longer listed in any course cannot log in once the hub has
# been started anew; somebody who is logged in then stays so until the page Admin deletes them. Who leaves one course of
# several must be taken out of its groups there too, since the hub only ever adds to groups those who are listed here.

EXCHANGE = Path("/srv/nbgrader/exchange")
COURSES = [
    hub.Course(
        name="gradients",
        instructors=["ADA"],
        students=hub.names(HERE / "gradients-students.txt"),
        folder=Path("/srv/courses/gradients"),
        grader="grader-gradients",
        port=9999,
    ),
    # hub.Course(
    #     name="vision",
    #     instructors=["EMMY"],
    #     students=hub.names(HERE / "vision-students.txt"),
    #     folder=Path("/srv/courses/vision"),
    #     grader="grader-vision",
    #     port=9998,
    # ),
]
hub.serve(c, *COURSES, exchange=EXCHANGE)
c.Authenticator.admin_users = {"ADA"}  # may see and stop everyone's server

# ── GPUs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
# hub.serve has set the hooks that lease each server a card. Leases lie where all servers see the same folder, which
# /tmp is not where systemd gives each one a /tmp of its own.

os.environ.setdefault(leases.FOLDER, "/run/gradients-gpus")

# ── How servers are started, and what they may take ──────────────────────────────────────────────────────────────────
# systemd.py: on this machine, with limits that the system enforces. slurm.py: as jobs of a cluster. Without either, as
# plain processes: then the limits below are only shown to the students, not enforced.

c.Spawner.mem_limit = "16G"
c.Spawner.cpu_limit = 4
c.Spawner.default_url = "/lab"
load_subconfig(str(hub.LAB / "systemd.py"))  # type: ignore[name-defined]  # noqa: F821
# load_subconfig(str(hub.LAB / "slurm.py"))

hub.stop_idle(c, after_hours=2)

# ── Address ──────────────────────────────────────────────────────────────────────────────────────────────────────────
# Behind the lab's own web server, which speaks TLS; or set ssl_key and ssl_cert here, and an address that others reach.

c.JupyterHub.bind_url = "http://127.0.0.1:8000"
