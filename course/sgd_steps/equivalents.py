"""Unit 10: edits of the reference that compute the same, and why."""

from course.sgd_steps.check import unit

unit.equivalent(
    "sgd_step",
    {"name in parameters:\n        stepped": "name in gradients:\n        stepped"},
    "Both dicts have the same names.",
)

AS_MANY = "There are as many gradients as parameters."
unit.equivalent("descend", {"zip(parameters, gradients, strict=True)": "zip(parameters, gradients)"}, AS_MANY)
unit.equivalent("descend", {"strict=True": "strict=False"}, AS_MANY)
