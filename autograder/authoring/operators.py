"""The operators of mutation: small changes of a syntax tree, of the kinds that learners make by accident.

Arithmetic, comparisons and constants are those of the usual tools for mutation testing; axes, transpositions, exchanged
arguments and results, dropped calls and returns in loops are what answers of this course get wrong beside them.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

OPPOSITES: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult, ast.MatMult: ast.Mult,
    ast.FloorDiv: ast.Div, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or,
    ast.Or: ast.And,
}  # fmt: skip
OTHERS = {
    "max": "min", "min": "max", "maximum": "minimum", "minimum": "maximum", "argmax": "argmin", "argmin": "argmax",
    "sum": "mean", "mean": "sum", "reduce_sum": "reduce_mean", "reduce_mean": "reduce_sum", "zeros": "ones",
    "zeros_like": "ones_like", "ones": "zeros", "ones_like": "zeros_like", "real": "imag", "imag": "real",
    "exp": "expm1", "log": "log1p", "log1p": "log", "sin": "cos", "cos": "sin", "std": "var", "sqrt": "square",
    "append": "extend", "outer": "multiply", "abs": "negative", "float64": "float32",
}  # fmt: skip
"""Functions, by name, that are easily taken for each other."""


def changes(node: ast.AST, parameters: list[str]) -> Iterator[ast.AST]:
    """What may stand in a node's place. ``parameters`` are those of the function around it."""
    for kind, operators in OPERATORS.items():
        if isinstance(node, kind):
            for operator in operators:
                yield from operator(node)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in parameters:
        yield from (ast.Name(other, ast.Load()) for other in parameters if other != node.id)


def _like(node: ast.AST, **fields: object) -> ast.AST:
    """A copy of a node with some fields replaced."""
    made = copy.copy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def _opposite(node: ast.BinOp | ast.BoolOp | ast.AugAssign) -> Iterator[ast.AST]:
    if other := OPPOSITES.get(type(node.op)):
        yield _like(node, op=other())


def _compared(node: ast.Compare) -> Iterator[ast.AST]:
    for i, op in enumerate(node.ops):
        if other := OPPOSITES.get(type(op)):
            yield _like(node, ops=[*node.ops[:i], other(), *node.ops[i + 1 :]])


def _exchanged_sides(node: ast.BinOp) -> Iterator[ast.AST]:
    if not isinstance(node.op, ast.Add | ast.Mult):
        yield _like(node, left=node.right, right=node.left)


def _one_side(node: ast.BinOp) -> Iterator[ast.AST]:
    yield node.left
    yield node.right


def _transposed(node: ast.BinOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.MatMult):
        for side in ("left", "right"):
            value = getattr(node, side)
            if not (isinstance(value, ast.Attribute) and value.attr == "T"):
                yield _like(node, **{side: ast.Attribute(value, "T", ast.Load())})


def _without_sign(node: ast.UnaryOp) -> Iterator[ast.AST]:
    yield node.operand


def _other_constant(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield from (ast.Constant(other) for other in (value + 1, value - 1))
    elif isinstance(value, float):
        yield from (ast.Constant(other) for other in ((0.0, 2.0) if value == 1 else (1.0, 2 * value)))


def _arguments(node: ast.Call) -> Iterator[ast.AST]:
    if len(node.args) == 2:
        yield _like(node, args=node.args[::-1])
    for i, keyword in enumerate(node.keywords):
        others = node.keywords[:i] + node.keywords[i + 1 :]
        yield _like(node, keywords=others)
        if keyword.arg == "axis" and isinstance(keyword.value, ast.UnaryOp):
            yield _like(node, keywords=[*others, ast.keyword("axis", ast.Constant(0))])


def _dropped_call(node: ast.Call) -> Iterator[ast.AST]:
    if len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
        yield node.args[0]
    elif isinstance(node.func, ast.Attribute) and not node.args:
        yield node.func.value


def _other_function(node: ast.Attribute) -> Iterator[ast.AST]:
    if other := OTHERS.get(node.attr):
        yield _like(node, attr=other)
    if node.attr == "T":
        yield node.value


def _other_built_in(node: ast.Name) -> Iterator[ast.AST]:
    if isinstance(node.ctx, ast.Load) and node.id in ("max", "min", "sum", "abs"):
        yield _like(node, id={"max": "min", "min": "max", "sum": "max", "abs": "float"}[node.id])


def _open_slice(node: ast.Slice) -> Iterator[ast.AST]:
    for bound in ("lower", "upper", "step"):
        if getattr(node, bound) is not None:
            yield _like(node, **{bound: None})


def _items(node: ast.Tuple | ast.List) -> Iterator[ast.AST]:
    if not isinstance(node.ctx, ast.Load) or len(node.elts) < 2:
        return
    for i in range(len(node.elts) - 1):
        a, b = node.elts[i : i + 2]
        yield _like(node, elts=[*node.elts[:i], b, a, *node.elts[i + 2 :]])
    yield _like(node, elts=node.elts[:-1])


def _either_way(node: ast.IfExp) -> Iterator[ast.AST]:
    yield node.body
    yield node.orelse


def _always_or_never(node: ast.If) -> Iterator[ast.AST]:
    yield from (_like(node, test=ast.Constant(value)) for value in (True, False))


def _set_instead(node: ast.AugAssign) -> Iterator[ast.AST]:
    yield ast.Assign([node.target], node.value)


def _dropped(node: ast.stmt) -> Iterator[ast.AST]:
    yield ast.Pass()


def _dropped_into_place(node: ast.Assign) -> Iterator[ast.AST]:
    """Without an assignment to an entry or an attribute. Without one to a name, an error would follow."""
    if isinstance(node.targets[0], ast.Subscript | ast.Attribute):
        yield ast.Pass()


def _ends_early(node: ast.For) -> Iterator[ast.AST]:
    yield _like(node, body=[*node.body, ast.Break()])


OPERATORS: dict[type[ast.AST] | tuple[type[ast.AST], ...], tuple[Callable[..., Iterator[ast.AST]], ...]] = {
    ast.BinOp: (_opposite, _exchanged_sides, _one_side, _transposed),
    ast.BoolOp: (_opposite,),
    ast.AugAssign: (_opposite, _set_instead, _dropped),
    ast.Assign: (_dropped_into_place,),
    ast.Expr: (_dropped,),
    ast.Compare: (_compared,),
    ast.UnaryOp: (_without_sign,),
    ast.Constant: (_other_constant,),
    ast.Call: (_arguments, _dropped_call),
    ast.Attribute: (_other_function,),
    ast.Name: (_other_built_in,),
    ast.Slice: (_open_slice,),
    (ast.Tuple, ast.List): (_items,),
    ast.IfExp: (_either_way,),
    ast.If: (_always_or_never,),
    ast.For: (_ends_early,),
}
