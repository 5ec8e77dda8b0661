"""Running notebooks: here or on other machines, with bounds on whatever a kernel sends."""
