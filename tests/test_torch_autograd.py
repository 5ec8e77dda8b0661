"""Unit 7: its figures, agreement with the earlier units and the library, pictures, and clear errors."""

from types import SimpleNamespace

import numpy as np
import pytest
from lazily import Lazily

from course.manual_backprop.reference import cross_entropy_gradient, neuron_backward
from course.numeric_gradient.reference import central_difference, complex_step
from course.torch_autograd import pictures

torch, reference = Lazily("torch"), Lazily("course.torch_autograd.reference")


def tensor(*shape, seed=3):
    return torch.tensor(np.random.default_rng(seed).normal(size=shape))


def staged(x, y, z):
    return (x + y) * z


def mean_square(w, batch):
    return ((batch @ w - 1) ** 2).mean()


def test_figures_of_the_lessons_functions():
    value, gradients = reference.value_and_gradients(staged, -2, 5, -4)
    assert value == -12 and [g.item() for g in gradients] == [-4, -4, 3]
    x = np.arange(10)
    value, (gradient,) = reference.value_and_gradients(lambda v: (v**2 + 2 * v).sum(), x)
    assert value == 375 and np.array_equal(gradient, 2 * x + 2)


def test_numeric_by_hand_and_autograd_agree():
    w = np.array([2.0, -3.0, -3.0])
    inputs = torch.tensor([-1.0, -2.0, 1.0], dtype=torch.float64)
    value, (gradient,) = reference.value_and_gradients(lambda v: -torch.log(torch.sigmoid(v @ inputs)), w)
    loss, by_hand = neuron_backward(w, [-1.0, -2.0], 1)
    assert value == pytest.approx(0.3132616875182228, abs=1e-12) == loss
    np.testing.assert_allclose(gradient, [0.2689414213699951, 0.5378828427399902, -0.2689414213699951], atol=1e-12)
    np.testing.assert_allclose(gradient, by_hand, rtol=0, atol=1e-12)
    exact = complex_step(lambda v: np.log(1 + np.exp(-(v @ inputs.numpy()))), w)
    np.testing.assert_allclose(gradient, exact, rtol=0, atol=1e-12)


def test_a_batch_by_hand_and_by_autograd():
    w, X, labels = tensor(3), tensor(8, 3, seed=4), (tensor(8, seed=5) > 0).double()
    _, by_hand = cross_entropy_gradient(w, X, labels)
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    _, (gradient,) = reference.value_and_gradients(lambda v: loss(X @ v, labels), w)
    np.testing.assert_allclose(gradient, by_hand, rtol=0, atol=1e-12)


def test_unused_points_and_any_shape():
    _, gradients = reference.value_and_gradients(lambda a, b: a.sum(), np.ones((2, 3, 4)), [[1, 2], [3, 4]])
    assert [g.shape for g in gradients] == [(2, 3, 4), (2, 2)] and not gradients[1].any()


def test_softmax_cross_entropy_by_hand_is_autograds_and_the_numeric_one():
    W, h = tensor(10, 20).requires_grad_(), tensor(20, seed=4)
    label = torch.softmax(tensor(10, seed=5), 0)
    loss = torch.nn.functional.cross_entropy(W @ h, label)
    loss.backward()
    by_hand, dW = reference.softmax_cross_entropy(W.detach(), h, label)
    torch.testing.assert_close(by_hand, loss.detach(), rtol=0, atol=1e-12)
    torch.testing.assert_close(dW, W.grad, rtol=0, atol=1e-12)
    numeric = central_difference(
        lambda w: reference.softmax_cross_entropy(torch.tensor(w), h, label)[0].item(), W.detach().numpy()
    )
    np.testing.assert_allclose(dW, numeric, atol=1e-8)


def test_softmax_cross_entropy_of_large_logits_is_finite():
    loss, dW = reference.softmax_cross_entropy(torch.tensor([[1000.0], [0.0]]), torch.ones(1), torch.tensor([0.0, 1.0]))
    assert loss == 1000 and dW.tolist() == [[1], [-1]]


def test_batches_of_any_length_give_the_gradient_of_the_whole():
    w, X = tensor(3).requires_grad_(), tensor(7, 3, seed=4)
    w.grad = torch.full_like(w, 5.0)
    (whole,) = torch.autograd.grad(mean_square(w, X), w)
    for lengths in ([7], [4, 1, 2], [1] * 7):
        torch.testing.assert_close(
            reference.accumulated_gradient(mean_square, w, X.split(lengths)), whole, rtol=0, atol=1e-12
        )


def test_descend():
    start = torch.tensor([1.0, -2.0], dtype=torch.float64)
    w, losses = reference.descend(lambda v: (v**2).sum(), start, 0.1, 3)
    torch.testing.assert_close(w, 0.8**3 * start)
    assert losses == pytest.approx([5, 3.2, 2.048]) and start.tolist() == [1, -2] and not w.requires_grad


def test_swish_is_right_to_the_second_derivative_and_is_silu():
    x = tensor(2, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda v: reference.Swish.apply(v, 1.7), x)
    assert torch.autograd.gradgradcheck(lambda v: reference.Swish.apply(v, 1.7), x)
    (ours,) = torch.autograd.grad(reference.Swish.apply(x, 1.0).sum(), x)
    (theirs,) = torch.autograd.grad(torch.nn.functional.silu(x).sum(), x)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


