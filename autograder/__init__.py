"""The autograder: builds the course's notebooks, grades submissions, proves the checks."""

import sys

# jsonschema, which nbformat imports, would load a grammar of web addresses. That takes a second in every process, for
# formats that no notebook uses. If this module cannot be imported, jsonschema works without the grammar.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
