"""Unit 11: one network trained by every engine of the course, and what training needs around it."""
