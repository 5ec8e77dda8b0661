"""What runs inside the sandbox: the fork server and the kernels that it makes.

These modules import nothing else of the autograder, and no reference. The sandbox shows nothing else of it either, so
an answer cannot read it.

| module       | holds                                                                          |
|--------------|--------------------------------------------------------------------------------|
| ``server``   | the fork server: imports once what a unit needs, then forks a keeper a kernel  |
| ``keeper``   | one kernel's guardian: confines it, has it watched, ends it                    |
| ``confine``  | what a kernel's process gives up; with ``landlock`` and ``seccomp``            |
| ``kernel``   | an ipykernel whose costly parts are built before the fork                      |
| ``observer`` | observes the reference in a kernel without a submission                        |
| ``watching`` | watches a kernel; with ``limits``, ``usage``, ``unseen``, ``sharing``, ``ending`` |
| ``machine``  | what Linux says of the whole machine                                           |
| ``probe``    | escapes that are tried before any submission runs; with ``doors``              |
| ``refusal``  | the file in the place of a module that answers may not import                  |
"""
