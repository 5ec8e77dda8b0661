"""Servers as units of systemd, so that memory and CPU limits are enforced. The hub runs as root.

What a server writes belongs to its user alone; nbgrader's ``submit`` gives what it hands in the modes that it needs.
"""

from autograder.hub import needs

needs("systemdspawner", "jupyterhub-systemdspawner==1.0.2")

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.JupyterHub.spawner_class = "systemdspawner.SystemdSpawner"
c.SystemdSpawner.isolate_tmp = True
c.SystemdSpawner.isolate_devices = False  # True would hide the GPUs
c.SystemdSpawner.disable_user_sudo = True
c.SystemdSpawner.default_shell = "/bin/bash"
c.SystemdSpawner.unit_extra_properties = {"UMask": "0077"}
