"""Servers as jobs of Slurm. Slurm hands out the cards and enforces the limits: a job leases its own cards, on its node.

The environment, the homes and the exchange lie on a file system that all nodes share, under the same paths.
"""

import socket
import sys
from pathlib import Path

from autograder.interactive.hub import needs
from course.gpu import leases

needs("batchspawner", "batchspawner==1.3.0")

import batchspawner  # type: ignore[import-not-found, unused-ignore]  # noqa: E402, F401  its jobs report to the hub

c = get_config()  # type: ignore[name-defined]  # noqa: F821

PROGRAMS = Path(sys.executable).parent

c.JupyterHub.spawner_class = "batchspawner.SlurmSpawner"
c.SlurmSpawner.batchspawner_singleuser_cmd = str(PROGRAMS / "batchspawner-singleuser")  # runs scripts only,
c.SlurmSpawner.cmd = [str(PROGRAMS / "jupyterhub-singleuser")]  # so this command does not name Python
c.JupyterHub.hub_ip = "0.0.0.0"
c.JupyterHub.hub_connect_ip = socket.getfqdn()  # where the nodes reach the hub
c.SlurmSpawner.req_partition = "PARTITION"
c.SlurmSpawner.req_gres = "gpu:1"
c.SlurmSpawner.req_nprocs = "4"
c.SlurmSpawner.req_memory = "16G"
c.SlurmSpawner.req_runtime = "08:00:00"
c.Spawner.environment.update({leases.LEASES_VARIABLE: ""})  # the node's, not the hub's
c.JupyterHub.cleanup_servers = False  # jobs go on when the hub stops, and it finds them when it starts again
c.Spawner.start_timeout = 600  # seconds in the queue
c.Spawner.http_timeout = 120
