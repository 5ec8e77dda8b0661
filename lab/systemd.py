"""Servers as units of systemd, so that memory and CPU limits are enforced. The hub runs as root.

Servers go on when the hub stops, and it finds them when it starts again: its configuration can be changed in the middle
of the term. ``systemctl stop 'jupyter-*-singleuser.service'`` stops them all.

Only its user can read what a server writes. nbgrader's ``submit`` gives submitted files the modes that they need.
"""

from autograder.interactive.hub import needs

needs("systemdspawner", "jupyterhub-systemdspawner==1.0.2")

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.JupyterHub.spawner_class = "systemdspawner.SystemdSpawner"
c.SystemdSpawner.isolate_tmp = True
c.SystemdSpawner.isolate_devices = False  # True would hide the GPUs
c.SystemdSpawner.disable_user_sudo = True
c.SystemdSpawner.default_shell = "/bin/bash"
c.SystemdSpawner.unit_extra_properties = {"UMask": "0077", "TimeoutStopSec": "10"}
c.JupyterHub.cleanup_servers = False
