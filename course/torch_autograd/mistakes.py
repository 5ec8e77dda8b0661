"""Unit 7: what learners get wrong, named and with a hint, and other ways to be right."""

import numpy as np
import torch

from course.torch_autograd.check import unit

# Slips that are possible in more than one task.
OTHER_ORDER = "Return the pair in the order that the description names: the value first."
LOG2 = "The logarithm is the natural one, torch.log; another base multiplies the loss by a constant."
NOT_RECORDED = (
    "backward() found nothing to go through. The tensor that f or the loss receives must be a leaf with "
    "requires_grad=True, and no detach() or no_grad() may stand between it and the result."
)
NUDGED = (
    "That is nudging: it evaluates at neighbouring points and never goes backward, so its result is not exact, and it "
    "cannot see some slopes at all. "
)

# --- value_and_gradients --------------------------------------------------------------------------

unit.mistake_in(
    "value_and_gradients",
    "requires_grad forgotten",
    {", requires_grad=True": ""},
    NOT_RECORDED,
)
unit.mistake_in(
    "value_and_gradients",
    "None for a point that f does not use",
    {"np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()": "leaf.grad"},
    "PyTorch leaves .grad at None where no gradient arrives. Ask for it, and put zeros of the point's shape there.",
)
unit.mistake_in(
    "value_and_gradients",
    "unused points left out",
    {"[np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy() for leaf in leaves]":
     "[leaf.grad.numpy() for leaf in leaves if leaf.grad is not None]"},
    "The list has one entry for each point. A point without influence has a gradient of zeros.",
)  # fmt: skip
unit.mistake_in(
    "value_and_gradients",
    "zero where an array of zeros belongs",
    {"np.zeros(leaf.shape)": "0.0"},
    "Every gradient has the shape of its point, also where it is all zeros.",
)
unit.mistake_in(
    "value_and_gradients",
    "computed in float32",
    {"torch.tensor(np.asarray(point, dtype=float), requires_grad=True)":
     "torch.tensor(np.asarray(point, dtype=float), dtype=torch.float32, requires_grad=True)"},
    "float32 has 7 digits: beside a large number a small one is lost. Ask for dtype=torch.float64.",
)  # fmt: skip
unit.mistake_in(
    "value_and_gradients",
    "whole numbers stay whole",
    {"np.asarray(point, dtype=float)": "np.asarray(point)"},
    "A tensor of whole numbers cannot require a gradient. Make every point a tensor of float64.",
)
unit.mistake_in(
    "value_and_gradients",
    "the leaf converted after requires_grad",
    {"torch.tensor(np.asarray(point, dtype=float), requires_grad=True)":
     "torch.tensor(np.asarray(point, dtype=float), dtype=torch.float32, requires_grad=True).to(torch.float64)"},
    "A conversion is an operation: what it returns is no leaf, and .grad stays None there. Give the dtype at once.",
)  # fmt: skip
unit.mistake_in(
    "value_and_gradients",
    "the dtype left to torch.tensor",
    {"np.asarray(point, dtype=float), ": "point, "},
    "torch.tensor makes float32 of Python's numbers and whole numbers of whole ones: ask for dtype=torch.float64.",
)
unit.mistake_in(
    "value_and_gradients",
    "converted by double() after requires_grad",
    {"torch.tensor(np.asarray(point, dtype=float), requires_grad=True)":
     "torch.tensor(point, requires_grad=True).double()"},
    "A conversion is an operation: what it returns is no leaf, and .grad stays None there. Give the dtype at once.",
)  # fmt: skip
unit.mistake_in(
    "value_and_gradients",
    "numbers asked of a tensor that is no leaf",
    {"torch.tensor(np.asarray(point, dtype=float), requires_grad=True)":
     "torch.tensor(point, requires_grad=True).double()",
     "np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()": "leaf.grad.numpy()"},
    "double() is an operation: what it returns is no leaf, and its .grad stays None. Give dtype=torch.float64 at once.",
)  # fmt: skip
unit.mistake_in(
    "value_and_gradients",
    "autograd.grad without allow_unused",
    {"    value.backward()\n": "    found = torch.autograd.grad(value, leaves)\n",
     "[np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy() for leaf in leaves]":
     "[one.numpy() for one in found]"},
    "torch.autograd.grad refuses a leaf that f does not use, unless you say allow_unused=True; then it gives None.",
)  # fmt: skip
unit.mistake_in(
    "value_and_gradients",
    "gradients not in a list",
    {"return value.item(), gradients": "return (value.item(), *gradients)"},
    "Return a pair: the value, and one list of all gradients.",
)
unit.mistake_in(
    "value_and_gradients",
    "one gradient without its list",
    {"return value.item(), gradients": "return value.item(), gradients[0]"},
    "Return a list with a gradient for each point, also if there is only one.",
)
unit.mistake_in(
    "value_and_gradients",
    "backward called twice",
    {"value.backward()": "value.backward(retain_graph=True)\n    value.backward()"},
    "Each call of backward() adds to .grad. Call it once.",
)
unit.mistake_in(
    "value_and_gradients",
    "one backward call for each point",
    {"value.backward()": "for _ in points:\n        value.backward(retain_graph=True)"},
    "One call fills .grad of all leaves, and each further call adds the same again. Call it once, outside the loop.",
)
unit.mistake_in(
    "value_and_gradients",
    "the value as upstream gradient",
    {"value.backward()": "value.backward(value.detach())"},
    "The backward pass begins with 1, the derivative of the value with respect to itself: value.backward().",
)
unit.mistake_in(
    "value_and_gradients",
    "the points instead of their gradients",
    {"else leaf.grad.numpy()": "else leaf.detach().numpy()"},
    "leaf holds the point itself; the gradient lies in leaf.grad.",
)
unit.mistake_in(
    "value_and_gradients",
    "in the opposite order",
    {"for leaf in leaves]": "for leaf in leaves[::-1]]"},
    "Backward goes from the end, but the list is in the order of the points.",
)
unit.mistake_in(
    "value_and_gradients",
    "the first gradient only",
    {"for leaf in leaves]": "for leaf in leaves[:1]]"},
    "f has as many gradients as inputs: return one for each point.",
)
unit.mistake_in(
    "value_and_gradients",
    "summed to one number each",
    {"else leaf.grad.numpy()": "else leaf.grad.sum().numpy()"},
    "The gradient by an array has one number for each of its entries: keep its shape.",
)
unit.mistake_in(
    "value_and_gradients",
    "gradients before the value",
    {"return value.item(), gradients": "return gradients, value.item()"},
    OTHER_ORDER,
)
unit.mistake_in(
    "value_and_gradients",
    "gradients without the value",
    {"return value.item(), gradients": "return gradients"},
    "Return both: `return value, gradients`.",
)
unit.mistake_in(
    "value_and_gradients",
    "the value without gradients",
    {"return value.item(), gradients": "return value.item()"},
    "That is the value alone. Return the gradients with it.",
)
unit.mistake_in(
    "value_and_gradients",
    "backward not called",
    {"    value.backward()\n": ""},
    "No gradient arrives before somebody goes backward: call value.backward() before you read .grad.",
)
unit.mistake_in(
    "value_and_gradients",
    "f called with the points instead of the leaves",
    {"f(*leaves)": "f(*points)"},
    "Give f the tensors that require gradients: only what is computed from them is recorded.",
)
unit.mistake_in(
    "value_and_gradients",
    "None asked for its numbers",
    {"np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()": "leaf.grad.numpy()"},
    "The .grad of a leaf without influence is None. Ask for it first, and put zeros of the point's shape there.",
)


