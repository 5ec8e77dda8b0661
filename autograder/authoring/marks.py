"""The marks of lessons and worked notebooks: around what students write, and before a question's model answer."""

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
"""nbgrader's marks. What stands between them is not released."""
TEXT_STUB = "YOUR ANSWER HERE"
"""What nbgrader puts where students write text."""
MODEL_ANSWER = "**Model answer**"
"""The line of a question in a lesson after which its model answer stands."""
