from __future__ import annotations

from datetime import date

import pytest

from catalog.errors import Conflict
from catalog.states import TRANSITIONS, Standing, State, next_state

ALLOWED = [
    ("draft", "update", "draft"),
    ("draft", "schedule", "scheduled"),
    ("draft", "publish", "published"),
    ("draft", "close", "closed"),
    ("scheduled", "update", "scheduled"),
    ("scheduled", "schedule", "scheduled"),
    ("scheduled", "release", "published"),
    ("scheduled", "publish", "published"),
    ("scheduled", "reopen", "draft"),
    ("scheduled", "close", "closed"),
    ("published", "update", "published"),
    ("published", "withdraw", "withdrawn"),
    ("closed", "update", "closed"),
    ("closed", "reopen", "draft"),
]
ACTIONS = sorted({action for _, action, _ in ALLOWED})


@pytest.mark.parametrize(("before", "action", "after"), ALLOWED)
def test_allowed_transitions(before: str, action: str, after: str) -> None:
    assert next_state(State(before), action) is State(after)


def test_everything_else_is_refused() -> None:
    allowed = {(before, action) for before, action, _ in ALLOWED}
    for state in State:
        for action in [*ACTIONS, "delete", ""]:
            if (state, action) not in allowed:
                with pytest.raises(Conflict):
                    next_state(state, action)


def test_every_state_has_its_transitions_and_only_known_ones() -> None:
    assert set(TRANSITIONS) == set(State)
    assert {(s.value, a, n.value) for s, row in TRANSITIONS.items() for a, n in row.items()} == set(ALLOWED)


@pytest.mark.parametrize(
    ("state", "action", "hint"),
    [
        (State.WITHDRAWN, "update", "final"),
        (State.DRAFT, "withdraw", "close it instead"),
        (State.CLOSED, "publish", "reopen, update"),
    ],
)
def test_a_refusal_says_what_to_do(state: State, action: str, hint: str) -> None:
    with pytest.raises(Conflict, match=hint):
        next_state(state, action)


def test_a_published_record_never_becomes_private_again() -> None:
    reachable, todo = set(), [State.PUBLISHED]
    while todo:
        state = todo.pop()
        reachable.add(state)
        todo += [after for after in TRANSITIONS[state].values() if after not in reachable]
    assert reachable == {State.PUBLISHED, State.WITHDRAWN}


def test_standing_needs_only_its_state() -> None:
    standing = Standing(State.SCHEDULED, hidden_until=date(2027, 4, 1))
    assert (standing.issued, standing.modified, standing.withdrawn_on, standing.reason) == (
        None,
        None,
        None,
        None,
    )
