"""Unit 6: its figures, and clear errors for input that makes no sense."""

import numpy as np
import pytest

from course.tf_tape import pictures

W, B, X = [[2.0, -3.0]], -3.0, [[-1.0, -2.0]]
BY_HAND = 0.2689414213699951


@pytest.fixture(scope="module")
def tf():
    import tensorflow

    tensorflow.get_logger().setLevel("ERROR")
    return tensorflow


@pytest.fixture(scope="module")
def reference(tf):
    from course.tf_tape import reference

    return reference


def test_product_of_the_lesson(tf, reference):
    x, y, z = tf.Variable(-2.0), tf.Variable(5.0), tf.Variable(-4.0)
    with tf.GradientTape(persistent=True) as tape:
        f = (x + y) * z
    assert [float(tape.gradient(f, v)) for v in (x, y, z)] == [-4, -4, 3]
    value, gradients = reference.tape_gradient(lambda x, y, z: (x + y) * z, [-2, 5, -4])
    assert float(value) == -12 and [float(g) for g in gradients] == [-4, -4, 3]


def test_a_second_call_fails(tf):
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        f = x * x
    tape.gradient(f, x)
    with pytest.raises(RuntimeError, match="can only be used to compute one set of gradients"):
        tape.gradient(f, x)


def neuron(tf, how, dtype):
    """Loss of the lesson's neuron, with gradients with respect to w0, w1 and b."""
    w, b, x = tf.Variable(W, dtype=dtype), tf.Variable(B, dtype=dtype), tf.constant(X, dtype=dtype)
    bce = tf.keras.losses.BinaryCrossentropy(from_logits=True, dtype=dtype)
    with tf.GradientTape() as tape:
        if how == "scalars":
            loss = -tf.math.log(1 / (1 + tf.exp(-(w[0, 0] * x[0, 0] + w[0, 1] * x[0, 1] + b))))
        else:
            scores = tf.matmul(x, w, transpose_b=True) + b
            loss = bce(tf.ones_like(scores), scores) if how == "logits" else -tf.math.log(tf.sigmoid(scores))[0, 0]
    dw, db = tape.gradient(loss, [w, b])
    return [float(loss), float(dw[0, 0]), float(dw[0, 1]), float(db)]


@pytest.mark.parametrize(("dtype", "rtol"), [("float32", 1e-6), ("float64", 1e-12)])
@pytest.mark.parametrize("how", ["scalars", "matmul", "logits"])
def test_the_neuron_three_ways(tf, how, dtype, rtol):
    expected = [0.3132616875182228, BY_HAND, 2 * BY_HAND, -BY_HAND]
    np.testing.assert_allclose(neuron(tf, how, dtype), expected, rtol=rtol)


def test_the_neuron_by_the_reference(reference):
    loss, dw, db = reference.vectorised_loss(W, B, X, [1])
    np.testing.assert_allclose(loss, 0.3132616875182228, rtol=1e-12)
    np.testing.assert_allclose(dw, [[BY_HAND, 2 * BY_HAND]], rtol=1e-12)
    np.testing.assert_allclose(db, -BY_HAND, rtol=1e-12)


def test_a_probability_as_logit_is_wrong(tf):
    bce = tf.keras.losses.BinaryCrossentropy(from_logits=True)
    assert float(bce([1.0], [1.0])) == pytest.approx(0.3132617, abs=1e-7)
    assert float(bce([1.0], [0.7310586])) == pytest.approx(0.392987, abs=1e-6)
    from_probabilities = tf.keras.losses.BinaryCrossentropy(from_logits=False)
    assert float(from_probabilities([1.0], [0.7310586])) == pytest.approx(0.3132617, abs=1e-6)


def test_large_scores_need_logits(tf, reference):
    loss, gradient = reference.loss_from_logits([-200.0], [1])
    assert float(loss) == 200 and float(gradient[0]) == -1
    from_probabilities = tf.keras.losses.BinaryCrossentropy(from_logits=False)
    assert float(from_probabilities(tf.constant([1.0]), tf.sigmoid([-200.0]))) == pytest.approx(16.118095, abs=1e-5)


