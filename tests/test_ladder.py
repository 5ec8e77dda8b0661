"""The ladder: one neuron and one two-layer network, climbed on every rung, with the same gradients.

float64 rungs agree to 1e-12, float32 rungs to 1e-6. The numeric rung is the complex step, which nothing cancels;
the central difference can do no better than about 1e-9 and is held to that.
"""

import numpy as np
import pytest

X, W = np.array([-1.0, -2.0]), np.array([2.0, -3.0, -3.0])
NEURON = np.array([0.2689414213699951, 0.5378828427399902, -0.2689414213699951])

rng = np.random.default_rng(11)
INPUT, TARGET = rng.normal(size=4), 2
W1, W2 = rng.normal(size=(3, 4)), rng.normal(size=(3, 3))


def neuron_loss(w):
    """-ln sigmoid of the score, in terms that also accept complex numbers."""
    return np.log(1 + np.exp(-(w[0] * X[0] + w[1] * X[1] + w[2])))


def network_loss(w):
    """Softmax cross-entropy of W2 σ(W1 x), for both matrices in one vector."""
    hidden = 1 / (1 + np.exp(-(w[:12].reshape(3, 4) @ INPUT)))
    scores = w[12:].reshape(3, 3) @ hidden
    return np.log(np.exp(scores).sum()) - scores[TARGET]


WEIGHTS = np.concatenate([W1.ravel(), W2.ravel()])


def flat(*gradients):
    return np.concatenate([np.ravel(g) for g in gradients])


# --- one function for each rung: the gradient of the neuron, the gradient of the network ----------------


def by_complex_step():
    from course.numeric_gradient.reference import complex_step

    return complex_step(neuron_loss, W), complex_step(network_loss, WEIGHTS)


def by_hand():
    from course.manual_backprop.reference import neuron_backward
    from course.softmax_network.reference import backward, forward

    label = np.eye(3)[TARGET]
    _, z1, _, p, _ = forward(W1, W2, INPUT, label)
    _, dW2, _, dW1 = backward(W2, INPUT, label, z1, p)
    return neuron_backward(W, X, 1)[1], flat(dW1, dW2)


def by_sympy():
    import sympy

    from course.manual_backprop.reference import symbolic_gradient

    w = sympy.symbols("w:3")
    neuron = sympy.log(1 + sympy.exp(-(w[0] * X[0] + w[1] * X[1] + w[2])))
    v = sympy.symbols("v:21")
    first, second = sympy.Matrix(3, 4, v[:12]), sympy.Matrix(3, 3, v[12:])
    scores = second * (first * sympy.Matrix(INPUT)).applyfunc(lambda h: 1 / (1 + sympy.exp(-h)))
    network = sympy.log(sum(sympy.exp(s) for s in scores)) - scores[TARGET]
    return symbolic_gradient(neuron, w)(W), symbolic_gradient(network, v)(WEIGHTS)


def by_graph():
    from course.custom_graph.reference import Expression, Graph

    def sigmoid(node):
        return 1 / (1 + (-node).exp())

    w = [Expression(value) for value in W]
    graph = Graph(-sigmoid(w[0] * X[0] + w[1] * X[1] + w[2]).log())
    graph.forward_pass()
    graph.backprop()
    v = [Expression(value) for value in WEIGHTS]
    hidden = [sigmoid(sum((v[4 * i + j] * INPUT[j] for j in range(1, 4)), v[4 * i] * INPUT[0])) for i in range(3)]
    scores = [sum((v[12 + 3 * i + j] * hidden[j] for j in (1, 2)), v[12 + 3 * i] * hidden[0]) for i in range(3)]
    network = Graph((scores[0].exp() + scores[1].exp() + scores[2].exp()).log() - scores[TARGET])
    network.forward_pass()
    network.backprop()
    return [node.gradient for node in w], [node.gradient for node in v]


def by_forward_mode():
    from course.forward_mode.network import Log, Sigmoid, Softmax, Tensor

    w = Tensor(W[:, None], requires_grad=True)
    neuron = -Log()(Sigmoid()(np.array([[*X, 1.0]]) @ w)).sum()
    first, second = Tensor(W1.T, requires_grad=True), Tensor(W2.T, requires_grad=True)
    p = Softmax()(Sigmoid()(INPUT[None] @ first) @ second)
    network = -Log()(p[0, TARGET]).sum()
    return np.ravel(neuron.by(w)), flat(network.by(first).T, network.by(second).T)


