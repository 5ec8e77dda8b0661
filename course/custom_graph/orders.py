"""What unit 3 checks of an order of nodes: graphs by the names of their nodes, and what can be wrong with an order."""

from course.check.comparing import EQUAL, describe, differs
from course.custom_graph import graphs

EARLY = "too early"


def named(graph):
    """The nodes of a graph by name. ``graph`` maps the name of each node to the names of its inputs. Nodes are made in
    the order of ``graph``, which tells an answer nothing (see ``shuffled``)."""
    kind = graphs.watched(len(graph))
    nodes = {name: kind(1.0, name) for name in graph}
    for name, before in graph.items():
        nodes[name].inputs = tuple(nodes[other] for other in before)
        nodes[name].operation = graphs.halves if before else None
    return nodes


def conclusion(faults):
    told = [f"{fault}: {', '.join(sorted(set(names)))[:100]}" for fault, names in faults.items() if names]
    return differs("; ".join(told)) if told else EQUAL


def faults_in(graph, order):
    """What is wrong with an order, and with which nodes."""
    if not isinstance(order, list) or not all(isinstance(name, str) for name in order):
        return {"expected nodes, one after the other, got": [describe(order)]}
    place = {name: i for i, name in reversed(list(enumerate(order)))}
    return {
        "missing": [name for name in graph if name not in place],
        "more than once": [name for name in graph if order.count(name) > 1],
        "no node of this graph": [name for name in place if name not in graph],
        EARLY: [
            f"{name} before {before}"
            for name, inputs in graph.items()
            for before in inputs
            if name in place and place.get(before, -1) > place[name]
        ],
    }
