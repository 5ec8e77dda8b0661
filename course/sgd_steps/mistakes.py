"""Unit 10: what learners get wrong, named and with a hint, and other ways to be right."""

import numpy as np

from course.sgd_steps.check import unit

# Slips that are possible in more than one task.
UPHILL = "The gradient points uphill. To go down, subtract it."
NO_RATE = "The gradient is a slope, not a distance: multiply it by the learning rate."
IN_PLACE = "`-=`, `+=` and `*=` write into the caller's arrays. Make new ones: `w = w - ...`."
WHOLE = "An array of whole numbers cannot hold a small step. Let what you return be arrays of floats."
NORMALISED = "Take the gradient as it is. Where it is small, the step should be small too."
TWICE = "The learning rate is applied twice. It is part of this velocity already, so add the velocity as it is."
STANDS_STILL = "The velocity is not carried over: without its old part this is a plain step."
HARD_CODED = "The share that is kept is a parameter: use momentum as it was passed, not 0.9."
OLD_VELOCITY = "w moves by the new velocity: compute the velocity first, and then w."
SWAPPED = "The order is (w, velocity): w comes first."
ONLY_W = "The next step needs the velocity too: return the pair (w, velocity)."
NESTEROV = "That is Nesterov's form, which looks one step ahead. Here the velocity is updated once, and w moves by it."
FIXED = "The learning rate is a parameter: use it as it was passed, not a number of your own."
AVERAGED = "Neither framework fades the new gradient: only the old velocity is multiplied, by momentum."

# --- sgd_step -------------------------------------------------------------------------------------

unit.mistake_in("sgd_step", "uphill", {"parameters[name] - learning_rate": "parameters[name] + learning_rate"}, UPHILL)
unit.mistake_in(
    "sgd_step", "without the learning rate", {"learning_rate * gradients[name]": "gradients[name]"}, NO_RATE
)
unit.mistake_in(
    "sgd_step",
    "divided by the learning rate",
    {"learning_rate * gradients[name]": "gradients[name] / learning_rate"},
    "A smaller learning rate should make a smaller step: multiply by it.",
)
unit.mistake_in(
    "sgd_step",
    "the step instead of the parameters",
    {"parameters[name] - learning_rate": "-learning_rate"},
    "That is how far each parameter moves. Add it to where the parameter was.",
)
unit.mistake_in(
    "sgd_step",
    "the parameter among the factors",
    {"learning_rate * gradients[name]": "learning_rate * gradients[name] * parameters[name]"},
    "The step is learning rate times gradient; the value of the parameter itself is no factor of it.",
)
unit.mistake_in(
    "sgd_step",
    "the gradient's length taken out",
    {"learning_rate * gradients[name]": "learning_rate * gradients[name] / np.linalg.norm(gradients[name])"},
    NORMALISED,
)
unit.mistake_in(
    "sgd_step",
    "the sign of the gradient only",
    {"learning_rate * gradients[name]": "learning_rate * np.sign(gradients[name])"},
    NORMALISED,
)
unit.mistake_in(
    "sgd_step",
    "the gradient multiplied from the left",
    {"parameters[name] - learning_rate * gradients[name]": "(1 - learning_rate) * parameters[name] - gradients[name]"},
    "The learning rate belongs to the gradient: w - learning_rate * gradient.",
)
unit.mistake_in("sgd_step", "learning rate fixed", {"- learning_rate": "- 0.001"}, FIXED)
unit.mistake_in(
    "sgd_step",
    "the gradients changed in place",
    {"        stepped[name] =": "        gradients[name] *= learning_rate\n        stepped[name] =",
     "- learning_rate * gradients": "- gradients"},
    IN_PLACE,
)  # fmt: skip
unit.mistake_in(
    "sgd_step",
    "the whole dict of gradients multiplied",
    {"gradients[name]\n": "gradients\n"},
    "A dict cannot be multiplied. Take one gradient out of it, by the name of its parameter: gradients[name].",
)


@unit.mistake("paired by order instead of by name", "Look each gradient up by the name of its parameter.")
def sgd_step(parameters, gradients, learning_rate):
    pairs = zip(parameters, gradients.values())
    return {name: parameters[name] - learning_rate * gradient for name, gradient in pairs}


@unit.mistake("arrays changed in place", IN_PLACE)
def sgd_step(parameters, gradients, learning_rate):
    for name in parameters:
        parameters[name] -= learning_rate * gradients[name]
    return parameters


@unit.mistake("the caller's dict changed", "Put the new arrays into a new dict: the caller may still need the old one.")
def sgd_step(parameters, gradients, learning_rate):
    for name in parameters:
        parameters[name] = parameters[name] - learning_rate * gradients[name]
    return parameters


@unit.mistake("cut to whole numbers", WHOLE)
def sgd_step(parameters, gradients, learning_rate):
    stepped = {}
    for name in parameters:
        stepped[name] = np.empty_like(parameters[name])
        stepped[name][...] = parameters[name] - learning_rate * gradients[name]
    return stepped


