"""Everyone's own server: without the formgrader, which runs as a service of the course. See ``labconfig/`` too.

A kernel that has run nothing for two hours ends, also one whose notebook is open, which frees the memory of its card.
A server without kernels that nobody has used for so long stops too; a JupyterLab in an open tab counts as use.
"""

from autograder.interactive import extension, provisioner

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.ServerApp.jpserver_extensions = {
    "nbgrader.server_extensions.formgrader": False,
    extension.__name__: True,  # a notebook that is a submission runs confined or not at all
}
c.ResourceUseDisplay.track_cpu_percent = True  # memory is shown anyway

IDLE_SECONDS = 2 * 3600
c.MappingKernelManager.cull_idle_timeout = IDLE_SECONDS  # the class that Jupyter uses derives from it
c.MappingKernelManager.cull_connected = True
c.MappingKernelManager.cull_interval = 300
c.MappingKernelManager.untracked_message_types.extend(["usage_request", "usage_reply"])  # asking for memory is no use
c.ServerApp.shutdown_no_activity_timeout = IDLE_SECONDS
c.KernelManager.shutdown_wait_time = 2  # seconds; then a kernel that does not end by itself is killed

provisioner.start_fork_server()  # imports the frameworks now, so that kernels start with them; see kernels/ too
