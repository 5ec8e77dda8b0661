"""Unit 7: PyTorch's autograd, which records a graph while the code runs and walks it backward."""