@unit.mistake("found by nudging", NUDGED + "Make leaves, call backward() on the value, and read .grad.")
def value_and_gradients(f, *points):
    arrays = [np.array(point, dtype=float) for point in points]

    def value():
        return float(f(*[torch.tensor(array) for array in arrays]))

    h, gradients = 1e-5, []
    for array in arrays:
        gradient = np.zeros(array.shape)
        for i in np.ndindex(array.shape):
            before = array[i]
            array[i] = before + h
            above = value()
            array[i] = before - h
            gradient[i] = (above - value()) / (2 * h)
            array[i] = before
        gradients.append(gradient)
    return value(), gradients


@unit.alternative("torch.autograd.grad, tensors returned")
def value_and_gradients(f, *points):
    leaves = [torch.as_tensor(point, dtype=torch.float64).clone().requires_grad_() for point in points]
    value = f(*leaves)
    found = torch.autograd.grad(value, leaves, allow_unused=True)
    gradients = [torch.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, found)]
    return value, gradients


@unit.alternative("torch.func.grad_and_value")
def value_and_gradients(f, *points):
    tensors = [torch.tensor(point, dtype=torch.float64) for point in points]
    gradients, value = torch.func.grad_and_value(f, argnums=tuple(range(len(points))))(*tensors)
    return [float(value), gradients]


@unit.alternative("torch.autograd.functional.vjp, as lists")
def value_and_gradients(f, *points):
    value, gradients = torch.autograd.functional.vjp(f, tuple(torch.tensor(p, dtype=torch.double) for p in points))
    return value.item(), [g.tolist() for g in gradients]


@unit.alternative("one leaf at a time")
def value_and_gradients(f, *points):
    gradients = []
    for i in range(len(points)):
        tensors = [torch.tensor(np.array(point), dtype=torch.float64) for point in points]
        tensors[i].requires_grad = True
        tensors[i].grad = torch.zeros_like(tensors[i])
        value = f(*tensors)
        if value.requires_grad:
            value.backward()
        gradients.append(tensors[i].grad)
    return float(value), gradients


# --- softmax_cross_entropy ------------------------------------------------------------------------

