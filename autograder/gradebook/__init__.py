"""nbgrader's gradebook: opening it, registering a unit's cells, and the one writer to it."""
