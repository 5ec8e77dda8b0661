"""nbgrader's configuration for everyone's own server: where the exchange is, and who one is.

In which courses somebody is, and so which assignments are listed, nbgrader asks the hub.
"""

import os

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.Exchange.root = os.environ.get("GRADIENTS_EXCHANGE", "/srv/nbgrader/exchange")
c.Exchange.path_includes_course = True  # ~/<course>/<assignment>: two courses may use the same name
c.Authenticator.plugin_class = "nbgrader.auth.JupyterHubAuthPlugin"
c.CourseDirectory.student_id = os.environ.get("JUPYTERHUB_USER", "*")