unit.mistake_in(
    "softmax_cross_entropy",
    "sign of the gradient turned round",
    {"p - label": "label - p"},
    "Raise the logit of the right class and the loss falls: there p - label is negative, as it should be.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "sign of the loss turned round",
    {"loss = -(": "loss = ("},
    "The logarithm of a probability is negative, so the loss needs the minus in front of the sum.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "p without the label",
    {"p - label": "p"},
    "p alone is the gradient of the log of the sum. The term of the right class, -label, is missing.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "gradient transposed",
    {"torch.outer(p - label, h)": "torch.outer(h, p - label)"},
    "dL/dW has the shape of W: row i belongs to logit i, so (p - label) is the column and h the row.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "the gradient with respect to the logits",
    {"torch.outer(p - label, h)": "p - label"},
    "That is dL/d(W h), one number for each class. Carry it on to W: multiply by h on the right.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "the gradient with respect to h",
    {"torch.outer(p - label, h)": "W.T @ (p - label)"},
    "Wᵀ(p - label) is the gradient with respect to h. In the product W h the matrix receives h.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "logits in the place of h",
    {"torch.outer(p - label, h)": "torch.outer(p - label, logits)"},
    "W was multiplied by h on the way forward, so h is what comes back with it.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "upstream of log p only",
    {"torch.outer(p - label, h)": "torch.outer(-label / p, h)"},
    "-label / p is dL/dp. It still has to pass the softmax, where every logit moves every probability.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "softmax with its diagonal only",
    {"torch.outer(p - label, h)": "torch.outer(-label * (1 - p), h)"},
    "p(1 - p) is how p_i answers to its own logit. The other logits move it too, by -p_i p_j: add these paths up.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "softmax taken twice",
    {"logits = W @ h": "logits = torch.softmax(W @ h, dim=0)"},
    "Probabilities went in where logits belong. Take the softmax once.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "sigmoid instead of softmax",
    {"logits - torch.logsumexp(logits, dim=0)": "torch.nn.functional.logsigmoid(logits)"},
    "The sigmoid judges each class alone. The softmax divides by the sum over all classes, so that p sums to 1.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "divided without exp",
    {"logits - torch.logsumexp(logits, dim=0)": "torch.log(logits.abs() / logits.abs().sum())"},
    "The softmax takes the exponential of every logit first and divides then.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "mean over the classes",
    {"(label * log_p).sum()": "(label * log_p).mean()"},
    "The loss sums over the classes. A mean belongs to examples, and here is only one of them.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "loss and gradient divided by n",
    {"(label * log_p).sum()": "(label * log_p).mean()", "outer(p - label, h)": "outer(p - label, h) / len(p)"},
    "n counts the classes, not examples: nothing is divided by it.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "logarithm to base 2",
    {"-(label * log_p).sum()": "-(label * log_p.exp().log2()).sum()"},
    LOG2,
)
unit.mistake_in(
    "softmax_cross_entropy",
    "label taken for one-hot",
    {"label * log_p": "torch.nn.functional.one_hot(label.argmax(), n) * log_p",
     "p - label": "p - torch.nn.functional.one_hot(label.argmax(), n)"},
    "A label may be spread over several classes. Use all its entries, not only the largest.",
)  # fmt: skip
unit.mistake_in(
    "softmax_cross_entropy",
    "the loss of the likeliest label alone",
    {"-(label * log_p).sum()": "-log_p[label.argmax()]"},
    "A label may be spread over several classes: sum label times log p over all of them.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "binary cross-entropy of each class",
    {"-(label * log_p).sum()": "-(label * log_p + (1 - label) * torch.log(1 - log_p.exp())).sum()"},
    "With a softmax the loss is -Σ label · log p alone; the second term belongs to the sigmoid of two labels.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "cross_entropy given probabilities",
    {"-(label * log_p).sum()": "torch.nn.functional.cross_entropy(log_p.exp(), label)"},
    "torch's cross_entropy takes the softmax itself: give it the logits.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "a small number added to the probability",
    {"label * log_p": "label * torch.log(log_p.exp() + 1e-9)"},
    "Beside 1e-9 a less likely class is lost. Take log p from the logits: s - logsumexp(s).",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "a product with h that sums",
    {"torch.outer(p - label, h)": "(p - label) @ h"},
    "@ of two vectors sums over them. A column times a row is torch.outer(p - label, h).",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "entry by entry instead of a column times a row",
    {"torch.outer(p - label, h)": "(p - label) * h"},
    "* multiplies entries of the same place. A column times a row is torch.outer(p - label, h).",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "all classes count alike",
    {"(label * log_p).sum()": "log_p.sum()"},
    "Only the share that the label gives to a class counts: multiply log p by the label before you sum.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "the most probable class",
    {"(label * log_p).sum()": "log_p.max()"},
    "The loss looks at the class that is right, not at the one that the network prefers.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "gradient before the loss",
    {"return loss, dW": "return dW, loss"},
    OTHER_ORDER,
)
unit.mistake_in(
    "softmax_cross_entropy",
    "loss without gradient",
    {"return loss, dW": "return loss"},
    "Return the gradient with it: `return loss, dW`.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "the probability instead of its logarithm",
    {"-(label * log_p).sum()": "-(label * log_p.exp()).sum()"},
    "The loss is minus the logarithm of what the right class got: sum label times log p.",
)
unit.mistake_in(
    "softmax_cross_entropy",
    "the sigmoid's slope multiplied in",
    {"torch.outer(p - label, h)": "torch.outer((p - label) * p * (1 - p), h)"},
    "p - label is the gradient with respect to the logits already: softmax and logarithm leave no other factor.",
)


@unit.mistake("found by nudging", NUDGED + "Write the gradient by its formula, (p - label) times h.")
def softmax_cross_entropy(W, h, label):
    def loss(W):
        return -(label * torch.log_softmax(W @ h, dim=0)).sum()

    dW, step = torch.zeros_like(W), 1e-5
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            above, below = W.clone(), W.clone()
            above[i, j] += step
            below[i, j] -= step
            dW[i, j] = (loss(above) - loss(below)) / (2 * step)
    return loss(W), dW