@unit.mistake("only the first parameter", "`return` inside the loop ends it after the first parameter; put it behind.")
def sgd_step(parameters, gradients, learning_rate):
    stepped = {}
    for name in parameters:
        stepped[name] = parameters[name] - learning_rate * gradients[name]
        return stepped


@unit.mistake("a list instead of a dict", "Return a dict with the same names: a list has lost which array is which.")
def sgd_step(parameters, gradients, learning_rate):
    return [parameters[name] - learning_rate * gradients[name] for name in parameters]


@unit.mistake(
    "gradients returned", "The gradients say where to go. What is asked for is where the parameters are then."
)
def sgd_step(parameters, gradients, learning_rate):
    return {name: learning_rate * gradients[name] for name in parameters}


@unit.alternative("a dict comprehension")
def sgd_step(parameters, gradients, learning_rate):
    return {name: parameters[name] - learning_rate * gradients[name] for name in parameters}


@unit.alternative("float copies, changed in place")
def sgd_step(parameters, gradients, learning_rate):
    stepped = {name: np.array(w, dtype=float) for name, w in parameters.items()}
    for name, gradient in gradients.items():
        stepped[name] -= learning_rate * gradient
    return stepped


@unit.alternative("entry by entry, as nested lists")
def sgd_step(parameters, gradients, learning_rate):
    stepped = {}
    for name in sorted(parameters):
        new = np.zeros(parameters[name].shape)
        for i in np.ndindex(new.shape):
            new[i] = parameters[name][i] + (-learning_rate) * gradients[name][i]
        stepped[name] = new.tolist()
    return stepped


@unit.alternative("a dict of pairs, with Python's own sorting of names")
def sgd_step(parameters, gradients, learning_rate):
    return dict((name, np.add(w, np.multiply(gradients[name], -learning_rate))) for name, w in parameters.items())


@unit.alternative("a deep copy first")
def sgd_step(parameters, gradients, learning_rate):
    from copy import deepcopy

    new, slopes = deepcopy(parameters), deepcopy(gradients)
    for name in new:
        slopes[name] = learning_rate * slopes[name]
        new[name] = new[name] - slopes[name]
    return new


@unit.alternative("in float32")
def sgd_step(parameters, gradients, learning_rate):
    return {name: np.float32(w) - np.float32(learning_rate * gradients[name]) for name, w in parameters.items()}


# --- descend --------------------------------------------------------------------------------------

unit.mistake_in("descend", "uphill", {"[w - learning_rate": "[w + learning_rate"}, UPHILL)
unit.mistake_in("descend", "without the learning rate", {"learning_rate * g for": "g for"}, NO_RATE)
unit.mistake_in(
    "descend",
    "one step too few",
    {"range(steps)": "range(steps - 1)"},
    "Count the steps for steps=1: the loop has to run once.",
)
unit.mistake_in(
    "descend",
    "one step too many",
    {"range(steps)": "range(steps + 1)"},
    "There is one loss more than there are steps. The last loss is computed without a step after it.",
)
unit.mistake_in(
    "descend",
    "the gradient computed only once",
    {"losses = []\n": "losses = []\n    _, fixed = loss_and_gradients(parameters)\n",
     "zip(parameters, gradients, strict=True)": "zip(parameters, fixed)"},
    "The slope is another one after each step: ask loss_and_gradients anew inside the loop.",
)  # fmt: skip
unit.mistake_in(
    "descend",
    "gradients of earlier steps added up",
    {"losses = []\n": "losses, total = [], [0.0 * w for w in parameters]\n",
     "losses.append(loss)\n        parameters": "losses.append(loss)\n        "
     "total = [s + g for s, g in zip(total, gradients)]\n        parameters",
     "zip(parameters, gradients, strict=True)": "zip(parameters, total)"},
    "Each step uses the gradient of the place where it starts, and nothing of the steps before.",
)  # fmt: skip
unit.mistake_in(
    "descend",
    "every step from the start",
    {"losses = []\n": "losses = []\n    start = parameters\n", "zip(parameters, gradients, strict=True)":
     "zip(start, gradients)"},
    "A step begins where the one before has ended: subtract from the current parameters.",
)  # fmt: skip
unit.mistake_in(
    "descend",
    "a parameter updated before all gradients are read",
    {"parameters = [w - learning_rate * g for w, g in zip(parameters, gradients, strict=True)]":
     "for i in range(len(parameters)):\n            _, gradients = loss_and_gradients(parameters)\n"
     "            parameters[i] = parameters[i] - learning_rate * gradients[i]"},
    "All gradients of a step belong to one place. Compute them all, and only then move the parameters.",
)  # fmt: skip
unit.mistake_in(
    "descend",
    "the loss after the last step is missing",
    {"    loss, _ = loss_and_gradients(parameters)\n    losses.append(loss)\n": ""},
    "There are steps + 1 losses: after the last step compute the loss once more.",
)
unit.mistake_in(
    "descend",
    "the last loss not computed anew",
    {"    loss, _ = loss_and_gradients(parameters)\n    losses.append": "    losses.append"},
    "After the last step the loss is another one, and without any step there is none yet: ask for it once more.",
)
unit.mistake_in(
    "descend",
    "a step after the last loss",
    {"range(steps)": "range(steps + 1)", "    loss, _ = loss_and_gradients(parameters)\n    losses.append(loss)\n": ""},
    "There are steps + 1 losses, but only so many steps as asked for: after the last loss no step is taken.",
)
unit.mistake_in(
    "descend",
    "the loss at the start is missing",
    {"return parameters, losses": "return parameters, losses[1:]"},
    "There are steps + 1 losses: the first belongs to the start, before any step.",
)
unit.mistake_in(
    "descend",
    "the last loss only",
    {"return parameters, losses": "return parameters, loss"},
    "Keep every loss in a list; the way down says more than the place where it ends.",
)
unit.mistake_in(
    "descend",
    "no losses",
    {"return parameters, losses": "return parameters"},
    "Return the pair (parameters, losses).",
)
unit.mistake_in(
    "descend",
    "losses before parameters",
    {"return parameters, losses": "return losses, parameters"},
    "The parameters come first, then the losses.",
)
unit.mistake_in(
    "descend",
    "the first parameter only",
    {"parameters = [w - learning_rate * g for w, g in zip(parameters, gradients, strict=True)]":
     "parameters[0] = parameters[0] - learning_rate * gradients[0]"},
    "Every parameter moves in each step, not only the first of the list.",
)  # fmt: skip
unit.mistake_in(
    "descend",
    "a learning rate that falls",
    {"for _ in range(steps)": "for t in range(steps)", "[w - learning_rate * g": "[w - learning_rate / (t + 1) * g"},
    "Here the learning rate stays the same in every step.",
)


