"""The Pythons for which the course is made. An older one must be able to read this file, too."""

PYTHON_VERSIONS = ((3, 11), (3, 14))
"""The first, and the first after it for which it is not made."""
PYTHONS = "3.11, 3.12 or 3.13"