def test_a_vector_as_result_needs_a_vector_of_the_callers_choice():
    s = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
    v = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)
    p = torch.softmax(s, dim=0)
    with pytest.raises(RuntimeError, match="only for scalar outputs"):
        p.backward()
    (asked,) = torch.autograd.grad(p, s, grad_outputs=v, retain_graph=True)
    assert s.grad is None
    p.backward(v)
    J = torch.autograd.functional.jacobian(lambda s: torch.softmax(s, dim=0), s)
    torch.testing.assert_close(s.grad, v @ J)
    torch.testing.assert_close(s.grad, asked)


def test_an_in_place_change_is_refused_only_where_a_node_saved_what_it_overwrites():
    x = tensor(3).requires_grad_()
    unharmed, harmed = torch.square(x), torch.exp(x)
    for y in (unharmed, harmed):
        y += 1
        assert y._version == 1
    torch.testing.assert_close(torch.autograd.grad(unharmed.sum(), x)[0], 2 * x.detach())
    with pytest.raises(RuntimeError, match=r"output 0 of Exp.*, is at version 1; expected version 0"):
        harmed.sum().backward()


def test_the_version_counter_sees_through_no_grad_but_not_through_data():
    guarded, unguarded = (torch.tensor(3.0, requires_grad=True) for _ in range(2))
    losses = guarded * guarded, unguarded * unguarded
    with torch.no_grad():
        guarded += 1
    unguarded.data += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        losses[0].backward()
    losses[1].backward()
    assert unguarded.grad == 8  # 6 would be right: the loss was computed at 3


def test_the_picture_of_a_graph_is_drawn_from_the_graph():
    shown = pictures.staged()
    assert "MulBackward0 hands gradients to AddBackward0 (×−4) and z = −4 (×3)" in shown.alt
    assert "AddBackward0 hands gradients to x = −2 (×1) and y = 5 (×1)" in shown.alt
    assert [pictures.loop(x).alt.count("MulBackward0 hands") for x in (1.6, 2.0, 3.0, 5.0)] == [4, 3, 2, 1]
    leaf = torch.ones(2, requires_grad=True)
    assert "SwishBackward" in pictures.recorded(reference.Swish.apply(leaf, 1.0).sum(), leaf=leaf).svg
    assert "No operation" in pictures.recorded(leaf, leaf=leaf).alt
    long = leaf
    for _ in range(2000):
        long = long + 1
    assert pictures.recorded(long.sum()).svg.count("<rect") == 2002
    assert pictures.staged().svg == shown.svg
    with pytest.raises(ValueError, match="recorded: the tensor must have a graph behind it"):
        pictures.recorded(torch.ones(2))


def tensors():
    return SimpleNamespace(
        W=torch.ones(2, 3), H=torch.ones(3), LABEL=torch.tensor([0.0, 1.0]),
        LEAF=torch.ones(3, requires_grad=True), ROWS=torch.ones(2, 3),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (
            ValueError,
            "value_and_gradients: there must be at least one point",
            lambda t: reference.value_and_gradients(staged),
        ),
        (ValueError, r"W must have shape \(k, d\)", lambda t: reference.softmax_cross_entropy(t.H, t.H, t.LABEL)),
        (
            ValueError,
            r"h must have shape \(3,\), got \(2,\)",
            lambda t: reference.softmax_cross_entropy(t.W, t.LABEL, t.LABEL),
        ),
        (
            ValueError,
            r"label must have shape \(2,\), got \(3,\)",
            lambda t: reference.softmax_cross_entropy(t.W, t.H, t.H),
        ),
        (
            ValueError,
            "label must be >= 0 with the sum 1",
            lambda t: reference.softmax_cross_entropy(t.W, t.H, 2 * t.LABEL),
        ),
        (
            ValueError,
            "label must be >= 0",
            lambda t: reference.softmax_cross_entropy(t.W, t.H, torch.tensor([-1.0, 2.0])),
        ),
        (
            ValueError,
            r"batches must hold examples, got the lengths \[\]",
            lambda t: reference.accumulated_gradient(sum, t.LEAF, []),
        ),
        (
            ValueError,
            r"got the lengths \[2, 0\]",
            lambda t: reference.accumulated_gradient(sum, t.LEAF, [t.ROWS, t.ROWS[:0]]),
        ),
        (
            ValueError,
            "w must be a leaf that requires",
            lambda t: reference.accumulated_gradient(sum, 2 * t.LEAF, [t.ROWS]),
        ),
        (ValueError, "w must be a leaf that requires", lambda t: reference.accumulated_gradient(sum, t.H, [t.ROWS])),
        (ValueError, "descend: learning_rate must be > 0, got 0", lambda t: reference.descend(torch.sum, t.H, 0, 1)),
        (ValueError, "descend: steps must be >= 0, got -1", lambda t: reference.descend(torch.sum, t.H, 0.1, -1)),
        (
            TypeError,
            "descend: start must be a tensor of floats, got torch.int64",
            lambda t: reference.descend(sum, t.H.long(), 1, 1),
        ),
        (
            TypeError,
            "Swish: x must be a tensor of floats, got torch.int64",
            lambda t: reference.Swish.apply(t.H.long(), 1.0),
        ),
        (
            ValueError,
            "Swish: beta must be a finite number, got nan",
            lambda t: reference.Swish.apply(t.H, float("nan")),
        ),
    ],
)
def test_bad_input_is_named(error, message, call):
    with pytest.raises(error, match=message):
        call(tensors())


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # PyTorch's own, at its first dual tensor
def test_no_grad_does_not_stop_forward_mode():
    """So the table of words in unit 4 says that it turns off reverse mode only."""
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level(), torch.no_grad():
        x = forward_ad.make_dual(torch.tensor(3.0), torch.tensor(1.0))
        assert forward_ad.unpack_dual(x * x).tangent.item() == 6.0