unit.mistake_in("descend", "learning rate fixed", {"- learning_rate": "- 0.001"}, FIXED)
unit.mistake_in(
    "descend",
    "return inside the loop",
    {"    loss, _ = loss_and_gradients(parameters)\n    losses.append(loss)\n    return": "        return"},
    "`return` inside the loop ends it after the first step: put it behind the loop, one level further out.",
)
unit.mistake_in(
    "descend",
    "the gradients' length taken out",
    {"learning_rate * g for": "learning_rate * g / np.linalg.norm(g) for"},
    NORMALISED,
)
unit.mistake_in(
    "descend",
    "only two parameters moved",
    {"zip(parameters, gradients, strict=True)": "zip(parameters[:2], gradients[:2])"},
    "The list may hold any number of arrays: go through all of them.",
)


@unit.mistake("arrays changed in place", IN_PLACE)
def descend(loss_and_gradients, parameters, learning_rate, steps):
    losses = []
    for _ in range(steps):
        loss, gradients = loss_and_gradients(parameters)
        losses.append(loss)
        for w, g in zip(parameters, gradients):
            w -= learning_rate * g
    losses.append(loss_and_gradients(parameters)[0])
    return parameters, losses


@unit.mistake(
    "the caller's list changed", "`parameters[i] = ...` writes into the list that was passed. Work on a new list."
)
def descend(loss_and_gradients, parameters, learning_rate, steps):
    losses = []
    for _ in range(steps):
        loss, gradients = loss_and_gradients(parameters)
        losses.append(loss)
        for i, g in enumerate(gradients):
            parameters[i] = parameters[i] - learning_rate * g
    losses.append(loss_and_gradients(parameters)[0])
    return parameters, losses


@unit.mistake("cut to whole numbers", WHOLE)
def descend(loss_and_gradients, parameters, learning_rate, steps):
    parameters, losses = [np.array(w) for w in parameters], []
    for _ in range(steps):
        loss, gradients = loss_and_gradients(parameters)
        losses.append(loss)
        for w, g in zip(parameters, gradients):
            w[...] = w - learning_rate * g
    losses.append(loss_and_gradients(parameters)[0])
    return parameters, losses


@unit.alternative("without in-place changes, losses as an array")
def descend(loss_and_gradients, parameters, learning_rate, steps):
    losses = np.zeros(steps + 1)
    for t in range(steps):
        losses[t], gradients = loss_and_gradients(parameters)
        parameters = [w - learning_rate * g for w, g in zip(parameters, gradients)]
    losses[steps] = loss_and_gradients(parameters)[0]
    return parameters, losses


