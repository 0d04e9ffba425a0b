"""Deposits and publishes without end, saying what is done; started by the kill test and killed at any moment.

Usage: publish.py CONFTEST HOME SEED
"""

from __future__ import annotations

import importlib.util
import random
import sys
from datetime import UTC, datetime
from pathlib import Path

from catalog.verification import check_at_start, rebuild


def main(conftest: str, home: str, seed: int) -> None:
    spec = importlib.util.spec_from_file_location("publishing_world", conftest)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    world = module.World(Path(home), keep=30)
    world.now = datetime.now(UTC).replace(microsecond=0)
    check_at_start(world.settings, world.registry, now=world.now, actor="test")
    debris = [path.name for path in (world.public / "releases").glob("*.tmp")]
    say("ready", "clean" if not debris else str(debris))
    chance = random.Random(seed)
    own: list[str] = []
    for step in range(10_000):
        identifier = f"k{seed:04d}{step:05d}"
        world.deposit(identifier, data=f"{seed} {step}")
        own.append(identifier)
        say("saved", identifier)
        if step % 3 == 2:
            world.update(chance.choice(own), title=f"Example data: changed at {step}")
        if step % 7 == 6:
            world.withdraw(own.pop(chance.randrange(len(own))))
        if step % 11 == 10:
            made = rebuild(world.settings, world.registry, now=world.now, actor="test")
        else:
            made = world.publish()
        say("published", str(made.number))


def say(word: str, what: str) -> None:
    print(word, what, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