def test_a_probability_as_logit_keeps_the_loss_from_0_with_either_label(tf):
    bce = tf.keras.losses.BinaryCrossentropy(from_logits=True)
    right_by_far = {1.0: 1.0, 0.0: 0.0}  # the probability for each label, where a score is right by far
    losses = {label: float(bce([label], [p])) for label, p in right_by_far.items()}
    wrong_by_far = {label: float(bce([label], [1 - p])) for label, p in right_by_far.items()}
    assert losses == pytest.approx({1.0: 0.3133, 0.0: 0.6931}, abs=1e-4)
    assert wrong_by_far == pytest.approx({1.0: 0.6931, 0.0: 1.3133}, abs=1e-4)
    assert sum(losses.values()) / 2 == pytest.approx(0.503, abs=1e-3)


def test_a_sigmoid_of_keras_remembers_its_scores(tf):
    layer = tf.keras.layers.Dense(1, activation="sigmoid", kernel_initializer="ones")
    score, label = tf.Variable([[-30.0]]), tf.constant([[1.0]])
    bce = {logits: tf.keras.losses.BinaryCrossentropy(from_logits=logits) for logits in (False, True)}
    assert float(bce[False](label, layer(score))) == 30
    with pytest.warns(UserWarning, match="received `from_logits=True`"):
        assert float(bce[True](label, layer(score))) == 30
    with tf.GradientTape() as tape:
        loss = bce[False](label, tf.keras.activations.sigmoid(score))
    assert float(loss) == 30 and float(tape.gradient(loss, score)[0, 0]) == -1


def test_no_gradient_goes_back_through_an_update(tf):
    v = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        v.assign_sub(0.2 * v)
        last = v**2
    assert float(tape.gradient(last, v)) == pytest.approx(2 * float(v))  # by the last v, not the first


def test_results_on_the_way(tf, reference):
    gradients = reference.intermediate_gradients([lambda a: a + 7.3, lambda x: x * 0.2, tf.math.log], 5)
    np.testing.assert_allclose([float(g) for g in gradients], [1 / 12.3, 1 / 12.3, 1 / 2.46, 1], rtol=1e-12)


def gradient_of(tf, compute, source):
    with tf.GradientTape() as tape:
        result = compute(source)
    return tape.gradient(result, source)


def test_reasons_for_none(tf):
    assert float(gradient_of(tf, tf.square, tf.Variable(3.0))) == 6
    assert gradient_of(tf, tf.square, tf.constant(3.0)) is None
    assert gradient_of(tf, tf.square, tf.Variable(3)) is None
    assert gradient_of(tf, tf.square, tf.Variable(3.0, trainable=False)) is None
    assert gradient_of(tf, lambda w: tf.constant(np.square(w)), tf.Variable(3.0)) is None
    assert gradient_of(tf, lambda w: tf.cast(tf.cast(w, tf.int32), tf.float32), tf.Variable(3.0)) is None


def test_the_broken_function_is_broken_and_the_repaired_one_is_not(reference):
    table, target = np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]]), np.array([1.0, 0.0, 2.0])
    for w in (np.array([2.0, -3.0]), np.array([2, -3])):
        assert reference.broken_gradient(w, table, target) is None
        np.testing.assert_allclose(reference.repaired_gradient(w, table, target), [1 / 24, -7 / 12], rtol=1e-12)


def test_jacobian_of_softmax(tf):
    s = tf.Variable([1.0, 2.0, 3.0], dtype=tf.float64)
    with tf.GradientTape(persistent=True) as tape:
        p = tf.nn.softmax(s)
    np.testing.assert_allclose(tape.gradient(p, s), np.zeros(3), atol=1e-15)
    np.testing.assert_allclose(tape.jacobian(p, s), np.diag(p) - np.outer(p, p), rtol=1e-12)


