"""The tasks of unit 9. Scores of 800 and -800 are among the inputs: they are a point of this unit."""

import re
from types import MappingProxyType

import numpy as np

from course.check import Unit
from course.check.comparing import EQUAL, differs
from course.check.extremes import magnified, unlikely_for
from course.check.parts import afterwards, entries, item, judged, raises
from course.check.plain import Raised
from course.softmax_network import bugs
from course.softmax_network.networks import after_forward, apart, at_the_edge, eighths, large_network, network

unit = Unit("softmax_network")


FAR = "scores of 800 and -800"
SCORES_KEPT = "scores are left as they were"


@unit.task(points=1.5, weights={FAR: 2}, conditions=(SCORES_KEPT,))
def log_softmax(answer, rng):
    vector, batch, kept = apart(rng, 5), apart(rng, 3, 4), apart(rng, 2, 3)
    high = rng.permutation([800.0, 5.0, -800.0, -790.0]) + eighths(rng, 4)
    low = rng.permutation([-800.0, -802.0, -803.0, -806.0]) + eighths(rng, 4)
    rows = np.array([[800.0, 799.0, 797.0, 796.0], [-799.0, -800.0, -801.0, -803.0], [400.0, 399.0, 390.0, -400.0]])
    rows = rng.permuted(rng.permutation(rows) + eighths(rng, 3, 4), axis=1)
    whole = rng.permuted([[3, 0, -2, 1], [5, 4, 1, -1], [0, 0, 0, 0]], axis=1)
    return {
        "a vector": lambda: answer.log_softmax(vector.copy()),
        "a batch, one example a row": lambda: {
            "three examples": answer.log_softmax(batch.copy()),
            "one example": answer.log_softmax(batch[:1].copy()),
        },
        "whole numbers": lambda: answer.log_softmax(whole.copy()),
        FAR: lambda: answer.log_softmax(high.copy()),
        "only very low scores": lambda: answer.log_softmax(low.copy()),
        "rows near 800, near -800, from 400 to -400": lambda: answer.log_softmax(rows.copy()),
        SCORES_KEPT: lambda: afterwards(answer.log_softmax, scores=kept),
    }


LABELS = {f"class {k} is right": label for k, label in enumerate(np.eye(3))}
WHOLE_LABELS = {name: label.astype(int) for name, label in LABELS.items()}
FORWARD = "h1", "z1", "h2", "p"
WEIGHTS_KEPT = "W1, W2, x and label are left as they were"


@unit.task(points=1.5, weights={f"L, {FAR}": 2}, conditions=(WEIGHTS_KEPT,))
def forward(answer, rng):
    given = network(rng)
    whole = network(rng, x=rng.permutation([0, 1, 2, -3]))
    large = network(rng, scores=rng.permutation([800.0, -90.0, -800.0]) + rng.uniform(0, 1, size=3))
    of_p = network(rng, scores=rng.permutation([800.0, 792.5, -800.0]) + rng.uniform(0, 0.5, size=3))  # p is not 0 or 1

    def at(inputs, i):
        return item(answer.forward(*(array.copy() for array in inputs)), i, 5)

    def loss(inputs):
        """L, whichever class is right. Labels of whole numbers go with an x of whole numbers."""
        labels = LABELS if inputs[2].dtype == float else WHOLE_LABELS
        return {f"L, {name}": at((*inputs[:3], label), 4) for name, label in labels.items()}

    return {
        "h1": lambda: at(given, 0),
        "z1": lambda: at(given, 1),
        "h2": lambda: at(given, 2),
        "p": lambda: at(given, 3),
        "L": lambda: loss(given),
        "x of whole numbers": lambda: {name: at(whole, i) for i, name in enumerate(FORWARD)} | loss(whole),
        f"p, {FAR}": lambda: at(of_p, 3),
        f"L, {FAR}": lambda: loss(large),
        WEIGHTS_KEPT: lambda: afterwards(answer.forward, **dict(zip(("W1", "W2", "x", "label"), given, strict=True))),
    }


VALUES_KEPT = "W2, x, label, z1 and p are left as they were"


