"""Unit 7: edits of the reference that compute the same, and why."""

from course.torch_autograd.check import unit

unit.equivalent(
    "value_and_gradients",
    {"else leaf.grad.numpy()": "else leaf.grad"},
    "A tensor holds the same numbers, and NumPy's functions take it.",
)
unit.equivalent(
    "value_and_gradients",
    {"return value.item()": "return value"},
    "A tensor of one number is printed and computed with like a number.",
)

ONE_AXIS = "Logits and h are vectors, which have one axis."
unit.equivalent("softmax_cross_entropy", {"logits = W @ h": "logits = W @ h.T"}, ONE_AXIS)
unit.equivalent("softmax_cross_entropy", {"dim=0": "dim=-1"}, ONE_AXIS)

unit.equivalent(
    "accumulated_gradient",
    {"w.grad.clone()": "w.grad"},
    "The next call sets w.grad to None and makes a new tensor: nothing is written into this one.",
)
unit.equivalent(
    "descend",
    {"start.detach()": "start"},
    "The clone of a tensor that requires no gradient is a leaf without detach().",
)
