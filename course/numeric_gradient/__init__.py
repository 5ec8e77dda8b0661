"""Unit 1: gradients from function values alone."""
