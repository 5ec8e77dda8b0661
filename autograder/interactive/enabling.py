"""Every Jupyter server of this Python's environment loads the extension: ``python -m autograder.interactive.enabling``.

``course lab`` and the lab's servers load it anyway. This is for whoever runs ``jupyter lab`` in a course folder.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from autograder.interactive import extension
from course.doctor.diagnosis import Diagnosis

EXTENSION = extension.__name__
FILE = Path(sys.prefix, "etc", "jupyter", "jupyter_server_config.d", "gradients_course.json")
MEND = f"{sys.executable} -m autograder.interactive.enabling"


def enable() -> None:
    """Let all servers of this environment load the extension. Raises OSError."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps({"ServerApp": {"jpserver_extensions": {EXTENSION: True}}}, indent=2) + "\n")


def is_enabled() -> bool:
    """Whether a server that is started now would load the extension, by all of Jupyter's settings."""
    from jupyter_core.paths import jupyter_config_path
    from jupyter_server.extension.config import ExtensionConfigManager

    settings = ExtensionConfigManager(read_config_path=jupyter_config_path())
    return settings.get_jpserver_extensions().get(EXTENSION) is True


def submissions() -> Diagnosis:
    """What ``course doctor`` says of submissions in JupyterLab. ``jupyter lab`` matters only in a course folder."""
    enabled = is_enabled()
    found = "confined, however it is started" if enabled else "confined in `course lab`, but not in `jupyter lab`"
    return Diagnosis("submissions in JupyterLab", enabled or not Path("submitted").is_dir(), found, MEND, minor=True)


if __name__ == "__main__":
    enable()
