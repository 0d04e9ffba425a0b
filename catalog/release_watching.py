"""The release that is shown, followed while it changes, and older ones that somebody still reads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from catalog.errors import CatalogError
from catalog.release_files import Layout
from catalog.releases import Release, open_current, open_release

# Harvesters go on with the release they began with; few are on their way at a time.
PAST_RELEASES = 4


class ReleaseWatcher:
    """The release that is shown, whenever it is asked for: ``watcher()`` or ``watcher.current()``.

    A look costs one ``readlink``. When the next release cannot be opened, the old one stays, ``problem`` says why,
    and it is tried again at the next look.
    """

    def __init__(self, public: Path) -> None:
        self._layout = Layout(public)
        self._release: Release | None = None
        self._lock = threading.Lock()
        self.problem: CatalogError | None = None
        self._past: OrderedDict[int, Release] = OrderedDict()

    def __call__(self) -> Release:
        """Like current."""
        return self.current()

    def current(self) -> Release:
        """The release that is shown now. Raises NoRelease or Damaged only when there is no older one to show."""
        held = self._release
        try:
            number = self._layout.current_number()
            if held is not None and number == held.number:
                return held
            return self._move(number)
        except CatalogError as error:
            if held is None:
                raise
            self.problem = error
            return held

    def past(self, number: int) -> Release | None:
        """The release of that number, while it is kept whole; the one that is shown or one before it."""
        current = self.current()
        if number == current.number:
            return current
        with self._lock:
            if number in self._past:
                self._past.move_to_end(number)
                if self._layout.release(number).is_dir():
                    return self._past[number]
                del self._past[number]
            if number > current.number:
                return None
            try:
                self._past[number] = open_release(self._layout.public, number)
            except CatalogError:
                return None
            while len(self._past) > PAST_RELEASES:
                self._past.popitem(last=False)
            return self._past[number]

    def close(self) -> None:
        """Forget the release; its files are given up when nobody uses it any more."""
        self._release = None
        self._past.clear()

    def _move(self, number: int | None) -> Release:
        with self._lock:
            if self._release is not None and self._release.number == number:
                return self._release
            self._release = open_current(self._layout.public)
            self.problem = None
            return self._release
