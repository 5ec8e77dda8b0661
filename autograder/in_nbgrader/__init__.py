"""What runs within nbgrader: its autograde, feedback and formgrader, for units and for plain assignments."""

CONFINED_KERNEL = "gradients-confined"
"""The kernel in which JupyterLab runs submissions, and which anybody may choose there. It is this Python's."""
