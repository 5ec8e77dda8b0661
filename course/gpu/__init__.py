"""Choosing a GPU: ``USE_GPU`` at the top of a notebook, and ``course gpus`` in a terminal.

| module         | holds                                                    |
|----------------|----------------------------------------------------------|
| ``accounts``   | the accounts of this machine, and who owns a process     |
| ``cards``      | the GPUs of this machine, as the driver reports them     |
| ``leases``     | who has which card, and who waits: locked files          |
| ``rules``      | what a lab's root allows: cards each, reservations       |
| ``taking``     | a card that is named, or the one that is next in turn    |
| ``choice``     | ``use``: one card for this process, chosen in time       |
| ``frameworks`` | whether TensorFlow and PyTorch can use a card            |
| ``history``    | who had which card                                       |
| ``keeper``     | a lab's service: takes cards back, and keeps the history |
"""

from course.gpu.cards import Card, find
from course.gpu.choice import TooLate, use

__all__ = ["Card", "TooLate", "find", "use"]
