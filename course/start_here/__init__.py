"""Unit 0: the environment, how a check reads, and what to do when a kernel is stuck. No points."""