@unit.mistake(
    "exp of the logits as they are",
    "e^1000 is inf, and inf / inf is NaN. Subtract the largest logit before you take exp: no probability changes.",
)
def softmax_cross_entropy(W, h, label):
    e = torch.exp(W @ h)
    p = e / e.sum()
    return -(label * torch.log(p)).sum(), torch.outer(p - label, h)


@unit.alternative("with loops")
def softmax_cross_entropy(W, h, label):
    n, m = W.shape
    logits = torch.mv(W, h)
    e = torch.exp(logits - logits.max())
    p = e / e.sum()
    loss = -sum(label[i] * torch.log(p[i]) for i in range(n))
    dW = torch.zeros(n, m, dtype=W.dtype)
    for i in range(n):
        for j in range(m):
            dW[i, j] = (p[i] - label[i]) * h[j]
    return loss, dW


@unit.alternative("column times row")
def softmax_cross_entropy(W, h, label):
    column, y = h.reshape(-1, 1), label.reshape(-1, 1)
    log_p = torch.log_softmax(W @ column, dim=0)
    return (-(y.T @ log_p)).item(), (log_p.exp() - y) @ column.T


@unit.alternative("in NumPy")
def softmax_cross_entropy(W, h, label):
    W, h, label = W.numpy(), h.numpy(), label.numpy()
    logits = W @ h
    logits -= logits.max()
    p = np.exp(logits) / np.exp(logits).sum()
    return [-np.sum(label * np.log(p)), np.outer(p - label, h)]


@unit.alternative("with the whole Jacobian of the softmax")
def softmax_cross_entropy(W, h, label):
    p = torch.softmax(W @ h, 0)
    jacobian = torch.diag(p) - p[:, None] * p[None, :]
    dlogits = jacobian @ (-label / p)
    return -(label @ p.log()), dlogits[:, None] * h


@unit.alternative("by autograd")
def softmax_cross_entropy(W, h, label):
    W = W.clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(W @ h, label)
    loss.backward()
    return loss.detach(), W.grad


# --- accumulated_gradient -------------------------------------------------------------------------

unit.mistake_in(
    "accumulated_gradient",
    "means added up",
    {"(share * loss(w, batch)).backward()": "loss(w, batch).backward()"},
    "Each backward call adds the gradient of one batch's mean. Weight it by the batch's share of all examples.",
)
unit.mistake_in(
    "accumulated_gradient",
    "mean of the means",
    {"share = len(batch) / examples": "share = 1 / len(batches)"},
    "The mean of the batches' means is the mean over the examples only where all batches are equally long.",
)
unit.mistake_in(
    "accumulated_gradient",
    "sum over the examples",
    {"share = len(batch) / examples": "share = len(batch)"},
    "That adds up all examples. Divide by their number, that of all batches together.",
)
unit.mistake_in(
    "accumulated_gradient",
    "divided by the number of batches",
    {"share = len(batch) / examples": "share = len(batch) / len(batches)"},
    "Divide by the number of examples in all batches, not by the number of batches.",
)
unit.mistake_in(
    "accumulated_gradient",
    "divided by the length twice",
    {"share = len(batch) / examples": "share = 1 / examples"},
    "loss(w, batch) is a mean already: undo its division by len(batch) before you divide by the number of all.",
)
unit.mistake_in(
    "accumulated_gradient",
    "gradient cleared for each batch",
    {"        share = len(batch) / examples": "        w.grad = None\n        share = len(batch) / examples"},
    "Clear w.grad once, before the loop. Inside it throws away what the earlier batches have added.",
)
unit.mistake_in(
    "accumulated_gradient",
    "old gradient not cleared",
    {"    w.grad = None\n": ""},
    "backward() adds to what already lies in w.grad. Clear it before the first batch.",
)
unit.mistake_in(
    "accumulated_gradient",
    "old gradient not cleared, and w.grad itself returned",
    {"    w.grad = None\n": "", "w.grad.clone()": "w.grad"},
    "backward() adds to what already lies in w.grad, your earlier result too. Clear it first, and return a clone.",
)
unit.mistake_in(
    "accumulated_gradient",
    "zero_() called on None",
    {"w.grad = None": "w.grad.zero_()"},
    "Before the first backward() .grad is None and has no zero_(): write w.grad = None instead.",
)
unit.mistake_in(
    "accumulated_gradient",
    "result cleared by the next call",
    {"    w.grad = None\n": "    if w.grad is not None:\n        w.grad.zero_()\n", "w.grad.clone()": "w.grad"},
    "You return w.grad itself and zero it in place later, so an earlier result changes with it. Return a clone.",
)
unit.mistake_in(
    "accumulated_gradient",
    "running total walked again",
    {"    for batch in batches:": "    running = 0\n    for batch in batches:",
     "(share * loss(w, batch)).backward()":
     "running = running + share * loss(w, batch)\n        running.backward(retain_graph=True)"},
    "backward() on the running total goes through the earlier batches once more. Call it on the new batch's loss only.",
)  # fmt: skip
unit.mistake_in(
    "accumulated_gradient",
    "the last batch left out",
    {"for batch in batches:": "for batch in batches[:-1] or batches:"},
    "The loop stops too early: the last batch counts as well.",
)
unit.mistake_in(
    "accumulated_gradient",
    "the first batch only",
    {"for batch in batches:": "for batch in batches[:1]:"},
    "Return after the loop, not in it: all batches count.",
)
unit.mistake_in(
    "accumulated_gradient",
    "loss computed under no_grad",
    {"(share * loss(w, batch)).backward()":
     "with torch.no_grad():\n            value = share * loss(w, batch)\n        value.backward()"},
    NOT_RECORDED,
)  # fmt: skip
unit.mistake_in(
    "accumulated_gradient",
    "w moved downhill",
    {"return w.grad.clone()": "w.data -= 0.01 * w.grad\n    return w.grad.clone()"},
    "Only the gradient is asked for: leave w where it is.",
)
unit.mistake_in(
    "accumulated_gradient",
    "the sign of a step",
    {"return w.grad.clone()": "return -w.grad"},
    "Return the gradient itself; the minus belongs to a step downhill.",
)
unit.mistake_in(
    "accumulated_gradient",
    "summed to one number",
    {"return w.grad.clone()": "return w.grad.sum()"},
    "A gradient has the shape of w.",
)
unit.mistake_in(
    "accumulated_gradient",
    "a non-leaf asked for its gradient",
    {"    w.grad = None\n": "    w = w * 1.0\n"},
    "w * 1.0 (as well as w.clone() or w.to(…)) is no leaf: backward() fills .grad of the w it came from.",
)
unit.mistake_in(
    "accumulated_gradient",
    "all batches at once",
    {"for batch in batches:": "for batch in [torch.cat(batches)]:"},
    "The batches are there because all examples together do not fit into memory: go forward and backward with each.",
)
unit.mistake_in(
    "accumulated_gradient",
    "one backward call for the sum",
    {"    for batch in batches:": "    total = 0\n    for batch in batches:",
     "(share * loss(w, batch)).backward()": "total = total + share * loss(w, batch)",
     "    return w": "    total.backward()\n    return w"},
    "That keeps the graphs of all batches until the end. Call backward() for each batch: .grad collects the sum.",
)  # fmt: skip
unit.mistake_in(
    "accumulated_gradient",
    "the loss instead of its gradient",
    {"return w.grad.clone()": "return sum(len(batch) / examples * loss(w, batch) for batch in batches)"},
    "That is the mean loss. The gradient lies in w.grad.",
)