@unit.alternative("the loss is computed before the loop and after each step")
def descend(loss_and_gradients, parameters, learning_rate, steps):
    w = [np.array(p, dtype=float) for p in parameters]
    loss, gradients = loss_and_gradients(w)
    losses = [float(loss)]
    while len(losses) <= steps:
        for i in range(len(w)):
            w[i] -= learning_rate * gradients[i]
        loss, gradients = loss_and_gradients(w)
        losses += [float(loss)]
    return tuple(w), losses


@unit.alternative("float copies, moved in place, the pair as a list")
def descend(loss_and_gradients, parameters, learning_rate, steps):
    losses, parameters = [], [np.array(w, dtype=float) for w in parameters]
    for t in range(steps + 1):
        loss, gradients = loss_and_gradients(parameters)
        losses.append(loss)
        if t < steps:
            for w, g in zip(parameters, gradients):
                w -= learning_rate * g
    return [parameters, losses]


@unit.alternative("a recursion over the steps")
def descend(loss_and_gradients, parameters, learning_rate, steps):
    loss, gradients = loss_and_gradients(parameters)
    if steps == 0:
        return list(parameters), [loss]
    moved = [np.subtract(w, learning_rate * g) for w, g in zip(parameters, gradients)]
    end, losses = descend(loss_and_gradients, moved, learning_rate, steps - 1)
    return end, [loss, *losses]


# --- momentum -------------------------------------------------------------------------------------

KERAS, TORCH = "keras_momentum_step", "torch_momentum_step"

unit.mistake_in(KERAS, "Keras: uphill", {"velocity - learning_rate": "velocity + learning_rate"}, UPHILL)
unit.mistake_in(
    KERAS,
    "Keras: velocity of opposite sign",
    {"velocity - learning_rate": "velocity + learning_rate", "w + velocity": "w - velocity"},
    "The velocity is the change of w itself, so it points downhill and is added to w.",
)
unit.mistake_in(
    KERAS,
    "Keras: PyTorch's convention",
    {"momentum * velocity - learning_rate * gradient": "momentum * velocity + gradient",
     "w + velocity": "w - learning_rate * velocity"},
    "That is PyTorch's way. In Keras the learning rate is part of the velocity, and w moves by exactly the velocity.",
)  # fmt: skip
unit.mistake_in(
    KERAS,
    "Keras: the new gradient faded too",
    {"- learning_rate * gradient": "- (1 - momentum) * learning_rate * gradient"},
    AVERAGED,
)
unit.mistake_in(
    KERAS,
    "Keras: w moves by the old velocity",
    {"velocity = momentum": "old, velocity = velocity, momentum", "w + velocity": "w + old"},
    OLD_VELOCITY,
)
unit.mistake_in(
    KERAS,
    "Keras: Nesterov",
    {"w + velocity": "w + momentum * velocity - learning_rate * gradient"},
    NESTEROV,
)
unit.mistake_in(KERAS, "Keras: nothing carried over", {"momentum * velocity - ": "-"}, STANDS_STILL)
unit.mistake_in(
    KERAS,
    "Keras: nothing fades",
    {"momentum * velocity - ": "velocity - "},
    "Without friction w never comes to rest: multiply the old velocity by momentum.",
)
unit.mistake_in(KERAS, "Keras: learning rate twice", {"w + velocity": "w + learning_rate * velocity"}, TWICE)
unit.mistake_in(KERAS, "Keras: learning rate fixed", {"learning_rate * gradient": "0.001 * gradient"}, FIXED)
unit.mistake_in(KERAS, "Keras: momentum fixed at 0.9", {"momentum * velocity": "0.9 * velocity"}, HARD_CODED)
unit.mistake_in(
    KERAS,
    "Keras: momentum on both terms",
    {"momentum * velocity - learning_rate * gradient": "momentum * (velocity - learning_rate * gradient)"},
    AVERAGED.replace("Neither framework fades", "Keras does not fade"),
)
unit.mistake_in(KERAS, "Keras: velocity before w", {"w + velocity, velocity": "velocity, w + velocity"}, SWAPPED)
unit.mistake_in(KERAS, "Keras: the velocity not returned", {"w + velocity, velocity": "w + velocity"}, ONLY_W)
unit.mistake_in(
    KERAS,
    "Keras: arrays changed in place",
    {"velocity = momentum * velocity - learning_rate * gradient\n    return w + velocity, velocity":
     "velocity *= momentum\n    velocity -= learning_rate * gradient\n    w += velocity\n    return w, velocity"},
    IN_PLACE,
)  # fmt: skip

