"""The project's own promises: light import, one set of dependencies, nothing of one machine in the files."""

import ast
import re
import subprocess
import sys
from itertools import chain

import nbformat
import pytest
import yaml
from commands import run_command
from declared import name_of, pins, project
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from autograder.commands import COMMANDS, GROUPS
from autograder.course import PROJECT

CUDA_OF_TENSORFLOW = {"nvidia-cudnn-cu12": ">=9.3.0.75,<10", "nvidia-nccl-cu12": ">=2.25.1,<3",
                      "nvidia-cublas-cu12": ">=12.5.3.2,<13", "nvidia-cuda-runtime-cu12": ">=12.5.82,<13"}  # fmt: skip
CUDA_OF_TORCH = {"nvidia-cudnn-cu12": "9.10.2.21", "nvidia-nccl-cu12": "2.27.5", "nvidia-cublas-cu12": "12.8.4.1",
                 "nvidia-cuda-runtime-cu12": "12.8.90"}  # fmt: skip
"""What the metadata of TensorFlow 2.20.0 and PyTorch 2.10.0 ask for, where they ask for the same libraries."""

HEAVY = ("numpy", "tensorflow", "torch", "matplotlib", "sympy", "IPython", "jinja2")


def test_importing_course_is_light():
    code = f"import sys, course; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_check_needs_no_framework():
    code = f"import sys, course.check; print([name for name in {HEAVY[1:]} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_dependency_is_pinned_within_its_range():
    extras = {name: extra for name, extra in project()["optional-dependencies"].items() if name != "gpu"}
    wanted = project()["dependencies"] + [requirement for extra in extras.values() for requirement in extra]
    for requirement in map(Requirement, wanted):
        if requirement.name == project()["name"]:  # one extra names others
            continue
        assert requirement.specifier.contains(pins()[name_of(requirement.name)]), requirement
    assert pins()["tensorflow"] == "2.21.0" and pins()["torch"] == "2.13.0"


def test_for_gpus_all_libraries_are_those_of_one_cuda():
    """What a resolver found, as recorded: within all ranges, and one copy of each of CUDA's libraries."""
    found = pins("constraints-gpu.txt")
    extras = project()["optional-dependencies"]
    for requirement in map(Requirement, project()["dependencies"] + extras["gpu"] + extras["lab"]):
        assert requirement.specifier.contains(found[name_of(requirement.name)]), requirement
    for name, needed in CUDA_OF_TENSORFLOW.items():
        assert SpecifierSet(needed).contains(found[name]), name
    for name, needed in CUDA_OF_TORCH.items():
        assert found[name] == needed, name
    libraries = {name for name in found if name.startswith("nvidia-") and name != "nvidia-ml-py"}
    assert libraries and all(name.endswith("-cu12") for name in libraries)
    of_the_toolkit = ("cuda-runtime", "cuda-nvrtc", "cuda-cupti", "cuda-nvcc", "nvjitlink", "nvtx", "cublas")
    assert {found[f"nvidia-{name}-cu12"].rsplit(".", 1)[0][:4] for name in of_the_toolkit} == {"12.8"}


def test_what_is_installed_is_what_is_pinned():
    from importlib.metadata import version

    for name in ("numpy", "nbgrader", "jupytext", "nbclient", "tensorflow"):
        assert version(name) == pins()[name]


def imported(folder):
    """The packages that modules below a folder import, without Python's own and ours."""
    for path in (PROJECT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            yield from (name.partition(".")[0] for name in names)


@pytest.mark.parametrize("folder", ["course", "autograder", "lab"])
def test_what_is_imported_is_declared(folder):
    """This holds too for packages that another one brings along today."""
    from importlib.metadata import packages_distributions

    requirements = chain(project()["dependencies"], *project()["optional-dependencies"].values())
    declared = {name_of(Requirement(one).name) for one in requirements}
    brings = packages_distributions()
    ours = {*sys.stdlib_module_names, "course", "autograder"}
    found = {name: set(map(name_of, brings.get(name, [name]))) for name in {*imported(folder)} - ours}
    assert found
    assert [name for name, packages in found.items() if not packages & declared] == []


def test_conda_environment_installs_the_project_with_the_constraints():
    environment = yaml.safe_load((PROJECT / "environment.yml").read_text())
    *conda, pip = environment["dependencies"]
    python = next(one for one in conda if one.startswith("python"))
    assert SpecifierSet(project()["requires-python"]).contains(python.removeprefix("python=") + ".0")
    assert "pip" in conda and pip["pip"] == ["-e .[test]", "-c constraints.txt"]
    assert environment["name"] == "gradients"


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=PROJECT, capture_output=True,
                            text=True, check=True)  # fmt: skip
    return [PROJECT / name for name in listed.stdout.split("\0") if name and (PROJECT / name).is_file()]


def test_no_path_of_a_machine_and_no_registry_in_the_files():
    forbidden = re.compile(r"/(?:home|root|Users|work)/\w|pypi\.org|pythonhosted|anaconda\.org|download\.pytorch")
    for path in tracked():
        if path.suffix not in (".png", ".zip", ".gz") and path.name != "test_project.py":
            found = forbidden.search(path.read_text(encoding="utf-8"))
            assert not found, f"{path}: {found}"


