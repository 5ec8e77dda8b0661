"""Values survive the way through JSON; nothing but plain data comes out of it."""

import contextlib
import json
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from lazily import Lazily

from course.check.plain import MAX_ELEMENTS, Judged, Opaque, Raised, caught, decode, encode

torch = Lazily("torch")


def through_json(value):
    return decode(json.loads(json.dumps(encode(value))))


@given(
    hnp.arrays(
        st.sampled_from([np.float64, np.float32, np.int64, np.bool_, np.complex128]), hnp.array_shapes(min_dims=0)
    )
)
def test_arrays_come_back_bit_for_bit(array):
    back = through_json(array)
    assert back.dtype == array.dtype and back.shape == array.shape
    assert back.tobytes() == array.tobytes()


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (3, 3), (2.5, 2.5), (True, True), (1 + 2j, 1 + 2j), (10**30, 1e30), (Fraction(1, 4), 0.25),
        (sympy.Rational(1, 8), 0.125), ([1, 2], [1, 2]), ((1.0, 2.0), [1.0, 2.0]), (np.float16(0.5), 0.5),
        (np.arange(6).reshape(2, 3).T, [[0, 3], [1, 4], [2, 5]]), (np.arange(4)[::2], [0, 2]),
        (np.array([sympy.Integer(1), sympy.Float(0.5)]), [1, 0.5]), (np.longdouble(1.5), 1.5), ([], []),
    ],
)  # fmt: skip
def test_numbers_of_every_kind_become_arrays(value, want):
    back = through_json(value)
    assert isinstance(back, np.ndarray)
    np.testing.assert_array_equal(back, want)


@pytest.mark.parametrize(
    ("make", "want"),
    [
        (lambda: torch.tensor([1.0, 2.0], requires_grad=True), [1.0, 2.0]),
        (lambda: [torch.tensor(1.0), torch.tensor(2.0)], [1, 2]),
        (lambda: [[torch.tensor(3.0, requires_grad=True)] * 2] * 2, [[3, 3], [3, 3]]),
        (lambda: torch.tensor([1j]).conj(), [-1j]),
    ],
)
def test_tensors_become_arrays(make, want):
    test_numbers_of_every_kind_become_arrays(make(), want)


def test_other_plain_values():
    assert through_json(None) is None
    assert through_json("text") == "text"
    ragged = through_json((1.5, np.arange(3)))
    assert isinstance(ragged, list) and ragged[0] == 1.5
    assert through_json({"a": None, 1: "b"}) == {"a": None, "1": "b"}
    assert through_json(Raised("ValueError", "no", 3, "x = 1")) == Raised("ValueError", "no", 3, "x = 1")


@pytest.mark.parametrize(
    "value", [object(), lambda: 1, iter([1]), {1, 2}, sympy.Symbol("x"), np.zeros(MAX_ELEMENTS + 1)]
)
def test_what_is_not_plain_is_opaque(value):
    assert isinstance(through_json(value), Opaque)


def test_exceptions_and_what_a_unit_judges_come_back():
    error = caught(KeyError("k"), 3, "x[k]", "LookupError")
    assert through_json(error) == error and error.bases[:2] == ("KeyError", "LookupError")
    back = through_json([Judged("near", {"at": [1, 2]}, error), "x"])[0]
    assert (back.by, back.did) == ("near", error) and list(back.given["at"]) == [1, 2]
    earlier = {"raised": "KeyError", "message": "k", "line": 3, "code": ""}
    assert decode(earlier) == Raised("KeyError", "k", 3)


def test_nesting_ends():
    deep: list = []
    deep.append([deep, "x"])
    assert "opaque" in json.dumps(encode(deep))


@pytest.mark.parametrize(
    "forged",
    [
        {"dtype": "object", "shape": [1], "data": ""},
        {"dtype": "float64", "shape": [2], "data": ""},
        {"dtype": "float64", "shape": [-1], "data": ""},
        {"dtype": "float64", "shape": [10**9, 10**9], "data": ""},
        {"dtype": "float64", "shape": [True], "data": "AAAAAAAAAAA="},
        {"dtype": "float64", "shape": "12", "data": ""},
        {"dtype": "float64", "shape": [1], "data": "not base64!!"},
        {"dtype": ["float64"], "shape": [1], "data": ""},
        {"opaque": 3}, {"raised": "x"}, {"opaque": ""}, {"judged": "x", "given": 3},
        {"judged": "", "given": [], "did": []},
        {"raised": "", "message": "", "line": None, "code": ""},
        {"raised": "E", "message": "", "line": None, "code": "", "bases": "ValueError", "asked": ""},
        {"raised": "E", "message": "", "line": None, "code": "", "bases": [3], "asked": ""},
        {"raised": "E", "message": "", "line": None, "code": "", "bases": [], "asked": None},
        {"raised": "E", "message": "", "line": None, "code": "", "right": True},
        {"dict": [[1, 2, 3]]}, {"dict": 1}, {"unknown": 1}, {}, 3, 2.5, True,
        [None] * 20_000, "x" * 20_000,
    ],
)  # fmt: skip
def test_forged_data_is_refused(forged):
    with pytest.raises(ValueError):
        decode(forged)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["dtype", "shape", "data", "dict", "opaque"]), inner)
    ),
)


@given(json_values)
def test_any_json_is_decoded_or_refused(value):
    with contextlib.suppress(ValueError):
        decode(value)