def by_tensor_engine():
    from course.tensor_engine.reference import Tensor, log, sigmoid, softmax_cross_entropy

    w = Tensor(W[:, None])
    neuron = -log(sigmoid(np.array([[*X, 1.0]]) @ w)).sum()
    neuron.backward()
    first, second = Tensor(W1), Tensor(W2)
    network = softmax_cross_entropy(sigmoid(INPUT[None] @ first.T) @ second.T, np.array([TARGET]))
    network.backward()
    return flat(w.grad), flat(first.grad, second.grad)


def by_tensorflow(dtype="float64"):
    import tensorflow as tf

    w, first, second = (tf.Variable(value.astype(dtype)) for value in (W, W1, W2))
    with tf.GradientTape(persistent=True) as tape:
        neuron = -tf.math.log(tf.sigmoid(tf.tensordot(np.array([*X, 1.0], dtype), w, 1)))
        scores = tf.linalg.matvec(second, tf.sigmoid(tf.linalg.matvec(first, INPUT.astype(dtype))))
        network = tf.nn.sparse_softmax_cross_entropy_with_logits([TARGET], scores[None])[0]
    return tape.gradient(neuron, w).numpy(), flat(*tape.gradient(network, [first, second]))


def by_torch(dtype="float64"):
    import torch

    w, first, second = (torch.tensor(value.astype(dtype), requires_grad=True) for value in (W, W1, W2))
    neuron = -torch.log(torch.sigmoid(torch.tensor([*X, 1.0], dtype=w.dtype) @ w))
    scores = second @ torch.sigmoid(first @ torch.tensor(INPUT.astype(dtype)))
    network = torch.nn.functional.cross_entropy(scores[None], torch.tensor([TARGET]))
    (by_w,) = torch.autograd.grad(neuron, [w])
    return by_w.numpy(), flat(*torch.autograd.grad(network, [first, second]))


def by_keras(dtype="float64"):
    import keras

    policy = keras.config.dtype_policy()
    keras.config.set_floatx(dtype)  # in which Keras computes losses too
    try:
        return _by_keras(dtype)
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy(policy)


def _by_keras(dtype):
    import keras
    import tensorflow as tf

    neuron = keras.Sequential([keras.Input((2,), dtype=dtype), keras.layers.Dense(1, "sigmoid", dtype=dtype)])
    neuron.set_weights([W[:2, None], W[2:]])
    network = keras.Sequential(
        [
            keras.Input((4,), dtype=dtype),
            keras.layers.Dense(3, "sigmoid", use_bias=False, dtype=dtype),
            keras.layers.Dense(3, use_bias=False, dtype=dtype),
        ]
    )
    network.set_weights([W1.T, W2.T])
    with tf.GradientTape(persistent=True) as tape:
        loss = -tf.reduce_sum(tf.math.log(neuron(tf.constant(X[None], dtype))))
        crossed = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(
            np.array([TARGET]), network(tf.constant(INPUT[None], dtype))
        )
    by_kernel, by_bias = tape.gradient(loss, neuron.trainable_variables)
    first, second = tape.gradient(crossed, network.trainable_variables)
    return flat(by_kernel, by_bias), flat(tf.transpose(first), tf.transpose(second))


FLOAT64 = (by_complex_step, by_hand, by_sympy, by_graph, by_forward_mode, by_tensor_engine, by_tensorflow, by_torch,
           by_keras)  # fmt: skip


@pytest.mark.parametrize("rung", FLOAT64, ids=lambda rung: rung.__name__)
def test_float64_rungs_agree_to_1e_12(rung):
    neuron, network = rung()
    np.testing.assert_allclose(neuron, NEURON, rtol=0, atol=1e-12)
    np.testing.assert_allclose(network, by_complex_step()[1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("rung", [by_tensorflow, by_torch, by_keras], ids=lambda rung: rung.__name__)
def test_float32_rungs_agree_to_1e_6(rung):
    neuron, network = rung("float32")
    np.testing.assert_allclose(neuron, NEURON, rtol=0, atol=1e-6)
    np.testing.assert_allclose(network, by_complex_step()[1], rtol=0, atol=1e-6)


def test_central_differences_agree_to_1e_9():
    from course.numeric_gradient.reference import central_difference

    np.testing.assert_allclose(central_difference(neuron_loss, W), NEURON, rtol=0, atol=1e-9)
    np.testing.assert_allclose(central_difference(network_loss, WEIGHTS), by_complex_step()[1], rtol=0, atol=1e-9)
