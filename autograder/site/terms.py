"""A Sphinx extension that fills the index with the functions of the lessons and the terms that they introduce."""

from __future__ import annotations

from collections.abc import Iterator

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

TERMS = frozenset({
    "accuracy", "batch", "bias", "bias correction", "cancellation", "central difference", "chain rule", "complex step",
    "condition number", "confusion matrix", "dual number", "epoch", "forward difference", "forward mode", "gradient",
    "gradient descent", "initializer", "Jacobian", "Jacobian–vector product", "kernel", "leaf", "leakage",
    "learning rate", "log-sum-exp", "logit", "loss", "margin", "mini-batches", "node", "one-hot", "operation",
    "optimizer", "outer product", "over-fitting", "partial derivative", "relative error", "reverse mode", "score",
    "softmax", "softplus", "tensor", "topological order", "variable", "velocity",
})  # fmt: skip
"""The terms that are indexed where a lesson sets them in bold; much else is bold too."""

FUNCTION_PREFIXES = ("answer_", "show_")
"""Prefixes of ``grade_id`` in cells that define a function; the rest is the function's name."""


class Index(SphinxTransform):
    """Puts an index entry before each function and each term, where it first occurs."""

    default_priority = 500

    def apply(self, **kwargs: object) -> None:
        if not self.env.docname[0].isdigit():  # no lesson
            return
        seen = set()
        for name, node in list(self.found()):
            if name not in seen:
                seen.add(name)
                self.enter(name, node)

    def found(self) -> Iterator[tuple[str, nodes.Element]]:
        for cell in self.document.findall(nodes.container):
            grade_id = cell.get("cell_metadata", {}).get("nbgrader", {}).get("grade_id", "")
            for beginning in FUNCTION_PREFIXES:
                if grade_id.startswith(beginning):
                    yield f"{grade_id.removeprefix(beginning)}()", cell
        for bold in self.document.findall(nodes.strong):
            if bold.astext() in TERMS:
                yield bold.astext(), bold

    def enter(self, name: str, node: nodes.Element) -> None:
        number = int(self.env.docname.partition("_")[0])
        anchor = f"index-{nodes.make_id(name)}"
        place = nodes.target("", "", ids=[anchor])
        entry = addnodes.index(entries=[("single", f"{name}, unit {number}", anchor, "", None)])
        node.parent.insert(node.parent.index(node), [entry, place])


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_transform(Index)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
