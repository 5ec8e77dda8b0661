"""Unit 9: edits of the reference that compute the same, and why."""

from course.softmax_network.check import unit

SYMMETRIC = "Both arguments count the same."
VECTOR = "An array with one axis is its own transpose."
ARRAYS = "NumPy's functions take arrays of any real dtype as they are."

unit.equivalent("forward", {"W1 @ x\n": "W1 @ x.T\n"}, VECTOR)
unit.equivalent("forward", {"(0, -h1)": "(-h1, 0)"}, SYMMETRIC)
unit.equivalent("forward", {"W2 @ z1": "W2 @ z1.T"}, VECTOR)
for product in ("log_p @ label", "label.T @ log_p", "label @ log_p.T"):
    unit.equivalent("forward", {"label @ log_p": product}, "It is the product of two arrays with one axis each.")
unit.equivalent("backward", {"W2.T @ dh2": "W2.T @ dh2.T"}, VECTOR)

for taken in ("np.asarray(gradients[name])", "gradients[name]"):
    unit.equivalent("gradient_check", {"np.asarray(gradients[name], dtype=float)": taken}, ARRAYS)
scale = "np.abs(gradient) + np.abs(numeric), np.finfo(float).tiny"
unit.equivalent("gradient_check", {scale: "np.finfo(float).tiny, np.abs(gradient) + np.abs(numeric)"}, SYMMETRIC)
unit.equivalent("gradient_check", {"np.abs(gradient - numeric)": "np.abs(numeric - gradient)"}, SYMMETRIC)

for taken in ("np.asarray(w)", "w"):
    unit.equivalent("planted_bug", {"np.asarray(w, dtype=float)": taken}, "w + h·u is float64 wherever u is.")
unit.equivalent("planted_bug", {"(1e-5, 1e-7)": "(1e-7, 1e-5)"}, "One of the two steps must agree, whichever is first.")
for step in ({"1e-5, 1e-7": "1.0, 1e-7"}, {"1e-5, 1e-7": "2e-5, 1e-7"}, {"1e-7)": "2e-7)"}):
    unit.equivalent(
        "planted_bug", step, "The shorter step alone tells the right gradients, be it a little longer or not."
    )
for other in ({"1e-6 +": "2e-6 +"}, {"1e-4 * abs": "2e-4 * abs"}):
    unit.equivalent(
        "planted_bug", other, "A planted error is far larger than either tolerance, and rounding far smaller."
    )
unit.equivalent("planted_bug", {"abs(along - slope) <=": "abs(along - slope) <"}, "They are never that far apart.")
unit.equivalent("planted_bug", {"abs(along - slope)": "abs(slope - along)"}, SYMMETRIC)
unit.equivalent(
    "planted_bug",
    {"name, w in parameters.items():\n        if": "name, w in gradients.items():\n        if"},
    "The names and shapes are the same.",
)
for directions in (1, 3):
    unit.equivalent(
        "planted_bug", {"size=(2,": f"size=({directions},"}, "One direction tells as well, but for rare chance."
    )
