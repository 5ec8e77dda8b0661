"""Everyone's own server: without the formgrader, which runs as a service of the course. See ``labconfig/`` too."""

from autograder import warm

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.ServerApp.jpserver_extensions = {"nbgrader.server_extensions.formgrader": False}
c.ResourceUseDisplay.track_cpu_percent = True  # memory is shown anyway

warm.start()  # imports the frameworks now, so that kernels have them when they start; see kernels/ too
