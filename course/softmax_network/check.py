"""The tasks of unit 9. Scores of 800 and -800 are among the inputs: they are a point of this unit."""

import re
from types import MappingProxyType

import numpy as np

from course.check import Unit
from course.check.comparing import EQUAL, differs
from course.check.extremes import magnified, unlikely_for
from course.check.parts import entries, item, judged, raises
from course.check.plain import Raised

unit = Unit("softmax_network")


def apart(rng, *shape):
    """Numbers that lie at least 0.3 apart along the last axis, in a random order, none of them whole."""
    steps = np.arange(shape[-1]) - 0.5 * shape[-1] + 0.25
    return rng.permuted(0.7 * np.broadcast_to(steps, shape) + rng.uniform(-0.2, 0.2, size=shape), axis=-1)


def eighths(rng, *shape):
    """Random multiples of 1/8 below 1: added to 800 they are exact even in float32."""
    return rng.integers(0, 8, size=shape) / 8


@unit.task(points=2)
def log_softmax(answer, rng):
    vector, batch, kept = apart(rng, 5), apart(rng, 3, 4), apart(rng, 2, 3)
    high = rng.permutation([800.0, 5.0, -800.0, -790.0]) + eighths(rng, 4)
    low = rng.permutation([-800.0, -802.0, -803.0, -806.0]) + eighths(rng, 4)
    rows = np.array([[800.0, 799.0, 797.0, 796.0], [-799.0, -800.0, -801.0, -803.0], [400.0, 399.0, 390.0, -400.0]])
    rows = rng.permuted(rng.permutation(rows) + eighths(rng, 3, 4), axis=1)
    whole = rng.permuted([[3, 0, -2, 1], [5, 4, 1, -1]], axis=1)
    return {
        "a vector": lambda: answer.log_softmax(vector.copy()),
        "a batch, one example a row": lambda: answer.log_softmax(batch.copy()),
        "scores of 800 and -800": lambda: answer.log_softmax(high.copy()),
        "only very low scores": lambda: answer.log_softmax(low.copy()),
        "rows near 800, near -800, from 400 to -400": lambda: answer.log_softmax(rows.copy()),
        "whole numbers": lambda: answer.log_softmax(whole.copy()),
        "scores are left as they were": lambda: [answer.log_softmax(kept), kept],
    }


def network(rng, x=None, scores=None):
    """Weights of a network 4 → 5 → 3, an input and a label. The right class is neither the most nor the least probable.

    ``x`` and ``scores``, if given, replace the input and the scores h2 that would be drawn.
    """
    x = rng.uniform(0.4, 1.3, size=4) * rng.choice([-1, 1], size=4) if x is None else x
    scores = apart(rng, 3) if scores is None else scores
    W1 = rng.uniform(0.3, 0.8, size=(5, 4)) * rng.choice([-1, 1], size=(5, 4))
    z1 = 1 / (1 + np.exp(-W1 @ x))
    W2 = rng.normal(size=(3, 5))
    W2 += np.outer(scores - W2 @ z1, z1) / (z1 @ z1)  # so that W2 z1 = scores
    label = np.eye(3)[np.argsort(scores)[1]]
    return W1, W2, x, label


@unit.task(points=2)
def forward(answer, rng):
    given = network(rng)
    whole = network(rng, x=rng.permutation([0, 1, 2, -3]))
    large = network(rng, scores=rng.permutation([800.0, -90.0, -800.0]) + rng.uniform(0, 1, size=3))

    def at(inputs):
        return answer.forward(*(array.copy() for array in inputs))

    return {
        "h1": lambda: item(at(given), 0, 5),
        "z1": lambda: item(at(given), 1, 5),
        "h2": lambda: item(at(given), 2, 5),
        "p": lambda: item(at(given), 3, 5),
        "J": lambda: item(at(given), 4, 5),
        "x of whole numbers": lambda: at(whole),
        "scores of 800 and -800: p and J": lambda: [item(at(large), 3, 5), item(at(large), 4, 5)],
    }


@unit.task(points=2)
def backward(answer, rng):
    given, whole = (after_forward(*network(rng, x)) for x in (None, rng.permutation([1, 2, 3, -4])))
    long = large_network(rng)
    shapes = (400,), (400, 500), (500,), (500, 300)
    faint, hidden = network(rng), int(rng.integers(5))

    def at(inputs):
        return answer.backward(*(array.copy() for array in inputs))

    def both(i):
        """Item i of the result; that of a large network, with too many entries to nudge each; and the derivatives by
        what another network's loss hardly depends on, where a nudge is lost."""
        found, large = item(at(given), i, 4), item(at(long), i, 4)
        score = unlikely_for(found)
        edge, rows = at_the_edge(faint, hidden, score)
        of_edge = magnified(item(at(edge), i, 4), np.exp(score), rows[i])
        return [found, entries(large, shapes[i]), of_edge]

    return {
        "dh2": lambda: both(0),
        "dW2": lambda: both(1),
        "dh1": lambda: both(2),
        "dW1": lambda: both(3),
        "x of whole numbers": lambda: [at(whole), both(0)],
    }


