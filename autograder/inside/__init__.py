"""What runs inside the sandbox: the fork server and the kernels that it makes.

These modules import nothing else of this package, and no reference: what is not here cannot be read by
an answer.

| module     | holds                                                               |
|------------|---------------------------------------------------------------------|
| ``server`` | imports once what a unit needs, then forks a keeper for each kernel |
| ``keeper`` | one kernel's guardian: confines it, watches its memory, ends it     |
| ``confine``| what a kernel's process gives up: rights, namespaces, system calls  |
| ``kernel`` | an ipykernel whose costly parts are built before the fork           |
"""
