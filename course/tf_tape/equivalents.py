"""Unit 6: edits of the reference that compute the same, and why."""

from course.tf_tape.check import unit

SINGLE = "float32 is precise enough."

unit.equivalent(
    "vectorised_loss", {"tf.cast(labels, tf.float64)": "tf.cast(labels, tf.float32)"}, "0 and 1 stay 0 and 1."
)

unit.equivalent("loss_from_logits", {', dtype="float64"': ""}, "Keras then computes in float32. " + SINGLE)
unit.equivalent(
    "loss_from_logits", {"tf.constant(scores, dtype=tf.float64)": "tf.constant(scores, dtype=tf.float32)"}, SINGLE
)
for labels in ("tf.constant(labels, dtype=tf.float32)", "tf.constant(labels)", "labels"):
    edit = {"tf.constant(labels, dtype=tf.float64)": labels}
    unit.equivalent("loss_from_logits", edit, "Keras turns labels into the dtype of its own.")

unit.equivalent("repaired_gradient", {"tf.float64": "tf.float32"}, SINGLE)
unit.equivalent(
    "repaired_gradient", {"tf.linalg.matvec(X, w) - y": "y - tf.linalg.matvec(X, w)"}, "Errors are squared."
)
