"""The web server's own process: ``python -m server.web``, started by ``server.supervisor``."""

from __future__ import annotations

import argparse
import gc
import os
from typing import TYPE_CHECKING

from server.connections import Warden
from server.query.sandbox import die_with_parent

if TYPE_CHECKING:
    from server.public.patience import Patience

# A thread that waits for a slow client or a long query costs little; one too few makes everybody wait.
BLOCKING_THREADS = 256
_STOP_SECONDS = 2


def application() -> Patience:
    """The public application in a web process, which ends with the process that started it."""
    from catalog.config import load_settings
    from server.public.app import create_application
    from server.public.lane import with_lane
    from server.public.patience import Patience

    die_with_parent(os.getppid())
    flask = create_application()
    site = flask.extensions["xafscat"]
    made = Patience(with_lane(flask), flask, site)
    # Who waits for an answer moves nothing either.
    longest_wait = site.limits.seconds + site.limits.queue_seconds
    Warden(longest_wait + load_settings().slow_client_s).start()
    # Templates, translations and terms stay for good: the collector need not look at them again and again.
    gc.collect()
    gc.freeze()
    return made


def main() -> None:
    """Read the command line and serve until SIGTERM or SIGINT; the catalog is named by the environment."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    parser = argparse.ArgumentParser(prog="server.web")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True, help="process id to end with")
    arguments = parser.parse_args()
    die_with_parent(arguments.parent)
    Granian(
        "server.web:application",
        factory=True,
        interface=Interfaces.WSGI,
        address=arguments.host,
        port=arguments.port,
        workers=arguments.workers,
        blocking_threads=BLOCKING_THREADS,
        # Its one warning is about the number of threads, which is meant.
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_SECONDS,
    ).serve()


if __name__ == "__main__":
    main()
