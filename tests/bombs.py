"""Short texts that take hours, or all memory, if they are read without bounds."""


def nested(opening, inner, closing, times):
    return opening * times + inner + closing * times


def finally_in_finally(levels, inner):
    """Python compiles each ``finally`` twice: 2 ** levels times what stands in the innermost."""
    lines = []
    for level in range(levels):
        lines += [f"{' ' * level}try:", f"{' ' * level} pass", f"{' ' * level}finally:"]
    return "\n".join([*lines, " " * levels + inner])


def within(body, name="bomb"):
    """A function that holds lines of code."""
    return f"def {name}(x):\n" + "\n".join(f" {line}" for line in body.splitlines())


PARSER = {
    "finally in finally": finally_in_finally(18, "; ".join(["x = 1"] * 1000)),
    "finally in a function": within(finally_in_finally(17, "; ".join(["f(x, y)"] * 1000))),
    "finally with a loop": finally_in_finally(18, f"while {' or '.join(['x'] * 1000)}: y = [z for z in x]"),
    "with and parentheses": f"with {nested('(', 'a', ')', 199)}: =",
    "compared": f"{nested('a<(', '1', ')', 199)} 1",
    "powers": f"{nested('a**-(', '1', ')', 199)} 1",
    "an except and parentheses": f"try: pass\nexcept {nested('(', 'a', ')', 199)} 1",
    "minus": "-" * 49_000 + "1",
    "not": "not " * 12_000 + "1",
    "plus and minus": "+-" * 24_000 + "1",
    "tilde": "~" * 49_000 + "1",
    "lambdas": "lambda: " * 6_000 + "1",
    "conditions": "1 if 1 else " * 4_000 + "1",
    "elifs": "if a: pass\n" + "elif a: pass\n" * 3_800,
    "calls": "f" + "()" * 24_000,
    "attributes": "a" + ".b" * 24_000,
    "items": "a" + "[0]" * 16_000,
    "sums": "1" + "+1" * 24_000,
    "comparisons": "1" + "<1" * 24_000,
    "powers of powers": "2" + "**2" * 16_000,
    "assignments": "a=" * 24_000 + "1",
    "braces in an f-string": 'f"' + "{a}" * 16_000 + '"',
    "f-strings in f-strings": "f'{" * 3 + "f\"{x}\"" + "}'" * 3,
    "decorators": "@a\n" * 16_000 + "def f(): pass",
    "open parentheses": "(" * 49_000,
    "open brackets": "[" * 199,
    "open braces": "{0:" * 199,
    "generators": nested("f(x for x in ", "1", ")", 199) + " 1",
    "stars": nested("f(**a, *", "1", ")", 199),
    "patterns": f"match x:\n case {nested('[', 'a', ']', 199)} = pass",
    "a long number": "x = " + "9" * 49_000,
    "a long number in hexadecimal": "x = 0x" + "f" * 9_000,
    "a large power": "x = 9**9**9**9",
    "repeated texts": "x = 'a' * 10**9 * 10**9",
    "indents": "\n".join(" " * level + "if a:" for level in range(300)),
    "names": ",".join(f"a{number}" for number in range(8_000)) + " = 1",
    "an encoding": "# -*- coding: utf-7 -*-\n+AAo-" * 1_000,
    "another encoding": "# coding: no_such_coding\nx = 1",
    "line ends that continue": "\\\n" * 24_000,
}  # fmt: skip
"""For Python's parser, symbol tables or compiler."""

LONG = "x = (y, z); y = [x, z]\n" * 250_000
"""Code that takes long to be parsed, since it is long."""

SEARCHED = {
    "blank lines": "\n" * 1_000_000,
    "blank lines with spaces": " \n" * 500_000,
    "lines of spaces": (" " * 1000 + "\n") * 1000,
    "one line of spaces": " " * 1_000_000 + "x",
    "imports in a line": "import " * 150_000 + "(",
    "from in a line": "from " * 200_000 + "(",
    "names in a line": "NAME " * 200_000 + "(",
    "names with colons": "NAME: " * 160_000 + "(",
    "tabs and defs": "\t" * 500_000 + "def " * 100_000,
    "asyncs": "async " * 160_000 + "(",
    "percent signs": "%" * 1_000_000,
    "quotes": "\"'" * 500_000,
    "checks": "check(" * 160_000,
    "Check and spaces": "Check(" + " " * 500_000 + "check(" + " " * 500_000,
    "modules in a line": "from course.numeric_gradient import " * 28_000,
    "commas": "from course.numeric_gradient import a" + "," * 1_000_000,
    "marks of conflicts": "<<<<<<< \n" * 100_000,
    "backslashes": "\\" * 1_000_000,
    "carriage returns": "\r" * 1_000_000,
    "a cell of code": "x\n" * 500_000,
    "two megabytes of code": "a = [1, 2, 3]; b = a\n" * 100_000,
}
"""For what searches code as text; ``NAME`` stands for the name that is looked for."""

OUTPUTS = {
    "line ends": 'print("\\n" * 4_100_000)',
    "line ends as HTML": "from IPython.display import HTML\ndisplay(HTML('<br>\\n' * 1_500_000))",
    "other line ends": "print('\\u2028' * 1_500_000)",
    "zeros": "print('\\0' * 4_000_000)",
    "JSON, 45 deep": "import json\nv = [0] * 190_000\nfor _ in range(45): v = [v]\n"
                     "display({'application/json': v}, raw=True)",
    "JSON of lists": "v = [[]] * 190_000\nfor _ in range(40): v = [v]\ndisplay({'application/json': v}, raw=True)",
    "JSON in metadata": "v = [0] * 190_000\nfor _ in range(40): v = [v]\n"
                        "display({'text/plain': 'x'}, metadata={'a': v}, raw=True)",
    "lines of an error": "raise ValueError('\\n' * 4_000_000)",
}  # fmt: skip
"""Code whose outputs take many times as much in a notebook's file as in the message that brings them."""
