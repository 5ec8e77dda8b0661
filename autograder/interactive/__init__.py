"""Students' own warm kernels, which are not confined, and a JupyterHub's configuration for courses."""