unit.mistake_in(TORCH, "PyTorch: uphill", {"w - learning_rate": "w + learning_rate"}, UPHILL)
unit.mistake_in(
    TORCH,
    "PyTorch: Keras's convention",
    {"momentum * velocity + gradient": "momentum * velocity - learning_rate * gradient",
     "w - learning_rate * velocity": "w + velocity"},
    "That is Keras's way. In PyTorch the velocity is made of gradients alone; the learning rate comes when w moves.",
)  # fmt: skip
unit.mistake_in(
    TORCH,
    "PyTorch: the new gradient faded too",
    {"velocity + gradient": "velocity + (1 - momentum) * gradient"},
    AVERAGED,
)
unit.mistake_in(
    TORCH,
    "PyTorch: w moves by the old velocity",
    {"velocity = momentum": "old, velocity = velocity, momentum", "learning_rate * velocity,": "learning_rate * old,"},
    OLD_VELOCITY,
)
unit.mistake_in(
    TORCH,
    "PyTorch: Nesterov",
    {"learning_rate * velocity,": "learning_rate * (gradient + momentum * velocity),"},
    NESTEROV,
)
unit.mistake_in(TORCH, "PyTorch: nothing carried over", {"momentum * velocity + ": ""}, STANDS_STILL)
unit.mistake_in(
    TORCH,
    "PyTorch: nothing fades",
    {"momentum * velocity + ": "velocity + "},
    "Without friction w never comes to rest: multiply the old velocity by momentum.",
)
unit.mistake_in(TORCH, "PyTorch: without the learning rate", {"w - learning_rate * velocity": "w - velocity"}, NO_RATE)
unit.mistake_in(
    TORCH,
    "PyTorch: learning rate twice",
    {"velocity + gradient": "velocity + learning_rate * gradient"},
    "The learning rate is applied twice. Leave it out of the velocity, and multiply when w moves.",
)
unit.mistake_in(TORCH, "PyTorch: learning rate fixed", {"learning_rate * velocity": "0.001 * velocity"}, FIXED)
unit.mistake_in(TORCH, "PyTorch: momentum fixed at 0.9", {"momentum * velocity": "0.9 * velocity"}, HARD_CODED)
unit.mistake_in(
    TORCH,
    "PyTorch: momentum on the gradient",
    {"momentum * velocity + gradient": "velocity + momentum * gradient"},
    "It is the old velocity that fades: multiply that by momentum, and add the gradient as it is.",
)
unit.mistake_in(
    TORCH,
    "PyTorch: velocity before w",
    {"w - learning_rate * velocity, velocity": "velocity, w - learning_rate * velocity"},
    SWAPPED,
)
unit.mistake_in(
    TORCH,
    "PyTorch: the velocity not returned",
    {"learning_rate * velocity, velocity": "learning_rate * velocity"},
    ONLY_W,
)
unit.mistake_in(
    TORCH,
    "PyTorch: arrays changed in place",
    {"velocity = momentum * velocity + gradient\n    return w - learning_rate * velocity, velocity":
     "velocity *= momentum\n    velocity += gradient\n    w -= learning_rate * velocity\n    return w, velocity"},
    IN_PLACE,
)  # fmt: skip


@unit.alternative("by way of PyTorch's velocity")
def keras_momentum_step(w, velocity, gradient, learning_rate, momentum=0.9):
    total = momentum * (velocity / -learning_rate) + gradient
    return [w - learning_rate * total, -learning_rate * total]


@unit.alternative("w first, in three terms, the velocity as a difference")
def keras_momentum_step(w, velocity, gradient, learning_rate, momentum=0.9):
    new = w + momentum * velocity - learning_rate * gradient
    return new, new - w


@unit.alternative("entry by entry")
def keras_momentum_step(w, velocity, gradient, learning_rate, momentum=0.9):
    new_w, new_velocity = np.zeros(w.shape), np.zeros(w.shape)
    for i in np.ndindex(w.shape):
        new_velocity[i] = momentum * velocity[i] - learning_rate * gradient[i]
        new_w[i] = w[i] + new_velocity[i]
    return new_w, new_velocity


@unit.alternative("copies, changed in place")
def torch_momentum_step(w, velocity, gradient, learning_rate, momentum=0.9):
    w, velocity = w.copy(), velocity.copy()
    velocity *= momentum
    velocity += gradient
    w -= learning_rate * velocity
    return w, velocity


@unit.alternative("by way of Keras's velocity")
def torch_momentum_step(w, velocity, gradient, learning_rate, momentum=0.9):
    change = -learning_rate * momentum * velocity - learning_rate * gradient
    return w + change, -change / learning_rate


@unit.alternative("both at once, as one array")
def torch_momentum_step(w, velocity, gradient, learning_rate, momentum=0.9):
    velocity = np.add(gradient, np.multiply(velocity, momentum))
    return tuple(np.stack([w - learning_rate * velocity, velocity]))


# --- adam_step ------------------------------------------------------------------------------------

