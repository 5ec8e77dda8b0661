"""Unit 5: reverse mode on whole arrays, fast enough to train with."""
