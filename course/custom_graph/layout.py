"""Places for the nodes of a graph: in layers from left to right, by the same rules every time.

The method is that of K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual understanding of hierarchical system
structures", IEEE Transactions on Systems, Man, and Cybernetics 11 (1981): layers by the longest way from the
inputs, and within a layer the order by the mean place of the neighbours. It draws no random number.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

MOST = 60  # nodes that a drawing can show


class Layout:
    """Where the nodes of a graph stand, and where the lines between them pass.

    ``nodes``: the output and all that it is computed from, output first. ``place``: the layer and the height of
    each node, by id(node), in units of a box, and of the places that only lines pass. ``ways``: for each pair of a
    node and one that uses it, the keys of the places that their line passes, both ends included.
    Raises ValueError for a graph with a cycle, or of more than 60 nodes.
    """

    def __init__(self, output: Any):
        self.nodes = reachable(output)
        layer = layers(self.nodes)
        self.columns: list[list[Any]] = [[] for _ in range(1 + max(layer.values()))]
        self.ways: dict[tuple[int, int], list[Any]] = {}
        for node in self.nodes:
            self.columns[layer[id(node)]].append(id(node))
            for before in {id(n): n for n in node.inputs}.values():
                ends = id(before), id(node)
                between = [(*ends, k) for k in range(layer[id(before)] + 1, layer[id(node)])]
                self.ways[ends] = [id(before), *between, id(node)]
                for key in between:  # a long line takes a place of its own in every layer that it passes
                    self.columns[key[2]].append(key)
        self.links: dict[Any, list[Any]] = {key: [] for column in self.columns for key in column}
        for way in self.ways.values():
            for left, right in pairwise(way):
                self.links[left].append(right)
                self.links[right].append(left)
        self._sort()
        self.place = self._heights()

    def _sort(self) -> None:
        """Order each layer by the mean rank of the neighbours, to and fro."""
        for sweep in range(6):
            for column in self.columns if sweep % 2 else self.columns[::-1]:
                rank = {key: (k + 1) / (len(c) + 1) for c in self.columns for k, key in enumerate(c)}
                wish = {key: mean([rank[other] for other in self.links[key]], rank[key]) for key in column}
                column.sort(key=wish.__getitem__)

    def _heights(self) -> dict[Any, tuple[float, float]]:
        """Heights at least 1 apart within a layer (a passing line needs half of that), near those of the neighbours."""
        height = {key: k - (len(c) - 1) / 2 for c in self.columns for k, key in enumerate(c)}
        for sweep in range(8):
            for column in self.columns if sweep % 2 else self.columns[::-1]:
                wish = [mean([height[other] for other in self.links[key]], height[key]) for key in column]
                spread = [wish[0]]
                for (upper, lower), wanted in zip(pairwise(column), wish[1:], strict=True):
                    room = sum(0.5 if isinstance(key, tuple) else 1.0 for key in (upper, lower)) / 2
                    spread.append(max(wanted, spread[-1] + room))
                shift = mean(wish) - mean(spread)
                height.update({key: here + shift for key, here in zip(column, spread, strict=True)})
        top = min(height.values())
        return {key: (k, height[key] - top) for k, column in enumerate(self.columns) for key in column}


def mean(numbers: list[float], otherwise: float = 0.0) -> float:
    """The mean of the numbers, rounded so that it does not depend on their order; of none, the other value."""
    return round(sum(numbers) / len(numbers), 9) if numbers else otherwise


def reachable(output: Any) -> list[Any]:
    """The output and all that it is computed from, each once, in the order in which they are met."""
    nodes, known = [output], {id(output)}
    for node in nodes:
        for before in node.inputs:
            if id(before) not in known:
                known.add(id(before))
                nodes.append(before)
        if len(nodes) > MOST:
            raise ValueError(f"draw: a graph may have at most {MOST} nodes, this one has more")
    return nodes


def layers(nodes: list[Any]) -> dict[int, int]:
    """The layer of each node: one beyond its last input; an input of the graph stands just before its first use."""
    layer = {id(node): 0 for node in nodes}
    for _ in range(len(nodes) + 1):
        before = dict(layer)
        for node in nodes:
            layer[id(node)] = 1 + max((layer[id(n)] for n in node.inputs), default=-1)
        if layer == before:
            break
    else:
        raise ValueError("draw: the graph must have no cycle")
    for node in nodes:
        users = [layer[id(user)] for user in nodes if any(n is node for n in user.inputs)]
        if not node.inputs and users:
            layer[id(node)] = min(users) - 1
    return layer
