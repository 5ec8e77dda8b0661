"""The configuration of a JupyterLab with nbgrader's formgrader: its pages escape what they show."""

from autograder.formgrade.safe import escape_in_pages

escape_in_pages()
