"""Students' own warm kernels, submissions opened in JupyterLab, and a JupyterHub's configuration for courses."""
