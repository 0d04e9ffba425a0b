"""A publisher killed again and again beside a reader: nothing acknowledged is lost, no mixed release is seen."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from catalog.states import State
from catalog.verification import check_at_start, verify

PROGRAMS = Path(__file__).resolve().parents[1] / "programs"
CONFTEST = Path(__file__).with_name("conftest.py")
KILLS = int(os.environ.get("XAFSCAT_TEST_KILLS", "20"))


@contextmanager
def reader(public: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(PROGRAMS / "read.py"), str(public)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def killed_publisher(home: Path, seed: int, sentences: int, seconds: float) -> list[tuple[str, str]]:
    """What the publisher said that was killed ``seconds`` after that many sentences beyond its first.

    Counted in what it did, not in time alone: a slow disk must not keep it from ever publishing.
    """
    command = [sys.executable, str(PROGRAMS / "publish.py"), str(CONFTEST), str(home), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        heard = [process.stdout.readline() for _ in range(1 + sentences)]
        time.sleep(seconds)
        process.kill()
        # Half a line was not said.
        said = [*heard, *(line for line in process.stdout if line.endswith("\n"))]
    return [(line.split()[0], line.split()[1]) for line in said]


def test_kills_lose_nothing_that_was_acknowledged(make_world: Any) -> None:
    world = make_world()
    home = world.settings.home
    world.publish()
    chance = random.Random(7)
    saved: set[str] = set()
    last = 1
    with reader(world.public) as reading:
        for seed in range(KILLS):
            said = killed_publisher(home, seed, chance.randrange(4), chance.uniform(0.0, 0.15))
            assert said[0] == ("ready", "clean")
            saved.update(what for word, what in said if word == "saved")
            numbers = [int(what) for word, what in said if word == "published"]
            last = max([last, *numbers])
            assert world.release_number() >= last
        seen, _ = reading.communicate("stop")
    report = json.loads(seen)
    assert report["problems"] == []
    assert report["opened"] > KILLS
    assert report["releases"] > 1
    check_at_start(world.settings, world.registry, now=world.now, actor="test")
    assert not list((world.public / "releases").glob("*.tmp"))
    assert world.registry.latest_release().number >= last
    world.publish()
    assert {record.id for record in world.registry.records()} >= saved
    public = {record.id for record in world.registry.records(states=[State.PUBLISHED])}
    release = world.release()
    assert set(release.ids()) == public
    release.close()
    assert len(saved) > KILLS / 2
    assert verify(world.settings, world.registry) == []
