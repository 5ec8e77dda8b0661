"""Unit 3: edits of the reference that compute the same, and why."""

from course.custom_graph.check import unit

ONE_NUMBER = "The list has one number: its first is its last."

VALUE, SLOPE = "def compute(self, x):\n        return", "def partial_derivative(self, x, i):\n        return"
for operation, value, slope in (
    ("Exp", "math.exp(x[0])", "math.exp(x[0])"),
    ("Inverse", "1.0 / x[0]", "-1.0 / x[0]"),
    ("Log", "math.log(x[0])", "1.0 / x[0]"),
):
    for head, formula in ((VALUE, value), (SLOPE, slope)):
        edit = {f"{head} {formula}": f"{head} {formula.replace('[0]', '[-1]')}"}
        unit.equivalent(operation, edit, ONE_NUMBER)
for operation in ("Scale", "AddConstant"):
    unit.equivalent(operation, {"x[0]": "x[-1]"}, ONE_NUMBER)
unit.equivalent("Multiply", {"1 - i": "i - 1"}, "From the end, -1 is the place 1 of two, and 0 is 0.")

for place in "01":
    factors = f"(x[{place}], w[{place}])"
    unit.equivalent("neuron_loss", {factors: f"(w[{place}], x[{place}])"}, "A product is the same in either order.")

unit.equivalent("Softplus", {"max(x[0], 0.0)": "max(0.0, x[0])"}, "So is a maximum.")
unit.equivalent("Softplus", {"max(x[0]": "max(x[-1]"}, ONE_NUMBER)
unit.equivalent("Softplus", {"log1p(math.exp(-abs(x[0])))": "log1p(math.exp(-abs(x[-1])))"}, ONE_NUMBER)
unit.equivalent("Softplus", {"e = math.exp(-abs(x[0]))": "e = math.exp(-abs(x[-1]))"}, ONE_NUMBER)
unit.equivalent("Softplus", {"x[0] >= 0": "x[-1] >= 0"}, ONE_NUMBER)
unit.equivalent("Softplus", {"x[0] >= 0": "x[0] > 0"}, "At 0, e is 1, so both numerators are.")
