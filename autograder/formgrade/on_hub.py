"""The same server as a service of a JupyterHub, which says who may come in."""

from jupyterhub.singleuser.extension import JupyterHubSingleUser

from autograder.formgrade.server import Server

if __name__ == "__main__":
    JupyterHubSingleUser.serverapp_class = Server
    JupyterHubSingleUser.launch_instance()
