"""What the benchmarks share: fair timing within one run, and figures with their goals as JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

Figures = dict[str, dict]


def best_times(steps: dict[str, Callable[[], object]], seconds: float = 1.0) -> dict[str, float]:
    """Shortest time in seconds of each step. The steps take turns, so that what disturbs one disturbs all."""
    best = dict.fromkeys(steps, float("inf"))
    for step in steps.values():
        step()  # once beforehand, untimed
    end = time.perf_counter() + seconds * len(steps)
    while time.perf_counter() < end:
        for name, step in steps.items():
            before = time.perf_counter()
            step()
            best[name] = min(best[name], time.perf_counter() - before)
    return best


def figure(value: float, goal: float, unit: str, ceiling: bool = False) -> dict:
    """A measured figure with its goal; ceiling says that the goal is the most, not the least."""
    return {"value": value, "goal": goal, "unit": unit, **({"max": True} if ceiling else {})}


def report(figures: Figures, path: Path | None) -> None:
    """Print the figures, and write them to a file if there is one."""
    width = max(map(len, figures))
    for name, one in figures.items():
        reached = one["value"] <= one["goal"] if one.get("max") else one["value"] >= one["goal"]
        sign = "≤" if one.get("max") else "≥"
        value, goal = f"{one['value']:,.2f} {one['unit']}", f"{sign} {one['goal']:,g}"
        print(f"{name:<{width}}  {value:>18}  goal {goal:>9}  {'reached' if reached else 'NOT reached'}")
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
