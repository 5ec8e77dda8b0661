"""The sandbox: warm kernels forked from a fork server, which bubblewrap and its keepers confine.

On Windows nothing of it can be imported: that raises UserError.
"""

import sys

if sys.platform == "win32":
    from autograder.errors import UserError

    raise UserError("submissions are graded on Linux; on Windows, install WSL and grade there")