def test_files_stay_short():
    for path in tracked():
        if path.suffix == ".py" and path.name != "mistakes.py" and path.parent.name != "tests":
            longest = 300 if path.name == "check.py" else 280  # a unit's tasks stand in one file
            assert len(path.read_text().splitlines()) <= longest, path


DOCUMENTS = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md"), PROJECT / "lab" / "README.md"]


def anchors(path):
    """The names by which links reach the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(PROJECT).as_posix())
def test_links_in_the_documents_lead_somewhere(document):
    targets = re.findall(r"(?:\]\(|src(?:set)?=\")(?!https?:)([^)\"]+)", document.read_text())
    for target in targets:
        name, _, anchor = target.partition("#")
        path = document.parent / name if name else document
        assert path.exists() and (not anchor or anchor in anchors(path)), target


def test_every_page_of_the_documents_is_reached_from_the_readme():
    readme = (PROJECT / "README.md").read_text()
    assert [path.name for path in PROJECT.glob("docs/*.md") if f"](docs/{path.name})" not in readme] == []


HOP = re.compile(r"^\| (\d+) \| `([^`]+)` \| (.*) \|$", re.MULTILINE)


def file_called(name):
    """A file that CONTRIBUTING.md names, from the project's folder or from the autograder's."""
    return next(path for root in (PROJECT, PROJECT / "autograder") if (path := root / name).is_file())


def test_the_tour_names_files_and_functions_that_are_there():
    text = (PROJECT / "CONTRIBUTING.md").read_text()
    hops = HOP.findall(text)
    assert [int(number) for number, _, _ in hops] == [*range(1, len(hops) + 1)]
    assert len(hops) <= 37 and f"in {len(hops)} hops" in text
    for _, name, said in hops:
        source = file_called(name).read_text(encoding="utf-8")
        step, _, details = said.partition("[")
        for found in re.findall(r"`(\w+(?:\.\w+)?)`", step)[:1]:
            assert all(re.search(rf"\b(?:def|class) {part}\b", source) for part in found.split(".")), (name, found)
        assert all(file_called(detail) for detail in re.findall(r"`([\w/]+\.py)`", details))


def test_the_readme_names_the_two_commands_first():
    readme = (PROJECT / "README.md").read_text()
    assert readme.index("make demo") < readme.index("make test") < readme.index("## ")


NAMES = [command.__name__ for command in COMMANDS]
NAMES += [f"{first} {command.__name__}" for first, commands in GROUPS.items() for command in commands]


@pytest.mark.parametrize("command", ["build", "classroom", "audit", *NAMES])
def test_every_command_has_help_with_an_example(command):
    code, output = run_command(*command.split(), "--help")
    assert code == 0 and f"Example: autograder {command}" in output


@pytest.mark.parametrize("package", ["autograder", "course"])
def test_a_package_is_run_as_its_command(package):
    def said(*words):
        return subprocess.run([sys.executable, "-m", package, *words], capture_output=True, text=True, check=False)

    assert f"Usage: {package} " in said("--help").stdout and said("no-such-command").returncode == 2
    told = said("--version")
    assert told.returncode == 0 and told.stdout == f"gradients-course {project()['version']}\n"


def test_audit_command(tmp_path):
    code, output = run_command("audit", "start_here", "--json", tmp_path / "audit.json")
    assert code == 0 and "12 of 12" in output
    audit = nbformat.from_dict(__import__("json").loads((tmp_path / "audit.json").read_text()))
    assert set(audit.start_here.mean_of_squares) == {
        "points",
        "mistakes",
        "rejected",
        "named",
        "alternatives",
        "accepted",
        "generated",
        "killed",
        "equivalent",
    }


def test_audit_fails_when_a_wrong_answer_passes(monkeypatch):
    from course.check import load

    unit = load("start_here")
    monkeypatch.setattr(unit, "_mistakes", list(unit.mistakes("mean_of_squares")))
    unit._add_mistake("mean_of_squares", "right after all", unit.reference_source("mean_of_squares"), "None.")
    code, output = run_command("audit", "start_here")
    assert code == 1 and "wrong answer accepted: right after all" in output


def test_audit_finds_marks_that_depend_on_the_seed(monkeypatch):
    from course.check import load

    unit = load("numeric_gradient")
    right = unit.reference_source("forward_difference")
    lucky = right.replace("return gradient", "return gradient if np.ravel(x)[0] > 2 else 2 * gradient")
    assert unit.mistakes("forward_difference")  # loads them now, not into the list that takes their place
    monkeypatch.setattr(unit, "_mistakes", [])
    unit._add_mistake("forward_difference", "right where x begins with more than 2", lucky, "None.")
    assert "depend on the seed" not in run_command("audit", unit.name)[1]
    code, output = run_command("audit", unit.name, "--seeds", 5)
    assert code == 1 and "marks depend on the seed: right where x begins with more than 2 (" in output
