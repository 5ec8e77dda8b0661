"""Unit 2: edits of the reference that compute the same, and why."""

from course.manual_backprop.check import unit

ONE = "The derivative of f with respect to itself is 1."
LISTS = "Numbers are compared as floats, in a list as in an array."
SYMMETRIC = "Both arguments count the same."
VECTOR = "An array with one axis is its own transpose."

unit.equivalent("staged_backward", {"dq = r * df": "dq = r"}, ONE)
unit.equivalent("staged_backward", {"dq = r * df": "dq = r / df"}, ONE)
unit.equivalent("staged_backward", {"dr = q * df": "dr = q"}, ONE)
unit.equivalent("staged_backward", {"dr = q * df": "dr = q / df"}, ONE)
unit.equivalent("staged_backward", {"np.array([dx, dy, dz])": "[dx, dy, dz]"}, LISTS)

unit.equivalent("neuron_backward", {"(-np.logaddexp(0, -score))": "(-np.logaddexp(-score, 0))"}, SYMMETRIC)
unit.equivalent("neuron_backward", {"loss = np.logaddexp(0, -score)": "loss = np.logaddexp(-score, 0)"}, SYMMETRIC)
unit.equivalent("neuron_backward", {"np.logaddexp(0, score)": "np.logaddexp(score, 0)"}, SYMMETRIC)

for numbers in ("np.array(compute(*point))", "compute(*point)"):
    unit.equivalent("symbolic_gradient", {"np.array(compute(*point), dtype=float)": numbers}, LISTS)

unit.equivalent("hinge_gradient", {"np.maximum(0, margin)": "np.maximum(margin, 0)"}, SYMMETRIC)
unit.equivalent("hinge_gradient", {"margin > 0": "margin >= 0"}, "At the kink any slope between the two is right.")
unit.equivalent("hinge_gradient", {"X.T @ dscores": "X.T @ dscores.T"}, VECTOR)
unit.equivalent("cross_entropy_gradient", {"X.T @ (P - labels)": "X.T @ (P - labels).T"}, VECTOR)
unit.equivalent("cross_entropy_gradient", {"(0, -t * scores)": "(-t * scores, 0)"}, SYMMETRIC)
unit.equivalent("cross_entropy_gradient", {"(0, -scores)": "(-scores, 0)"}, SYMMETRIC)
for loss in ("hinge_gradient", "cross_entropy_gradient"):
    unit.equivalent(loss, {"X @ w\n": "X @ w.T\n"}, VECTOR)
    unit.equivalent(loss, {"/ len(X)": "/ len(labels)"}, "There is one label for each example.")