@unit.mistake("found by nudging", NUDGED + "Call backward() on each batch's loss: w.grad collects the gradient.")
def accumulated_gradient(loss, w, batches):
    examples = sum(len(batch) for batch in batches)
    gradient, step = torch.zeros_like(w.detach()), 1e-5
    for i in np.ndindex(*w.shape):
        above, below = w.detach().clone(), w.detach().clone()
        above[i] += step
        below[i] -= step
        for batch in batches:
            gradient[i] += len(batch) / examples * (loss(above, batch) - loss(below, batch)) / (2 * step)
    return gradient


@unit.alternative("torch.autograd.grad, added up by hand")
def accumulated_gradient(loss, w, batches):
    total, count = torch.zeros_like(w), 0
    for batch in batches:
        (g,) = torch.autograd.grad(loss(w, batch), w)
        total += g * batch.shape[0]
        count += batch.shape[0]
    return total / count


@unit.alternative("sums first, one division at the end")
def accumulated_gradient(loss, w, batches):
    w.grad = torch.zeros_like(w)
    for batch in batches:
        value = loss(w, batch) * len(batch)
        value.backward()
    return w.grad / sum(map(len, batches))


@unit.alternative("with an optimizer's zero_grad, in NumPy at the end")
def accumulated_gradient(loss, w, batches):
    optimizer = torch.optim.SGD([w], lr=1.0)
    optimizer.zero_grad()
    N = torch.cat(batches).shape[0]
    for batch in batches:
        (loss(w, batch) / N * batch.shape[0]).backward()
    return w.grad.detach().numpy().copy()


@unit.alternative("a leaf of its own")
def accumulated_gradient(loss, w, batches):
    leaf = w.detach().clone().requires_grad_(True)
    lengths = torch.tensor([len(batch) for batch in batches], dtype=leaf.dtype)
    for share, batch in zip(lengths / lengths.sum(), batches):
        loss(leaf, batch).backward(share)
    return leaf.grad


# --- descend --------------------------------------------------------------------------------------

