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

ENOUGH = "Every right claim is nearer than that, and every wrong one farther off."
SHAPE = "Both have one shape."
unit.equivalent("why_it_fails", {"h = 1e-5": "h = 2e-05"}, "Such a step reaches the same kinks.")
unit.equivalent("why_it_fails", {"rtol=1e-3": "rtol=0.002"}, ENOUGH)
unit.equivalent("why_it_fails", {"rtol=1e-3, ": ""}, ENOUGH)
unit.equivalent("why_it_fails", {"atol=1e-7": "atol=2e-07"}, ENOUGH)
unit.equivalent("why_it_fails", {"np.isclose(gradient, slope": "np.isclose(slope, gradient"}, ENOUGH)
for size in (
    "np.eye(x.size)",
    ".reshape(x.size, ",
    "*x.shape",
    "- f(x) for step in steps], x.shape",
    "f(x - step) for step in steps], x.shape",
):
    unit.equivalent("why_it_fails", {size: size.replace("x.s", "gradient.s")}, SHAPE)
either = "near(central) | near(ahead) | near(behind)"
for other in ("near(behind) | (near(central) | near(ahead))", "near(ahead) | near(central) | near(behind)"):
    unit.equivalent("why_it_fails", {either: other}, "Either may come first.")
unit.equivalent("why_it_fails", {either: "near(ahead) | near(behind)"}, "Without a kink all three are alike.")
