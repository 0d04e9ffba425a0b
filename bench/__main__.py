"""``make bench``, or ``python -m bench [NAME ...] [--quick]``: runs each benchmark and prints its table.

Every module of this folder with a ``run(quick: bool) -> list[Row]`` is one. ``--json FILE`` keeps the figures.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import platform
import sys
from dataclasses import asdict
from pathlib import Path

import bench
from bench._measure import Row


def main() -> int:
    """Run the benchmarks asked for (all by default)."""
    names = [
        module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_")
    ]
    names.remove("generate") if "generate" in names else None
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(names)}")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes: a check that it runs, not a figure"
    )
    parser.add_argument("--json", type=Path, help="write all rows to this file")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(names)
    if unknown:
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are: {', '.join(names)}")
    print(f"Python {platform.python_version()}, {platform.machine()}; compare ratios, not times")
    kept: list[Row] = []
    for name in arguments.names or names:
        print(f"\n## {name}", flush=True)
        rows = importlib.import_module(f"bench.{name}").run(arguments.quick)
        width = max(len(row.what) for row in rows)
        for row in rows:
            print(f"{row.what:<{width}}  {row.value:>12,.3f} {row.unit:<14} {row.note}")
        kept += rows
    if arguments.json:
        arguments.json.write_text(
            json.dumps([asdict(row) for row in kept], indent=2) + "\n", encoding="utf-8"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
