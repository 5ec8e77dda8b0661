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
