"""Unit 11: edits of the reference that compute the same, and why."""

from course.training.check import unit

for others in ("X", "labels"):
    unit.equivalent("minibatches", {"range(0, len(order)": f"range(0, len({others})"}, "All three have one length.")

SAME_LENGTH = "There are as many gradients as parameters."
unit.equivalent("training_loop", {", strict=True": ""}, SAME_LENGTH)
unit.equivalent("training_loop", {"strict=True": "strict=False"}, SAME_LENGTH)

FLOAT64 = "float64 is Keras's usual type in this notebook."
unit.equivalent("keras_fit", {'keras.Input((D,), dtype="float64")': "keras.Input((D,))"}, FLOAT64)
unit.equivalent("keras_fit", {'activation="sigmoid", dtype="float64"': 'activation="sigmoid"'}, FLOAT64)
unit.equivalent("keras_fit", {'Dense(1, dtype="float64")': "Dense(1)"}, FLOAT64)

unit.equivalent("keras_fit", {"(len(X), 1)": "(len(X),)"}, "Keras makes a column of a vector of labels.")
unit.equivalent("keras_fit", {"(len(X), 1)": "(len(labels), 1)"}, "There are as many labels as examples.")

PRINTS = "This only changes what is printed."
unit.equivalent("keras_fit", {", verbose=0": ""}, PRINTS)
for loud in ("1", "-1"):
    unit.equivalent("keras_fit", {"verbose=0": f"verbose={loud}"}, PRINTS)

for statistic in ("mean", "std"):
    axis = {f"train.{statistic}(axis=0)": f"train.{statistic}(axis=-2)"}
    unit.equivalent("standardise", axis, "Of two axes, the last but one is the first.")