def at_the_edge(given, hidden, score):
    """A network after its forward pass, with one hidden unit and one class so near 0 that the loss does not change with
    their scores; and the rows of dh2, dW2, dh1, dW1 that belong to these two."""
    W1, W2, x, label = (array.copy() for array in given)
    unlikely = int(np.argmin(label))
    W1[hidden] += x * (score - W1[hidden] @ x) / (x @ x)
    z1 = 1 / (1 + np.exp(-W1 @ x))
    W2[unlikely] += z1 * (score - W2[unlikely] @ z1) / (z1 @ z1)
    return after_forward(W1, W2, x, label), (unlikely, unlikely, hidden, hidden)


def large_network(rng):
    """W2, x, label, z1 and p of a network 300 → 500 → 400."""
    W1, W2 = rng.normal(size=(500, 300)) / 15, rng.normal(size=(400, 500)) / 10
    return after_forward(W1, W2, rng.normal(size=300), np.eye(400)[rng.integers(400)])


def after_forward(W1, W2, x, label):
    """W2, x, label, and z1 and p as the forward pass computes them."""
    z1 = 1 / (1 + np.exp(-W1 @ x))
    raised = np.exp(W2 @ z1)
    return W2, x, label, z1, raised / raised.sum()


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


def exponentials(rng, places=places):
    """A loss, its parameters, their gradients, and the seed of the places. Each call of an answer gets a loss of its
    own: otherwise the gradients of one call would tell what is wrong with another's."""
    seed, (table, row) = int(rng.integers(2**62)), rng.permutation(["omega", "theta", "kappa"])[:2].tolist()
    constants = {table: rng.uniform(1.0, 2.5, size=SHAPES[0]), row: rng.uniform(1.0, 2.5, size=SHAPES[1])}
    parameters = {name: rng.uniform(-0.5, 0.5, size=c.shape) for name, c in constants.items()}
    for name, c, v in (("early", 1.0, -0.5), ("middle", 3.0, 0.5), ("late", 1.5, 0.0), ("tiny", 0.001, 0.0)):
        constants[table][places(seed)[name]], parameters[table][places(seed)[name]] = c, v

    def loss(given):
        """A product of two sums of exp(c·v). The relative error of a central difference is c²·epsilon²/12."""
        sums = [np.exp(c * np.asarray(given[name], dtype=float)).sum() for name, c in constants.items()]
        return sums[0] * sums[1] / 100

    raised = {name: np.exp(c * parameters[name]) for name, c in constants.items()}
    gradients = {name: loss(parameters) * c * raised[name] / raised[name].sum() for name, c in constants.items()}
    return loss, parameters, gradients, seed


@unit.task(points=2)
def gradient_check(answer, rng, places=places, exponentials=exponentials):
    TABLE, ROW = 0, 1

    def prepared(of, wrong, options):
        """A call of the answer with some entries of one gradient multiplied by a factor, the parameters, and the seed
        of the places."""
        loss, parameters, gradients, seed = exponentials(rng)
        for name, factor in wrong.items():
            list(gradients.values())[of][places(seed)[name]] *= factor
        return lambda: answer.gradient_check(loss, parameters, gradients, **options), parameters, seed

    def result(wrong=MappingProxyType({}), **options):
        return prepared(TABLE, wrong, options)[0]

    def complaint(wrong, worst, of=TABLE, **options):
        """What the answer says about a gradient with wrong entries, of which it must name the worst."""
        call, parameters, seed = prepared(of, wrong, options)

        def told():
            said, names, entry = raises(ValueError, call), list(parameters), places(seed)[worst] if worst else ()
            given = {"parameter": names.pop(of), "others": names, "entry": list(entry), "shape": SHAPES[of]}
            return judged(names_the_entry, given, said)

        return told

    def kept():
        call, parameters, _ = prepared(TABLE, {}, {"epsilon": 0.1, "threshold": 1.0})
        return lambda: [call(), parameters]

    def each(*parts):
        return lambda: [part() for part in parts]

    return {
        "right gradients": result(),
        "right gradients, epsilon 0.1": result(epsilon=0.1, threshold=1.0),
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
        "NaN in a gradient": complaint({"not the first": np.nan}, "", ROW),
        "parameters are left as they were": kept(),
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


@unit.task(points=2)
def loss_from_scores(answer, rng):
    scores, single = apart(rng, 5, 4), apart(rng, 1, 3)
    for row, best in zip([*scores, *single], [*rng.permutation([0, 1, 2, 3, 1]), rng.integers(1, 3)], strict=True):
        row[:] = np.roll(row, best - row.argmax())
    # Rolled as a whole, so that no two sums of entries are equal by chance.
    whole = np.roll([[3, 0, -2, 1], [5, 4, 1, -1], [0, 2, 6, -4]], rng.integers(4), axis=1)
    large = np.array([[800.0, 799.0, -800.0], [-800.0, -798.5, -801.0], [2.0, 0.5, 700.0], [600.0, 0.0, -600.0]])
    large = np.roll(large, rng.integers(3), axis=1)

    def at(given):
        return answer.loss_from_scores(given.copy(), some_right(given))

    return {
        "probabilities": lambda: item(at(scores), 0, 3),
        "predicted classes": lambda: item(at(scores), 1, 3),
        "mean loss": lambda: item(at(scores), 2, 3),
        "whole numbers": lambda: at(whole),
        "a single example": lambda: at(single),
        "scores of 800 and -800": lambda: at(large),
    }


def some_right(scores):
    """Right classes: the least probable one for every other example, the most probable one for the rest."""
    return np.where(np.arange(len(scores)) % 2, scores.argmax(axis=1), scores.argmin(axis=1))