unit.mistake_in(
    "descend",
    "gradients pile up",
    {"        w.grad = None\n": ""},
    "From the second step on .grad also holds the gradients of the steps before. Clear it in each step.",
)
unit.mistake_in(
    "descend",
    "start itself made the leaf",
    {"start.detach().clone().requires_grad_()": "start.requires_grad_()"},
    "Then -= writes into start, and start requires a gradient from then on. Work on start.detach().clone().",
)
unit.mistake_in(
    "descend",
    "detached, but not made a leaf again",
    {"        with torch.no_grad():\n            w -= learning_rate * w.grad":
     "        w = (w - learning_rate * w.grad).detach()"},
    "What detach() returns requires no gradient: call requires_grad_() on it, or update w in place under no_grad().",
)  # fmt: skip
unit.mistake_in(
    "descend",
    "one loss too many",
    {"losses = []": "losses = [loss(w).item()]", "losses.append(value.item())": "losses.append(loss(w).item())"},
    "The list has one loss for each step, computed before it; the loss after the last step is not asked for.",
)
unit.mistake_in(
    "descend",
    "zero_() called on None",
    {"w.grad = None": "w.grad.zero_()"},
    "In the first step .grad is None and has no zero_(): write w.grad = None, or clear it after the update.",
)
unit.mistake_in(
    "descend",
    "gradient cleared between backward and update",
    {"        w.grad = None\n": "", "value.backward()": "value.backward()\n        w.grad.zero_()"},
    "You clear the gradient before it is used. Clear it before backward() or after the update.",
)
unit.mistake_in(
    "descend",
    "uphill",
    {"w -= learning_rate": "w += learning_rate"},
    "The gradient points to where the loss grows: subtract it.",
)
unit.mistake_in(
    "descend",
    "losses after the steps",
    {"losses.append(value.item())": "losses.append(loss(w).item())"},
    "Keep the loss that was computed before the step.",
)
unit.mistake_in(
    "descend",
    "start moves along",
    {"start.detach().clone()": "start.detach()"},
    "detach() shares its memory with start, and -= writes into it. Work on a clone.",
)
unit.mistake_in(
    "descend",
    "w still requires a gradient",
    {"return w.detach(), losses": "return w, losses"},
    "Whoever goes on computing with the result would be recorded. Return w.detach().",
)
unit.mistake_in(
    "descend",
    "losses kept with their graphs",
    {"value.item()": "value"},
    "Each tensor in the list keeps the graph of its step alive. Keep a plain number: value.item().",
)
unit.mistake_in(
    "descend",
    "learning rate ignored",
    {"learning_rate * w.grad": "0.01 * w.grad"},
    "Use learning_rate as it was passed, not a number of your own.",
)
unit.mistake_in(
    "descend",
    "the gradient without the rate",
    {"learning_rate * w.grad": "w.grad"},
    "Multiply the gradient by learning_rate; a whole gradient is usually too far.",
)
unit.mistake_in(
    "descend",
    "one step too many",
    {"range(steps)": "range(steps + 1)"},
    "range(steps) already runs so many times.",
)
unit.mistake_in(
    "descend",
    "one step too few",
    {"range(steps)": "range(1, steps)"},
    "range(1, steps) runs steps - 1 times. Count from 0.",
)
unit.mistake_in(
    "descend",
    "gradient of the start only",
    {"        value.backward()\n": "        if w.grad is None:\n            value.backward()\n",
     "        w.grad = None\n": ""},
    "After each step the slope is another one: go backward in every step.",
)  # fmt: skip
unit.mistake_in(
    "descend",
    "a new w that is no leaf",
    {"        with torch.no_grad():\n            w -= learning_rate * w.grad": "        w = w - learning_rate * w.grad",
     "        w.grad = None\n": ""},
    "w - … is recorded, and its result is no leaf: its .grad is None in the next step. Use -= under no_grad().",
)  # fmt: skip
unit.mistake_in(
    "descend",
    "updated where autograd records",
    {"        with torch.no_grad():\n            w -=": "        w -="},
    "A leaf that requires a gradient must not be changed where operations are recorded. Update under no_grad().",
)
unit.mistake_in(
    "descend",
    "only the sign of the gradient",
    {"learning_rate * w.grad": "learning_rate * w.grad.sign()"},
    "The step is as long as the slope is steep: use the gradient, not its sign.",
)
unit.mistake_in(
    "descend",
    "the gradient scaled to length 1",
    {"learning_rate * w.grad": "learning_rate * w.grad / w.grad.norm()"},
    "The step is learning_rate times the gradient as it is; nothing is normalised.",
)
unit.mistake_in(
    "descend",
    "losses before w",
    {"return w.detach(), losses": "return losses, w.detach()"},
    "Return w first, then the losses.",
)
unit.mistake_in(
    "descend",
    "w without the losses",
    {"return w.detach(), losses": "return w.detach()"},
    "Return both: `return w.detach(), losses`.",
)
unit.mistake_in(
    "descend",
    "return inside the loop",
    {"    return w.detach(), losses": "        return w.detach(), losses"},
    "The return stands inside the loop and ends it after one step.",
)
unit.mistake_in(
    "descend",
    "the last loss alone",
    {"losses.append(value.item())": "losses = value.item()"},
    "Collect the loss of every step in a list.",
)


@unit.mistake("the function with the four faults", "That is the lesson's faulty function: each of its four faults is "
              "still there. Clear the gradient in each step, work on a copy, and detach what you return.")  # fmt: skip
def descend(loss, start, learning_rate, steps):
    w = start.requires_grad_()
    losses = []
    for _ in range(steps):
        value = loss(w)
        value.backward()
        with torch.no_grad():
            w -= learning_rate * w.grad
        losses.append(value)
    return w, losses


@unit.mistake("found by nudging", NUDGED + "Call backward() on the loss in each step, and read w.grad.")
def descend(loss, start, learning_rate, steps):
    w, losses, h = start.detach().clone(), [], 1e-5
    for _ in range(steps):
        slopes = torch.zeros_like(w)
        for i in np.ndindex(*w.shape):
            above, below = w.clone(), w.clone()
            above[i] += h
            below[i] -= h
            slopes[i] = (loss(above) - loss(below)) / (2 * h)
        losses.append(loss(w).item())
        w = w - learning_rate * slopes
    return w, losses


