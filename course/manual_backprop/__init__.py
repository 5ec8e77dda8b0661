"""Unit 2: gradients by going backward through a function, stage by stage."""
