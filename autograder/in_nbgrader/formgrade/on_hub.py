"""The formgrader's server as a service of a JupyterHub, which decides who may open it."""

import signal
from typing import Any

from jupyterhub.singleuser.extension import JupyterHubSingleUser

from autograder.in_nbgrader.formgrade.server import Server

MOST_SECONDS = 3
"""In which it stops when the hub does. A page that works for long, such as one that makes feedback, would hold it."""


class ServerOfHub(Server):
    def init_signal(self) -> None:
        super().init_signal()
        signal.signal(signal.SIGINT, self._signal_stop)

    def _signal_stop(self, sig: Any, frame: Any) -> None:
        super()._signal_stop(sig, frame)
        signal.alarm(MOST_SECONDS)  # which ends the process


if __name__ == "__main__":
    JupyterHubSingleUser.serverapp_class = ServerOfHub
    JupyterHubSingleUser.launch_instance()