@unit.alternative("torch.autograd.grad and a new leaf each step")
def descend(loss, start, learning_rate, steps):
    w, losses = start.clone().detach(), []
    for _ in range(steps):
        w.requires_grad_(True)
        value = loss(w)
        (g,) = torch.autograd.grad(value, [w])
        w = (w - learning_rate * g).detach()
        losses.append(float(value))
    return w, losses


@unit.alternative("with torch.optim.SGD")
def descend(loss, start, learning_rate, steps):
    w = torch.nn.Parameter(start.detach().clone())
    optimizer = torch.optim.SGD([w], lr=learning_rate)
    losses = torch.zeros(steps, dtype=w.dtype)
    for i in range(steps):
        optimizer.zero_grad()
        value = loss(w)
        value.backward()
        optimizer.step()
        losses[i] = value.detach()
    return w.data, losses


@unit.alternative("through .data, cleared after the update")
def descend(loss, start, learning_rate, steps):
    w = torch.tensor(start.tolist(), dtype=start.dtype, requires_grad=True)
    losses = []
    for _ in range(steps):
        value = loss(w)
        value.backward()
        w.data -= learning_rate * w.grad
        w.grad.zero_()
        losses += [value.detach()]
    return [w.detach().numpy(), losses]


@unit.alternative("torch.func")
def descend(loss, start, learning_rate, steps):
    slope = torch.func.grad_and_value(loss)
    w, losses = start, []
    for _ in range(steps):
        g, value = slope(w)
        w = w - learning_rate * g
        losses.append(value.item())
    return w, tuple(losses)


# --- swish ----------------------------------------------------------------------------------------

unit.mistake_in(
    "Swish",
    "σ(s) as exp(s) / (1 + exp(s))",
    {"return x * torch.sigmoid(beta * x)": "e = torch.exp(beta * x)\n        return x * e / (1 + e)",
     "s = torch.sigmoid(ctx.beta * x)": "s = torch.exp(ctx.beta * x) / (1 + torch.exp(ctx.beta * x))"},
    "e^800 is inf, and inf / inf is NaN. Write 1 / (1 + exp(-s)), or torch.sigmoid.",
)  # fmt: skip
unit.mistake_in(
    "Swish",
    "upstream gradient forgotten",
    {"return upstream * slope, None": "return slope, None"},
    "backward returns upstream times the local derivative: what comes later in the graph scales it.",
)
unit.mistake_in(
    "Swish",
    "upstream gradient summed",
    {"return upstream * slope, None": "return upstream.sum() * slope, None"},
    "Every entry has its own upstream gradient: multiply entry by entry.",
)
unit.mistake_in(
    "Swish",
    "upstream gradient twice",
    {"return upstream * slope, None": "return upstream * upstream * slope, None"},
    "Multiply by the upstream gradient once.",
)
unit.mistake_in(
    "Swish",
    "only the first term of the product rule",
    {"s + ctx.beta * x * s * (1 - s)": "s"},
    "x stands inside the sigmoid as well: the product rule has a second term, x times the sigmoid's slope.",
)
unit.mistake_in(
    "Swish",
    "only the second term of the product rule",
    {"s + ctx.beta * x * s * (1 - s)": "ctx.beta * x * s * (1 - s)"},
    "x is a factor in front of the sigmoid as well: the product rule has a first term, σ(β·x).",
)
unit.mistake_in(
    "Swish",
    "the slope of the sigmoid only",
    {"s + ctx.beta * x * s * (1 - s)": "ctx.beta * s * (1 - s)"},
    "That is the derivative of σ(β·x). Swish multiplies it by x: use the product rule.",
)
unit.mistake_in(
    "Swish",
    "inner derivative β forgotten",
    {"s + ctx.beta * x * s * (1 - s)": "s + x * s * (1 - s)"},
    "The chain rule for σ(β·x) gives a factor β.",
)
unit.mistake_in(
    "Swish",
    "x forgotten in the second term",
    {"s + ctx.beta * x * s * (1 - s)": "s + ctx.beta * s * (1 - s)"},
    "The second term of the product rule is x times the derivative of σ(β·x): keep the x.",
)
unit.mistake_in(
    "Swish",
    "sigmoid's slope without 1 - s",
    {"s + ctx.beta * x * s * (1 - s)": "s + ctx.beta * x * s"},
    "The derivative of the sigmoid is s·(1 - s).",
)
unit.mistake_in(
    "Swish",
    "sign in the product rule",
    {"s + ctx.beta * x * s * (1 - s)": "s - ctx.beta * x * s * (1 - s)"},
    "The sigmoid rises: its slope s·(1 - s) and so the second term has a plus.",
)
unit.mistake_in(
    "Swish",
    "β forgotten going backward",
    {"s = torch.sigmoid(ctx.beta * x)": "s = torch.sigmoid(x)"},
    "The sigmoid of backward must be that of forward, at β·x.",
)
unit.mistake_in(
    "Swish",
    "β forgotten going forward",
    {"torch.sigmoid(beta * x)": "torch.sigmoid(x)"},
    "The sigmoid is taken at β·x, not at x.",
)
unit.mistake_in(
    "Swish",
    "β as a factor outside",
    {"torch.sigmoid(beta * x)": "beta * torch.sigmoid(x)"},
    "β multiplies x inside the sigmoid.",
)
unit.mistake_in(
    "Swish",
    "x forgotten going forward",
    {"return x * torch.sigmoid(beta * x)": "return torch.sigmoid(beta * x)"},
    "Swish is x times the sigmoid.",
)
unit.mistake_in(
    "Swish",
    "the output saved instead of the input",
    {"ctx.save_for_backward(x)": "ctx.save_for_backward(x * torch.sigmoid(beta * x))"},
    "backward needs x. What you saved is the result of forward.",
)
unit.mistake_in(
    "Swish",
    "β remembered by the class",
    {"ctx.beta = beta": "Swish.beta = beta", "torch.sigmoid(ctx.beta * x)": "torch.sigmoid(Swish.beta * x)",
     "s + ctx.beta": "s + Swish.beta"},
    "The class is one for all calls, so the second call overwrites the first one's β. Each call has a ctx of its own.",
)  # fmt: skip
unit.mistake_in(
    "Swish",
    "not one gradient for each argument, in their order",
    {"return upstream * slope, None": "return upstream * slope"},
    "backward returns as many gradients as forward has arguments after ctx, in their order: that of x, then a None.",
)
unit.mistake_in(
    "Swish",
    "a gradient where None belongs",
    {"return upstream * slope, None": "return None, upstream * slope"},
    "β is a plain number and has no gradient: backward returns the one for x first, then None.",
)
unit.mistake_in(
    "Swish",
    "β not kept for backward",
    {"        ctx.beta = beta\n": ""},
    "backward needs β and finds it only where forward put it: ctx.beta = beta.",
)
unit.mistake_in(
    "Swish",
    "saved tensors not unpacked",
    {"(x,) = ctx.saved_tensors": "x = ctx.saved_tensors"},
    "ctx.saved_tensors is a tuple, also of one tensor: (x,) = ctx.saved_tensors.",
)
unit.mistake_in(
    "Swish",
    "upstream gradient changed in place",
    {"return upstream * slope, None": "upstream *= slope\n        return upstream, None"},
    "Other operations may receive the same upstream tensor: compute upstream * slope as a new one.",
)
unit.mistake_in(
    "Swish",
    "β ignored",
    {"torch.sigmoid(beta * x)": "torch.sigmoid(x)", "torch.sigmoid(ctx.beta * x)": "torch.sigmoid(x)",
     "s + ctx.beta * x": "s + x"},
    "That is Swish with β = 1. β multiplies x inside the sigmoid, and its slope has a factor β.",
)  # fmt: skip