unit.mistake_in("adam_step", "uphill", {"return w - learning_rate": "return w + learning_rate"}, UPHILL)
unit.mistake_in(
    "adam_step",
    "no bias correction",
    {"m_hat = m / (1 - beta1**t)": "m_hat = m", "v_hat = v / (1 - beta2**t)": "v_hat = v"},
    "m and v start from zeros and are too small at first. Correct both before w moves.",
)
unit.mistake_in(
    "adam_step",
    "only v corrected",
    {"m_hat = m / (1 - beta1**t)": "m_hat = m"},
    "m starts from zeros as well: correct it too.",
)
unit.mistake_in(
    "adam_step",
    "only m corrected",
    {"v_hat = v / (1 - beta2**t)": "v_hat = v"},
    "v starts from zeros as well: correct it too.",
)
unit.mistake_in(
    "adam_step",
    "the corrected means returned",
    {"+ epsilon), m, v": "+ epsilon), m_hat, v_hat"},
    "The next step continues the means as they were accumulated: return m and v without the correction.",
)
unit.mistake_in(
    "adam_step",
    "corrected by t times beta",
    {"beta1**t": "beta1 * t", "beta2**t": "beta2 * t"},
    "The share of the zeros after t steps is beta to the power of t: write beta**t.",
)
unit.mistake_in(
    "adam_step",
    "steps counted from 0",
    {"beta1**t": "beta1 ** (t - 1)", "beta2**t": "beta2 ** (t - 1)"},
    "t is 1 in the first step already. With 0 the correction would divide by 0.",
)
unit.mistake_in(
    "adam_step",
    "one step counted twice",
    {"beta1**t": "beta1 ** (t + 1)", "beta2**t": "beta2 ** (t + 1)"},
    "t is 1 in the first step: take it as it was passed, without adding to it.",
)
unit.mistake_in(
    "adam_step",
    "corrected as in the first step",
    {"beta1**t": "beta1", "beta2**t": "beta2"},
    "The correction fades as the means fill up: the betas are raised to the power t.",
)
unit.mistake_in(
    "adam_step",
    "the gradient not squared",
    {"gradient**2": "gradient"},
    "v is the running mean of the gradient's square, gradient**2; the root of anything else may not even exist.",
)
unit.mistake_in(
    "adam_step",
    "no root",
    {"np.sqrt(v_hat)": "v_hat"},
    "Divide by the root of the corrected v: v itself is a square, and its unit would not cancel that of m.",
)
unit.mistake_in(
    "adam_step",
    "epsilon inside the root",
    {"np.sqrt(v_hat) + epsilon": "np.sqrt(v_hat + epsilon)"},
    "epsilon is added to the root, not to what stands under it.",
)
unit.mistake_in(
    "adam_step",
    "epsilon where Keras has it",
    {"np.sqrt(v_hat) + epsilon": "np.sqrt(v_hat) + epsilon / np.sqrt(1 - beta2**t)"},
    "Keras adds epsilon to the root of the uncorrected v. Here it is added to the root of the corrected one.",
)
unit.mistake_in(
    "adam_step",
    "epsilon left out",
    {"np.sqrt(v_hat) + epsilon": "np.sqrt(v_hat)"},
    "Add epsilon to the root: it keeps 0/0 away where a gradient is 0.",
)
unit.mistake_in(
    "adam_step",
    "epsilon fixed",
    {"np.sqrt(v_hat) + epsilon": "np.sqrt(v_hat) + 1e-8"},
    "epsilon is a parameter: use it as it was passed.",
)
unit.mistake_in(
    "adam_step",
    "betas interchanged",
    {"m = beta1 * m + (1 - beta1)": "m = beta2 * m + (1 - beta2)",
     "v = beta2 * v + (1 - beta2)": "v = beta1 * v + (1 - beta1)"},
    "beta1 belongs to m and beta2 to v.",
)  # fmt: skip
unit.mistake_in(
    "adam_step",
    "betas on the wrong side",
    {"m = beta1 * m + (1 - beta1)": "m = (1 - beta1) * m + beta1",
     "v = beta2 * v + (1 - beta2)": "v = (1 - beta2) * v + beta2"},
    "beta is the share of the old mean that is kept; the new gradient has the rest, 1 - beta.",
)  # fmt: skip
unit.mistake_in(
    "adam_step",
    "sums instead of means",
    {"(1 - beta1) * gradient\n": "gradient\n", "(1 - beta2) * gradient": "gradient"},
    "In a running mean the two shares add up to 1: the new gradient has the share 1 - beta.",
)
unit.mistake_in(
    "adam_step",
    "the gradient instead of m",
    {"learning_rate * m_hat": "learning_rate * gradient"},
    "w moves along the corrected mean of the gradients, not along the newest gradient alone.",
)
unit.mistake_in(
    "adam_step",
    "v from the mean instead of the gradient",
    {"gradient**2": "m**2"},
    "v is the mean of the squared gradients, not of the squared mean.",
)
unit.mistake_in("adam_step", "learning rate fixed", {"w - learning_rate": "w - 0.001"}, FIXED)
unit.mistake_in("adam_step", "without the learning rate", {"w - learning_rate * m_hat": "w - m_hat"}, NO_RATE)
unit.mistake_in(
    "adam_step",
    "epsilon outside the fraction",
    {"m_hat / (np.sqrt(v_hat) + epsilon)": "m_hat / np.sqrt(v_hat) + epsilon"},
    "Python divides before it adds: put the root and epsilon in brackets, (np.sqrt(v_hat) + epsilon).",
)
unit.mistake_in(
    "adam_step",
    "brackets missing below the line",
    {"m_hat / (np.sqrt(v_hat) + epsilon)": "(m_hat / np.sqrt(v_hat) + epsilon)"},
    "Python divides before it adds: put the root and epsilon in brackets, (np.sqrt(v_hat) + epsilon).",
)
unit.mistake_in(
    "adam_step",
    "corrections interchanged",
    {"beta1**t)\n    v_hat = v / (1 - beta2**t)": "beta2**t)\n    v_hat = v / (1 - beta1**t)"},
    "m was made with beta1, so 1 - beta1**t corrects it; beta2 belongs to v.",
)
unit.mistake_in(
    "adam_step",
    "multiplied by the correction",
    {"m / (1 - beta1**t)": "m * (1 - beta1**t)", "v / (1 - beta2**t)": "v * (1 - beta2**t)"},
    "m and v are too small at first: dividing by 1 - beta**t makes them larger, multiplying makes them smaller still.",
)
unit.mistake_in(
    "adam_step",
    "w moves by the old means",
    {"m_hat = m / (1": "m_hat = old_m / (1", "v_hat = v / (1": "v_hat = old_v / (1",
     "    m = beta1": "    old_m, old_v = m, v\n    m = beta1"},
    "Update m and v with the new gradient first; the step is taken with the new ones.",
)  # fmt: skip
unit.mistake_in(
    "adam_step",
    "the brackets of 1 - beta**t missing",
    {"m / (1 - beta1**t)": "m / 1 - beta1**t", "v / (1 - beta2**t)": "v / 1 - beta2**t"},
    "m / 1 - beta1**t is (m / 1) - beta1**t in Python: write m / (1 - beta1**t).",
)
unit.mistake_in(
    "adam_step",
    "w returned last",
    {"return w - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon), m, v":
     "return m, v, w - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)"},
    "The order is (w, m, v): w comes first.",
)  # fmt: skip
unit.mistake_in(
    "adam_step",
    "only w returned",
    {"+ epsilon), m, v": "+ epsilon)"},
    "The next step needs m and v: return the triple (w, m, v).",
)
unit.mistake_in(
    "adam_step",
    "arrays changed in place",
    {"m = beta1 * m + (1 - beta1) * gradient\n": "m *= beta1\n    m += (1 - beta1) * gradient\n",
     "v = beta2 * v + (1 - beta2) * gradient**2": "v *= beta2\n    v += (1 - beta2) * gradient**2"},
    IN_PLACE,
)  # fmt: skip


