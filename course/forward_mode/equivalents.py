"""Unit 4: edits of the reference that compute the same, and why."""

from course.forward_mode.check import unit

SHAPES = "Both derivatives are by the same w, so the axes to append, or at the end, are the same."
unit.equivalent("product_derivative", {"align(b, da)": "align(b, db)"}, SHAPES)
unit.equivalent("product_derivative", {"align(a, db)": "align(a, da)"}, SHAPES)
unit.equivalent("matmul_derivative", {"b.shape[1], da": "db.shape[1], da"}, "Both have m as their second axis.")
unit.equivalent("matmul_derivative", {"b.shape[1], da.shape[2:]": "b.shape[1], db.shape[2:]"}, SHAPES)

unit.equivalent("training_step", {"N = len(p)": "N = len(labels)"}, "There is a label for each probability.")
unit.equivalent("training_step", {"for name in parameters}": "for name in derivatives}"}, "They have the same names.")
