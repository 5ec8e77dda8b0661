"""What the project declares: its table in pyproject.toml, and the versions that it pins."""

import re
import tomllib

from packaging.requirements import Requirement

from autograder.course import PROJECT


def project():
    return tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]


def pins(file="constraints.txt"):
    lines = (PROJECT / file).read_text().splitlines()
    requirements = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {name_of(one.name): str(one.specifier).removeprefix("==") for one in requirements}


def name_of(package):
    return re.sub(r"[-_.]+", "-", package).lower()
