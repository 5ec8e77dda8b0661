"""Unit 6: TensorFlow records a computation on a tape and plays it backward."""
