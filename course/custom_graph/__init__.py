"""Unit 3: a scalar reverse-mode engine, from single operations to a network that is trained with it."""