@unit.task(points=2, conditions=(VALUES_KEPT,))
def backward(answer, rng):
    W1, W2, x, label = network(rng)
    of_whole, seed = rng.permutation([0, 2, 3, -4]), int(rng.integers(2**62))
    shapes = (400,), (400, 500), (500,), (500, 300)
    faint, hidden = network(rng), int(rng.integers(5))

    def at(inputs, i):
        return item(answer.backward(*(array.copy() for array in inputs)), i, 4)

    def at_an_edge(x, i):
        """The derivatives with respect to what a network's loss hardly depends on, where a nudge is lost."""
        score = unlikely_for(at(after_forward(W1, W2, x, label), i))
        edge, rows = at_the_edge((faint[0], faint[1], x, faint[3]), hidden, score)
        return magnified(at(edge, i), np.exp(score), rows[i])

    def result(i):
        """Item i of the result; and that of a large network, with too many entries to nudge each."""
        found = {name: at(after_forward(W1, W2, x, label), i) for name, label in LABELS.items()}
        large = entries(at(large_network(seed), i), shapes[i])
        return found | {"in a large network": large, "where the loss hardly changes": at_an_edge(faint[2], i)}

    def at_whole_numbers():
        found = {name: at(after_forward(W1, W2, of_whole, label), 3) for name, label in WHOLE_LABELS.items()}
        return found | {"where the loss hardly changes": at_an_edge(of_whole, 3)}

    given = dict(zip(("W2", "x", "label", "z1", "p"), after_forward(W1, W2, x, label), strict=True))
    return {
        "dh2": lambda: result(0),
        "dW2": lambda: result(1),
        "dh1": lambda: result(2),
        "dW1": lambda: result(3),
        "dW1, x of whole numbers": at_whole_numbers,
        VALUES_KEPT: lambda: afterwards(answer.backward, **given),
    }


def places(seed, default_rng=np.random.default_rng):
    """Entries of a (5, 14) table, three of them in the order of its rows and one more, then two of 17 numbers.

    They are drawn from the seed again whenever they are needed, so that no frame has them while an answer runs.
    """
    rng = default_rng(seed)
    rows, columns = sorted(rng.permutation(5)[:3].tolist()), rng.permutation([10, 11, 12, 13]).tolist()
    three = dict(zip(("early", "middle", "late"), zip(rows, columns, strict=False), strict=True))
    tiny = 2 * (int(rng.integers(1, 5)),)  # row and column are equal, so swapping them changes nothing
    row = {"of the row": (int(rng.integers(10, 17)),), "not the first": (int(rng.integers(1, 17)),)}
    return three | row | {"tiny": tiny}


SHAPES = (5, 14), (17,)


def exponentials(rng, still=False, places=places):
    """A loss, its parameters, their gradients, and the seed of the places. Each call of an answer gets a loss of its
    own: otherwise the gradients of one call would tell what is wrong with another's. ``still``: the loss does not
    depend on the first entry of the table."""
    seed, (table, row) = int(rng.integers(2**62)), rng.permutation(["omega", "theta", "kappa"])[:2].tolist()
    of_table = rng.uniform(1.0, 2.5, size=SHAPES[0]) * rng.choice([-1, 1], size=SHAPES[0])
    constants = {table: of_table, row: rng.uniform(1.0, 2.5, size=SHAPES[1])}
    parameters = {name: rng.uniform(-0.5, 0.5, size=c.shape) for name, c in constants.items()}
    for name, c, v in (("early", 1.0, -0.5), ("middle", 3.0, 0.5), ("late", 1.5, 0.0), ("tiny", 0.001, 0.0)):
        constants[table][places(seed)[name]], parameters[table][places(seed)[name]] = c, v
    if still:
        of_table[0, 0] = 0.0

    def loss(given):
        """A product of two sums of exp(c·v). The relative error of a central difference is c²·epsilon²/12."""
        sums = [np.exp(c * np.asarray(given[name], dtype=float)).sum() for name, c in constants.items()]
        return sums[0] * sums[1] / 100

    raised = {name: np.exp(c * parameters[name]) for name, c in constants.items()}
    gradients = {name: loss(parameters) * c * raised[name] / raised[name].sum() for name, c in constants.items()}
    return loss, parameters, gradients, seed


CHECK_KEPT = "parameters and gradients are left as they were"


@unit.task(points=2, conditions=(CHECK_KEPT,))
def gradient_check(answer, rng, places=places, exponentials=exponentials):
    TABLE, ROW = 0, 1

    def prepared(of, wrong, options, still=False):
        """A call of the answer with some entries of one gradient multiplied by a factor, the parameters, and the seed
        of the places."""
        loss, parameters, gradients, seed = exponentials(rng, still)
        for name, factor in wrong.items():
            list(gradients.values())[of][places(seed)[name]] *= factor
        return lambda: answer.gradient_check(loss, parameters, gradients, **options), parameters, seed

    def result(wrong=MappingProxyType({}), still=False, **options):
        return prepared(TABLE, wrong, options, still)[0]

    def complaint(wrong, worst, of=TABLE, **options):
        """What the answer says about a gradient with wrong entries, of which it must name the worst."""
        call, parameters, seed = prepared(of, wrong, options)

        def told():
            said, names, entry = raises(ValueError, call), list(parameters), places(seed)[worst] if worst else ()
            given = {"parameter": names.pop(of), "others": names, "entry": list(entry), "shape": SHAPES[of]}
            return judged(names_the_entry, given, said)

        return told

    def kept():
        loss, parameters, gradients, _ = exponentials(rng)

        def call(parameters, gradients):
            answer.gradient_check(loss, parameters, gradients, epsilon=0.1, threshold=1.0)

        return lambda: afterwards(call, parameters=parameters, gradients=gradients)

    def each(*parts):
        return lambda: [part() for part in parts]

    return {
        "right gradients": result(),
        "right gradients, epsilon 0.1": result(epsilon=0.1, threshold=1.0),
        "an entry that changes nothing": result(still=True),
        "a wrong entry of a table": complaint({"middle": 0.5}, "middle"),
        "a wrong entry of a vector": complaint({"of the row": 1.5}, "of the row", ROW),
        "a wrong entry that is small": complaint({"tiny": 1.2}, "tiny"),
        "the worst of three wrong entries": each(
            complaint({"early": 1.1, "middle": 1.5, "late": 1.1}, "middle"),
            complaint({"early": 1.5, "middle": 1.1, "late": 1.01}, "early"),
        ),
        "another threshold": each(
            result({"late": 1.1}, threshold=0.2),
            result({"late": -1.5}, threshold=3.0),
            complaint({"late": 1.1}, "late", threshold=0.02),
        ),
        "an error as large as the threshold": result({"late": 0.0}, threshold=1.0),
        "NaN in a gradient": complaint({"not the first": np.nan}, "", ROW),
        CHECK_KEPT: kept(),
    }


