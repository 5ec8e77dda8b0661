"""Unit 1: edits of the reference that compute the same, and why."""

from course.numeric_gradient.check import unit

WRITTEN = "Every entry is written before the array is returned."
ARRAYS = "NumPy's functions take numbers and arrays of any real dtype as they are."

for difference in ("forward_difference", "central_difference"):
    unit.equivalent(difference, {"np.zeros_like(x)": "np.ones_like(x)"}, WRITTEN)
unit.equivalent("complex_step", {"np.zeros(z.shape)": "np.ones(z.shape)"}, WRITTEN)

for argument in "ab":
    taken = f"np.asarray({argument}, dtype=float)"
    for given in (f"np.asarray({argument})", argument):
        unit.equivalent("relative_error", {taken: given}, ARRAYS)

SYMMETRIC = "The error is the same in either order."
both = "np.asarray(a, dtype=float), np.asarray(b, dtype=float)"
unit.equivalent("relative_error", {both: "np.asarray(b, dtype=float), np.asarray(a, dtype=float)"}, SYMMETRIC)
unit.equivalent("relative_error", {"np.abs(a - b)": "np.abs(b - a)"}, SYMMETRIC)
maximum = "np.abs(a) + np.abs(b), np.finfo(float).tiny"
unit.equivalent("relative_error", {maximum: "np.finfo(float).tiny, np.abs(a) + np.abs(b)"}, "So is a maximum.")
