"""Choosing a GPU: ``USE_GPU`` at the top of a notebook, and ``course gpus`` in a terminal.

| module       | holds                                                        |
|--------------|--------------------------------------------------------------|
| ``accounts`` | the accounts of this machine, and who owns a process         |
| ``cards``    | the GPUs of this machine, as the driver reports them         |
| ``leases``   | who has which card: a lock that ends with the process        |
| ``choice``   | ``use``: one card for this process, chosen in time           |
| ``hub``      | JupyterHub's hooks: a card for each server, while it runs    |
"""

from course.gpu.cards import Card, find
from course.gpu.choice import TooLate, use

__all__ = ["Card", "TooLate", "find", "use"]
