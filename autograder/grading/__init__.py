"""Grading a class, grading one submission, grading again after a change, and reproducing a verdict."""