del places, exponentials  # an answer cannot replace what has no name in this module


@unit.judge
def names_the_entry(given, said):
    """A ValueError whose message names a parameter and, where an entry is asked for, one index.

    An index is its numbers in order with a few signs between them: [1, 12], (1, 12), [1][12], row 1, column 12.
    Another index of an array of that shape counts only if its last number is 10 or more, since smaller numbers may
    count something else. Only whole numbers are part of an index.
    """
    if not isinstance(said, Raised):
        return differs("no error is raised")
    if "ValueError" not in said.bases:
        return differs(f"expected a ValueError, got the error {said.kind}")
    place, plain = tuple(given["entry"]), re.sub(r"np\.int\d+\((\d+)\)", r"\1", said.message)
    missing = [] if given["parameter"] in plain else ["the parameter"]
    if place and not index(place).search(plain):
        missing.append("the worst entry")
    if missing:
        return differs("the error does not name " + " and ".join(missing))
    if not place and any(other in plain for other in given["others"]):
        return differs("the error names another parameter too")
    rest = re.sub(r"\d*\.\d+(e[+-]?\d+)?|\d+e[+-]?\d+", "a number", index(place).sub("the worst entry", plain))
    others = (other for other in np.ndindex(*given["shape"]) if other[-1] >= 10) if place else ()
    return differs("the error names other entries too") if any(index(i).search(rest) for i in others) else EQUAL


def index(place):
    """A pattern that finds an index in a message."""
    return re.compile(r"(?<![\d.-])" + r"\D{1,12}".join(str(i) for i in place) + r"(?!\d|\.\d|e[+-]?\d)")


unit.task(points=1.5, conditions=(bugs.BUG_KEPT,))(bugs.planted_bug)


BATCH_KEPT = "scores and classes are left as they were"


@unit.task(points=1.5, conditions=(BATCH_KEPT,))
def loss_from_scores(answer, rng):
    scores, single = apart(rng, 5, 4), apart(rng, 1, 3)
    for row, best in zip([*scores, *single], [*rng.permutation([0, 1, 2, 3, 1]), rng.integers(1, 3)], strict=True):
        row[:] = np.roll(row, best - row.argmax())
    # Rolled as a whole, so that no two sums of entries are equal by chance.
    whole = np.roll([[3, 0, -2, 1], [5, 4, 1, -1], [0, 2, 6, -4]], rng.integers(4), axis=1)
    large = np.array([[800.0, 799.0, -800.0], [-800.0, -798.5, -801.0], [2.0, 0.5, 700.0], [600.0, 0.0, -600.0]])
    large = np.roll(large + eighths(rng, 4, 3), rng.integers(3), axis=1)

    def at(given, i):
        return item(answer.loss_from_scores(given.copy(), some_right(given)), i, 3)

    def ordinary(i):
        return {
            "five examples": at(scores, i),
            "one example": at(single, i),
            "whole numbers": at(whole, i),
        }

    return {
        "probabilities": lambda: ordinary(0),
        "predicted classes": lambda: ordinary(1),
        "mean loss": lambda: ordinary(2),
        f"probabilities, {FAR}": lambda: at(large, 0),
        f"predicted classes, {FAR}": lambda: at(large, 1),
        f"mean loss, {FAR}": lambda: at(large, 2),
        BATCH_KEPT: lambda: afterwards(answer.loss_from_scores, scores=scores, classes=some_right(scores)),
    }


def some_right(scores):
    """Right classes: the least probable one for every other example, the most probable one for the rest."""
    return np.where(np.arange(len(scores)) % 2, scores.argmax(axis=1), scores.argmin(axis=1))
