"""The states of a deposit and the only ways between them.

Only ``published`` and ``withdrawn`` show anything to the world; ``access`` and ``available`` of a published
record rule its files and are no states.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from catalog.errors import Conflict


class State(StrEnum):
    """Where a deposit stands.

    draft: being prepared. scheduled: complete, invisible until a date. published: public. closed: kept, never
    public. withdrawn: was public; a tombstone remains.
    """

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


GONE = (State.WITHDRAWN, State.CLOSED)
"""The states of what was taken back: its content may be deposited by another record."""

TRANSITIONS: dict[State, dict[str, State]] = {
    State.DRAFT: {
        "update": State.DRAFT,
        "schedule": State.SCHEDULED,
        "publish": State.PUBLISHED,
        "close": State.CLOSED,
    },
    State.SCHEDULED: {
        "update": State.SCHEDULED,
        "schedule": State.SCHEDULED,
        "release": State.PUBLISHED,
        "publish": State.PUBLISHED,
        "reopen": State.DRAFT,
        "close": State.CLOSED,
    },
    State.PUBLISHED: {"update": State.PUBLISHED, "withdraw": State.WITHDRAWN},
    State.CLOSED: {"update": State.CLOSED, "reopen": State.DRAFT},
    State.WITHDRAWN: {},
}
"""State -> action -> next state. ``release`` is the automatic publication of what is due."""


STATE_AFTER = {
    action: after for ways in TRANSITIONS.values() for action, after in ways.items() if action != "update"
}
"""Action -> the state it leads to, wherever it starts; ``update`` leads to none."""


def next_state(state: State, action: str) -> State:
    """The state after ``action``.

    Raises Conflict when the action is not possible in ``state``; the text lists what is.

    >>> next_state(State.PUBLISHED, "withdraw")
    <State.WITHDRAWN: 'withdrawn'>
    """
    state = State(state)
    allowed = TRANSITIONS[state]
    if action not in allowed:
        raise Conflict(f"a deposit that is {state} cannot be changed by {action!r}; {_hint(state, action)}")
    return allowed[action]


@dataclass(frozen=True, slots=True)
class Standing:
    """State of a record and its dates: all that the public projection needs beside the document.

    ``hidden_until`` is a calendar date in the configured zone; ``issued`` the first publication; ``modified``
    the last change of what is public (with zone); ``reason`` of a withdrawal by language.
    """

    state: State
    hidden_until: date | None = None
    issued: date | None = None
    modified: datetime | None = None
    withdrawn_on: date | None = None
    reason: dict[str, str] | None = None


def next_hidden_until(standing: Standing, stated: date | None) -> date | None:
    """Until when a record is hidden after an update whose form states ``stated``.

    Before it is scheduled the form decides; after that the date only moves to later. ``date.max`` stands for a date
    that could not be read, which moves nothing. A public record is not hidden again.
    """
    held = standing.hidden_until
    if standing.state is State.PUBLISHED:
        return held
    if standing.state is State.SCHEDULED and held is not None:
        return held if stated in {None, date.max} else max(stated, held)
    return stated


def _hint(state: State, action: str) -> str:
    if state is State.WITHDRAWN:
        return "a withdrawal is final"
    if action == "withdraw" and state is State.CLOSED:
        return "it was never public, and is kept so"
    if action == "withdraw":
        return "it was never public: close it instead"
    return "possible are: " + ", ".join(sorted(TRANSITIONS[state]))
