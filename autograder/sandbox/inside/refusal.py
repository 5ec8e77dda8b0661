"""The file in the place of a module that answers may not import. It raises an error of a type of its own."""

ERROR = "RefusedImport"
SOURCE = '''class {error}(ImportError):
    """It may hold or find answers."""

    __module__ = "builtins"  # so that nothing in memory seems to be of the module that is refused


raise {error}("{module} may not be imported while answers of {unit} are graded")
'''


def refusal(module: str, unit: str) -> str:
    """The code of that file, for one module and one unit."""
    return SOURCE.format(error=ERROR, module=module, unit=unit)
