"""JupyterHub's hooks: a card for each user's server, from before it starts until it has stopped.

    from course.gpu import hub

    c.Spawner.pre_spawn_hook = hub.lease
    c.Spawner.post_stop_hook = hub.give_back_card

The hub holds the lease, the server's environment names the card, and ``gpu.use("auto")`` in a notebook takes that one.
"""

from __future__ import annotations

from typing import Any

from course.gpu import leases
from course.gpu.cards import Card, find, least_busy_first
from course.gpu.choice import VARIABLE


def lease(spawner: Any) -> None:
    """Before a server starts: lease the least busy free card for its user, and name it in the environment.

    If all are taken, the server starts without a card. ``gpu.use("auto")`` in a notebook then looks again, and says
    "CPU: every GPU is taken" if that is still so.
    """
    give_back_card(spawner)
    found = find()
    for trouble in found.troubles:
        spawner.log.warning("%s", trouble)
    user = spawner.user.name
    try:
        environment = {leases.LEASES_VARIABLE: str(leases.folder())}
    except OSError as error:
        spawner.log.error("GPUs cannot be leased (%s): %s starts without one", error, user)
        return
    card = _leased(found.cards, spawner)
    if card:
        environment |= {VARIABLE: card.uuid, leases.LEASED: card.uuid, leases.LEASED_FOR: user}
        spawner.log.info("GPU %s is leased for %s", card.number, spawner.user.name)
    elif found.cards:
        spawner.log.warning("every GPU is taken: %s starts without one", spawner.user.name)
    spawner.environment = {**spawner.environment, **environment}


def give_back_card(spawner: Any) -> None:
    """After a server has stopped: end its lease."""
    environment = dict(spawner.environment)
    card = environment.pop(leases.LEASED, None)
    if card:
        leases.give_back(card)
        del environment[VARIABLE], environment[leases.LEASED_FOR]
    spawner.environment = environment


def _leased(cards: tuple[Card, ...], spawner: Any) -> Card | None:
    """The least busy free card, now leased by this process, the hub, for the user. Logs cards that cannot be leased."""
    for card in least_busy_first(cards):
        try:
            if card.idle and not leases.holder(card.uuid) and leases.take(card.uuid, who=spawner.user.name):
                return card
        except OSError as error:
            spawner.log.error("GPU %s cannot be leased (%s)", card.number, error)
    return None
