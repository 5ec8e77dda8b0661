"""Checking answers: the same code in a student's notebook and in the grader.

``observe`` calls an answer on inputs drawn from a seed and returns plain data, part by part;
``judge`` compares that with what was observed of the reference. An answer is right when it cannot be
told from the reference.

| module         | holds                                                            |
|----------------|------------------------------------------------------------------|
| ``unit``       | Unit: how a unit's check.py is written                           |
| ``task``       | Task, Mistake, Alternative                                       |
| ``parts``      | small functions with which tasks write their parts               |
| ``sources``    | an answer's code: its guards, two changes of it merged           |
| ``variants``   | the code of references, mistakes and alternatives, made runnable |
| ``plain``      | values as plain data, and back through a strict decoder          |
| ``observing``  | running an answer part by part, with limits                      |
| ``sampling``   | which entries of large arrays are compared; no kernel knows      |
| ``comparing``  | whether two observations are equal, and if not, why              |
| ``expected``   | what the reference and the known mistakes do with the same inputs |
| ``judging``    | giving points part by part                                       |
| ``diagnosis``  | naming what is wrong: one known mistake, or two at once          |
| ``symptoms``   | what wrong results have in common with the right ones; of it:    |
| ``failures``   | … errors                                                         |
| ``shapes``     | … arrays of another shape                                        |
| ``numbers``    | … other numbers                                                  |
| ``surroundings`` | values of the notebook that an answer uses beside its arguments |
| ``libraries``  | the libraries that differentiate, and which answers may use them |
| ``originals``  | library functions that checks use, saved before any answer runs  |
| ``verdict``    | the result, as text and as HTML                                  |
| ``progress``   | the results of a unit so far, as a line and as a table           |
| ``waiting``    | cells that wait for an answer that is not written yet            |
| ``borrowing``  | the reference's answer in place of the student's, at a cost      |
| ``showing``    | HTML in a notebook, text elsewhere                               |
| ``failed_cells`` | with what errors cells ended, for answers that are not defined |
| ``notebook``   | ``Check``: what a notebook calls                                 |
"""

from course.check.expected import Expected
from course.check.judging import judge
from course.check.notebook import Check
from course.check.observing import observe
from course.check.task import Alternative, BrokenCheck, Mistake, Task
from course.check.unit import Unit, load
from course.check.verdict import Part, State, Verdict

__all__ = [
    "Alternative",
    "BrokenCheck",
    "Check",
    "Expected",
    "Mistake",
    "Part",
    "State",
    "Task",
    "Unit",
    "Verdict",
    "judge",
    "load",
    "observe",
]
