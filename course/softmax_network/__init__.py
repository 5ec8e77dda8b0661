"""Unit 9: a network of two layers with a softmax at its end, by hand and in three libraries."""
