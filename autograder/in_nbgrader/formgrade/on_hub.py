"""The formgrader's server as a service of a JupyterHub, which decides who may open it."""

from jupyterhub.singleuser.extension import JupyterHubSingleUser

from autograder.in_nbgrader.formgrade.server import Server

if __name__ == "__main__":
    JupyterHubSingleUser.serverapp_class = Server
    JupyterHubSingleUser.launch_instance()