class Nudged:
    @unit.mistake("found by nudging", NUDGED + "Write the slope by its formula, from the product rule.")
    class Swish(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, beta):
            ctx.save_for_backward(x)
            ctx.beta = beta
            return x * torch.sigmoid(beta * x)

        @staticmethod
        def backward(ctx, upstream):
            (x,), h = ctx.saved_tensors, 1e-5
            above, below = x + h, x - h
            slope = (above * torch.sigmoid(ctx.beta * above) - below * torch.sigmoid(ctx.beta * below)) / (2 * h)
            return upstream * slope, None


class WithSetupContext:
    @unit.alternative("forward without ctx, and setup_context")
    class Swish(torch.autograd.Function):
        @staticmethod
        def forward(x, beta):
            return x / (1 + torch.exp(-beta * x))

        @staticmethod
        def setup_context(ctx, inputs, output):
            x, ctx.b = inputs
            ctx.save_for_backward(x, output)

        @staticmethod
        def backward(ctx, grad):
            x, y = ctx.saved_tensors
            e = torch.exp(-ctx.b * x)
            return grad * (1 / (1 + e) + ctx.b * y * e / (1 + e)), None


class WithSlopeSaved:
    @unit.alternative("the slope computed on the way forward")
    class Swish(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, beta):
            s = (beta * x).sigmoid()
            ctx.save_for_backward(s * (1 + beta * x * (1 - s)))
            return x * s

        @staticmethod
        def backward(ctx, upstream):
            return ctx.saved_tensors[0] * upstream, None


class WithBetaSaved:
    @unit.alternative("beta as a tensor that is saved, in NumPy inside")
    class Swish(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, beta):
            b = torch.as_tensor(beta, dtype=x.dtype)
            ctx.save_for_backward(x, b)
            values = x.detach().numpy()
            return torch.from_numpy(values / (1 + np.exp(-float(b) * values)))

        @staticmethod
        def backward(ctx, upstream):
            x, b = ctx.saved_tensors
            s = 1 / (1 + np.exp(-b.numpy() * x.numpy()))
            slope = s + b.numpy() * x.numpy() * s * (1 - s)
            return upstream.mul(torch.from_numpy(slope)), None


class WithTanh:
    @unit.alternative("by tanh, attributes on ctx")
    class Swish(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, beta):
            ctx.x, ctx.t, ctx.beta = x, torch.tanh(beta * x / 2), beta
            return x * (1 + ctx.t) / 2

        @staticmethod
        def backward(ctx, upstream):
            inner = (1 + ctx.t) / 2 + ctx.beta * ctx.x * (1 - ctx.t**2) / 4
            return upstream * inner, None