def test_a_vector_needs_a_seed_and_the_dot_product_test_finds_a_planted_fault(tf):
    @tf.custom_gradient
    def faulty_square(x):
        return x**2, lambda upstream: upstream * x

    s = tf.Variable([1.0, 2.0, 3.0], dtype=tf.float64)
    u, v = (tf.constant(direction) for direction in np.random.default_rng(6).normal(size=(2, 3)))

    def both_sides(f):
        with tf.autodiff.ForwardAccumulator(s, u) as forward, tf.GradientTape() as tape:
            y = f(s)
        return np.dot(v, forward.jvp(y)), np.dot(tape.gradient(y, s, output_gradients=v), u)

    for f, right in ((tf.nn.softmax, True), (tf.square, True), (faulty_square, False)):
        left, other = both_sides(f)
        assert bool(np.isclose(left, other, rtol=1e-12, atol=0)) == right


def test_a_variable_replaced_in_a_loop_is_lost(tf):
    v = tf.Variable(3.0)
    first = gradient_of(tf, tf.square, v)
    assert float(first) == 6 and gradient_of(tf, tf.square, v - 0.1 * first) is None
    v.assign_sub(0.1 * first)
    assert float(gradient_of(tf, tf.square, v)) == pytest.approx(4.8)


ONES = np.ones((2, 3))


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("tape_gradient", (lambda u, v: u * u, [1.0, 2.0]), "f must depend on every input, got None .* input 1"),
        ("vectorised_loss", ([[1, 2, 3]], 0, ONES[:0], []), r"X must have shape \(n, d\) with n > 0, got \(0, 3\)"),
        ("vectorised_loss", ([1, 2, 3], 0, ONES, [0, 1]), r"w must have shape \(1, 3\) to go with X, got \(3,\)"),
        ("vectorised_loss", ([[1, 2, 3]], [0], ONES, [0, 1]), r"b must be one number, got shape \(1,\)"),
        ("vectorised_loss", ([[1, 2, 3]], 0, ONES, [[0], [1]]), r"labels must have shape \(2,\) .* got \(2, 1\)"),
        ("vectorised_loss", ([[1, 2, 3]], 0, ONES, [0, -1]), "labels must be 0 or 1, got -1"),
        ("loss_from_logits", ([], []), r"scores must have shape \(n,\) with n > 0, got \(0,\)"),
        ("loss_from_logits", ([1.0, 2.0], [1]), r"labels must have shape \(2,\), got \(1,\)"),
        ("loss_from_logits", ([1.0, 2.0], [1, 0.7]), "labels must be 0 or 1, got 0.7"),
        ("intermediate_gradients", ([], 1.0), "stages must hold at least one function, got none"),
        ("repaired_gradient", ([1, 2], [1, 2], [1]), r"X must have shape \(n, d\) with n > 0, got \(2,\)"),
        ("repaired_gradient", ([1, 2], ONES, [1, 2]), r"w must have shape \(3,\) to go with X, got \(2,\)"),
        ("repaired_gradient", ([1, 2, 3], ONES, [1]), r"y must have shape \(2,\) to go with X, got \(1,\)"),
    ],
)
def test_senseless_input_is_named(reference, name, arguments, message):
    with pytest.raises(ValueError, match=f"{name}: {message}"):
        getattr(reference, name)(*arguments)


def test_pictures_say_what_they_show():
    assert pictures.product().svg == pictures.product(3).svg and "gradient 3" not in pictures.product(1).svg
    for step in range(5):
        assert pictures.logarithm(step).svg.count(">gradient ") == [0, 1, 2, 4, 6][step]
    assert "gradient None" in pictures.gap().svg and "not recorded" in pictures.gap().alt
    assert "0.31326" in pictures.wrong_logits().alt and "0.39299" in pictures.wrong_logits().alt
    assert len(pictures.product_slider().values) == 4 and len(pictures.logarithm_slider().values) == 5
    assert "q: ×−4, z: ×3" in pictures.product().svg and "y: ×0.4065" in pictures.logarithm().alt
