"""A worker as its parent sees it: a process to be started, spoken to, killed and buried."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from server.query.errors import Crashed, MemoryExceeded, QueryProblem
from server.query.protocol import Limits, pair
from server.query.sheets import sweep


class WorkerProcess:
    """A running worker process and the channel to it. ``trust`` lets it serve where there is no sandbox."""

    def __init__(self, limits: Limits, spool: Path, *, trust: bool = False) -> None:
        self._limits = limits
        self._spool = spool
        self.channel, theirs = pair()
        try:
            command = [sys.executable, "-P", "-m", "server.query.worker"]
            command += ["--channel", str(theirs.fileno()), "--parent", str(os.getpid())]
            command += ["--limits", limits.as_json(), "--spool", str(spool)]
            self._process = subprocess.Popen(
                [*command, "--trust"] if trust else command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                # More arenas would reserve address space that is missing from the query's allowance.
                env={**os.environ, "MALLOC_ARENA_MAX": "2"},
            )
        except BaseException:
            self.channel.close()
            raise
        finally:
            theirs.close()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def kill(self) -> None:
        """End it now, whatever it is doing, and hang up."""
        self.channel.close()
        self._process.kill()

    def gone(self, timeout: float = 0.0) -> bool:
        """Whether the process has ended, waiting at most ``timeout`` seconds for it."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        sweep(self._spool, self.pid)
        return True

    def cause_of_death(self) -> QueryProblem:
        """What the end of a process that nobody killed means to the query it had."""
        code = self._process.returncode
        if code == -signal.SIGABRT:
            # The engine aborts when an allocation fails; a stack overflow is a SIGSEGV.
            return MemoryExceeded.of(self._limits.memory_bytes)
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return Crashed(f"the process that evaluated the query ended ({how})")
