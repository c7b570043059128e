"""Run the benchmarks: `python -m bench` for all, `python -m bench NAME…` for some.

A benchmark is a module of this package with a `main()` that prints its figures on standard
output, one JSON object a line:

    {"bench": …, "value": …, "unit": …, "reference": …, "ratio": …, "aim": …, "met": true}

and its progress on standard error. Each runs in a process of its own, so that none warms or
burdens another. An aim that is missed is a result; the exit status is 1 only where a
benchmark crashed, 2 where a name is unknown.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def benchmarks(folder: Path) -> list[str]:
    """Names of the modules in `folder` that define `main()`, sorted."""
    return sorted(
        module.stem for module in folder.glob("*.py") if not module.stem.startswith("_") and _defines_main(module)
    )


def _defines_main(module: Path) -> bool:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body)


def run(names: Sequence[str], package: str, directory: Path) -> list[str]:
    """Run the benchmarks one after another; the names of those that crashed."""
    crashed = []
    for name in names:
        print(f"bench: {name}", file=sys.stderr, flush=True)
        start = f"from {package}.{name} import main; main()"
        if subprocess.run([sys.executable, "-c", start], cwd=directory, check=False).returncode != 0:
            print(f"bench: {name} crashed", file=sys.stderr, flush=True)
            crashed.append(name)
    return crashed


def main(arguments: Sequence[str]) -> int:
    """The exit status for the names on the command line."""
    folder = Path(__file__).parent
    known = benchmarks(folder)
    unknown = [name for name in arguments if name not in known]
    if unknown:
        print(f"bench: no benchmark {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    return 1 if run(arguments or known, folder.name, folder.parent) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
