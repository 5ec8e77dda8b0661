"""Unit 10: what to do with a gradient: steps downhill, with momentum, with Adam, and how large they may be."""