@unit.alternative("with a corrected learning rate, epsilon scaled with it")
def adam_step(w, m, v, gradient, t, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    m = m + (1 - beta1) * (gradient - m)
    v = v + (1 - beta2) * (gradient * gradient - v)
    root = (1 - beta2**t) ** 0.5
    alpha = learning_rate * root / (1 - beta1**t)
    return w - alpha * m / (v**0.5 + epsilon * root), m, v


@unit.alternative("copies, changed in place")
def adam_step(w, m, v, gradient, t, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    w, m, v = w.copy(), m.copy(), v.copy()
    m *= beta1
    m += (1 - beta1) * gradient
    v *= beta2
    v += (1 - beta2) * np.square(gradient)
    w -= learning_rate / (1 - beta1**t) * m / (np.sqrt(v / (1 - beta2**t)) + epsilon)
    return [w, m, v]


@unit.alternative("entry by entry")
def adam_step(w, m, v, gradient, t, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    new = [np.zeros(w.shape) for _ in range(3)]
    for i in np.ndindex(w.shape):
        new[1][i] = beta1 * m[i] + (1 - beta1) * gradient[i]
        new[2][i] = beta2 * v[i] + (1 - beta2) * gradient[i] ** 2
        denominator = (new[2][i] / (1 - beta2**t)) ** 0.5 + epsilon
        new[0][i] = w[i] - learning_rate * new[1][i] / (1 - beta1**t) / denominator
    return new


@unit.alternative("with names of its own, by np.power and np.divide")
def adam_step(w, m, v, gradient, t, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    g = np.asarray(gradient, dtype=float)
    new_m = np.average([m, g], axis=0, weights=[beta1, 1 - beta1])
    new_v = np.average([v, np.power(g, 2)], axis=0, weights=[beta2, 1 - beta2])
    step = np.divide(new_m / (1 - np.power(beta1, t)), np.sqrt(new_v / (1 - np.power(beta2, t))) + epsilon)
    return tuple(np.stack([w - learning_rate * step, new_m, new_v]))


# --- largest_learning_rate ------------------------------------------------------------------------

LARGEST = "largest_learning_rate"
RETURNED = "return 2 / curvatures[-1]"

unit.mistake_in(
    LARGEST,
    "1 instead of 2",
    {RETURNED: "return 1 / curvatures[-1]"},
    "At 1/λ the steepest direction arrives in one step. It may overshoot, as long as it ends nearer than it was.",
)
unit.mistake_in(
    LARGEST,
    "the flattest direction",
    {RETURNED: "return 2 / curvatures[0]"},
    "The direction that escapes first is the steepest one, that of the largest eigenvalue.",
)
unit.mistake_in(
    LARGEST,
    "the flattest direction, and 1 instead of 2",
    {RETURNED: "return 1 / curvatures[0]"},
    "The direction that escapes first is the steepest one; and it may overshoot up to as far as it came.",
)
unit.mistake_in(
    LARGEST,
    "the best learning rate",
    {RETURNED: "return 2 / (curvatures[0] + curvatures[-1])"},
    "That is the rate at which the slowest direction is fastest. A larger one still converges.",
)
unit.mistake_in(
    LARGEST,
    "the curvature itself",
    {RETURNED: "return curvatures[-1]"},
    "The steeper the bowl, the smaller the step must be: the eigenvalue stands below the line.",
)
unit.mistake_in(
    LARGEST,
    "without the ½ of the loss",
    {RETURNED: "return 1 / (2 * curvatures[-1])"},
    "The gradient of ½ wᵀ A w is A w, with no factor of 2. How far may 1 - rate·λ go below 0?",
)
unit.mistake_in(
    LARGEST,
    "the diagonal only",
    {RETURNED: "return 2 / np.max(np.diag(A))"},
    "The diagonal holds the curvatures along the axes. A turned bowl is steepest in between: use the eigenvalues.",
)
unit.mistake_in(
    LARGEST,
    "the sum of all curvatures",
    {RETURNED: "return 2 / np.trace(A)"},
    "The trace is the sum of the eigenvalues, which is safe but too careful. The largest alone decides.",
)
unit.mistake_in(
    LARGEST,
    "the mean curvature",
    {RETURNED: "return 2 / np.mean(curvatures)"},
    "One direction that diverges is enough. Look at the steepest, not at the mean.",
)
unit.mistake_in(
    LARGEST,
    "the Frobenius norm",
    {RETURNED: "return 2 / np.linalg.norm(A)"},
    "np.linalg.norm(A) is the root of the sum of all squares. The largest eigenvalue is norm(A, 2).",
)
unit.mistake_in(
    LARGEST,
    "the largest sum of a row",
    {RETURNED: "return 2 / np.abs(A).sum(axis=1).max()"},
    "The sum of a row is only a bound for the largest eigenvalue. Use the eigenvalue itself.",
)
unit.mistake_in(
    LARGEST,
    "the root of the curvature",
    {RETURNED: "return 2 / np.sqrt(curvatures[-1])"},
    "A is symmetric, so its eigenvalues are the curvatures already; no root is needed.",
)
unit.mistake_in(
    LARGEST,
    "the last of eigenvalues that are not sorted",
    {"np.linalg.eigvalsh": "np.linalg.eigvals"},
    "np.linalg.eigvals returns the eigenvalues in no order: take their max, or use eigvalsh, which sorts them.",
)
unit.mistake_in(
    LARGEST,
    "the first of eigenvalues that are not sorted",
    {"np.linalg.eigvalsh": "np.linalg.eigvals", "curvatures[-1]": "curvatures[0]"},
    "np.linalg.eigvals returns the eigenvalues in no order: take their max, or use eigvalsh, which sorts them.",
)
unit.mistake_in(
    LARGEST,
    "the whole list of rates",
    {RETURNED: "return 2 / curvatures"},
    "There is one limit for all directions: that of the largest eigenvalue.",
)


@unit.alternative("by the matrix norm")
def largest_learning_rate(A):
    return float(2 / np.linalg.norm(A, 2))


@unit.alternative("by eigenvalues that are not sorted")
def largest_learning_rate(A):
    return 2 / max(np.linalg.eigvals(A).real)


@unit.alternative("by squaring the matrix until one direction is left")
def largest_learning_rate(A):
    power = np.array(A, dtype=float)
    for _ in range(30):
        power = power @ power
        power /= np.trace(power)
    return np.array(2 / np.trace(power @ A))


@unit.alternative("where the largest factor of a step reaches 1, by bisection")
def largest_learning_rate(A):
    low, high = 0.0, 4.0 / np.max(np.diag(A))
    for _ in range(60):
        rate = (low + high) / 2
        factors = np.abs(np.linalg.eigvalsh(np.eye(len(A)) - rate * np.asarray(A)))
        low, high = (rate, high) if factors.max() < 1 else (low, rate)
    return low
