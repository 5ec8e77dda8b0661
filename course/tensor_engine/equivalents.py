"""Unit 5: edits of the reference that compute the same, and why."""

from course.tensor_engine.check import unit

unit.equivalent("mean_rule", {"x.size // y.size": "x.size / y.size"}, "The quotient is a whole number.")
unit.equivalent("mean_rule", {"x.size // y.size": "x.size // g.size"}, "g has y's shape, or y's with axes of length 1.")

SOFTMAX, LAYERS = "softmax_cross_entropy_gradient", "two_hidden_layers"
A_LABEL_A_ROW = "There is one label for each row."
unit.equivalent(SOFTMAX, {"np.arange(len(labels))": "np.arange(len(logits))"}, A_LABEL_A_ROW)
unit.equivalent(SOFTMAX, {"labels]).sum() / len(labels)": "labels]).sum() / len(logits)"}, A_LABEL_A_ROW)
unit.equivalent(SOFTMAX, {"gradient /= len(labels)": "gradient /= len(logits)"}, A_LABEL_A_ROW)
unit.equivalent(SOFTMAX, {"total[:, 0]": "total[:, -1]"}, "The sums are one column, the first and the last.")
unit.equivalent(LAYERS, {"np.arange(len(X))": "np.arange(len(labels))"}, A_LABEL_A_ROW)
unit.equivalent(LAYERS, {"d3 /= len(X)": "d3 /= len(labels)"}, A_LABEL_A_ROW)

SYMMETRIC = "A maximum is the same in either order."
for scores in ("X @ W1 + b1", "h1 @ W2 + b2"):
    unit.equivalent(LAYERS, {f"np.maximum({scores}, 0)": f"np.maximum(0, {scores})"}, SYMMETRIC)

ANY_SHIFT = "The softmax is the same for any shift of a row, and the logits of a batch lie near each other."
shift = "logits - logits.max(axis=1, keepdims=True)"
for other in (
    "logits - logits.max(keepdims=True)",
    "logits - logits.min(axis=1, keepdims=True)",
):
    unit.equivalent(LAYERS, {shift: other}, ANY_SHIFT)
