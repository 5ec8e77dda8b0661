"""JupyterHub's configuration for a lab: one machine with GPUs, the accounts of that machine, a course or several.

README.md beside this file is the guide. Copy this file to where the lab keeps its configuration, change what is in
capitals, and start the hub as root:  jupyterhub -f /etc/jupyterhub/jupyterhub_config.py
gradients-hub.service beside this file has systemd start it.
"""

from pathlib import Path

from autograder.interactive import hub
from course.gpu import rules

c = get_config()  # type: ignore[name-defined]  # noqa: F821
HERE = Path(__file__).parent

# ── Courses ──────────────────────────────────────────────────────────────────────────────────────────────────────────
# Each course has an account that grades; make_course.sh makes its folder and its part of the exchange. For a second
# course add an entry with a port of its own.
# A person who is no longer listed in any course cannot log in after the hub is restarted. Somebody who is logged in at
# that time stays logged in until you delete them on the page Admin. A person who leaves one of several courses must be
# removed from its groups on that page too: the hub adds the people listed here to groups, but never removes anyone.

EXCHANGE = Path("/srv/nbgrader/exchange")
COURSES = [
    hub.HubCourse(
        name="gradients",
        instructors=["ADA"],
        students=hub.names(HERE / "gradients-students.txt"),
        folder=Path("/srv/courses/gradients"),
        grader="grader-gradients",
        port=9999,
    ),
    # hub.HubCourse(
    #     name="vision",
    #     instructors=["EMMY"],
    #     students=hub.names(HERE / "vision-students.txt"),
    #     folder=Path("/srv/courses/vision"),
    #     grader="grader-vision",
    #     port=9998,
    # ),
]
hub.configure(c, *COURSES, exchange=EXCHANGE)
c.Authenticator.admin_users = {"ADA"}  # may see and stop everyone's server

# ── GPUs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
# A notebook leases a card when it runs gpu.use, and has it until its kernel ends. A card on which nothing has computed
# for idle_minutes, or that somebody has had for longest_hours, is taken back if others wait: its kernel is ended.

hub.share_cards(
    c,
    rules.Rules(
        cards_each=1,
        idle_minutes=30,
        longest_hours=12,
        graders=("grader-gradients",),  # theirs are never taken back, and they come first
        # reservations=(rules.Period(("ADA",), "2026-12-01T10:00", "2026-12-01T12:00", cards=(0, 1), name="lecture"),),
        # preferences=(rules.Period(COURSES[0].students, "2026-12-10T00:00", "2026-12-12T23:59", name="deadline"),),
    ),
)

# ── How servers are started, and what they may take ──────────────────────────────────────────────────────────────────
# systemd.py: on this machine, with limits that the system enforces. slurm.py: as jobs of a cluster. With both, servers
# go on while the hub is stopped and started again. Without either, servers are plain processes: they end with the hub,
# and the limits below are only shown to the students, not enforced.

c.Spawner.mem_limit = "16G"
c.Spawner.cpu_limit = 4
c.Spawner.default_url = "/lab"
load_subconfig(str(hub.LAB / "systemd.py"))  # type: ignore[name-defined]  # noqa: F821
# load_subconfig(str(hub.LAB / "slurm.py"))

hub.stop_idle(c, after_hours=2)

# ── Address ──────────────────────────────────────────────────────────────────────────────────────────────────────────
# The hub listens behind the lab's own web server, which speaks TLS. Without one, set ssl_key and ssl_cert here, and an
# address that others reach.

c.JupyterHub.bind_url = "http://127.0.0.1:8000"

# ── What is missing ──────────────────────────────────────────────────────────────────────────────────────────────────
# This line stays the last. It looks at what the hub needs, and says in a sentence what is missing.

hub.make_ready(c)
