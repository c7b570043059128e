from __future__ import annotations

import runpy
from pathlib import Path

import pytest

# benchmarks are not installed: they are run from the checkout, and so is their runner here
_RUNNER = runpy.run_path(str(Path(__file__).parents[2] / "bench" / "__main__.py"), run_name="runner")
benchmarks, run, main = _RUNNER["benchmarks"], _RUNNER["run"], _RUNNER["main"]

SAYS = 'import json\n\ndef main() -> None:\n    print(json.dumps({"bench": __name__, "met": False}))\n'
FAILS = "def main() -> None:\n    raise SystemExit('no such corpus')\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "figures"
    folder.mkdir()
    for name, text in {
        "__init__": "",
        "__main__": SAYS,
        "slow": SAYS,
        "apple": SAYS,
        "broken": FAILS,
        "corpus": "def generate() -> None: ...\n",
        "_private": SAYS,
    }.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def test_a_benchmark_is_a_module_with_a_main(package: Path) -> None:
    assert benchmarks(package) == ["apple", "broken", "slow"]


def test_each_prints_its_lines_in_turn_and_a_missed_aim_is_no_crash(
    package: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["apple", "slow"], package.name, package.parent) == []
    out, err = capfd.readouterr()
    assert out == '{"bench": "figures.apple", "met": false}\n{"bench": "figures.slow", "met": false}\n'
    assert err == "bench: apple\nbench: slow\n"


def test_a_crash_is_told_and_the_next_one_runs_all_the_same(package: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["broken", "slow"], package.name, package.parent) == ["broken"]
    out, err = capfd.readouterr()
    assert '"figures.slow"' in out
    assert "no such corpus" in err
    assert "bench: broken crashed" in err


def test_an_unknown_name_is_refused_with_those_there_are(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["no_such"]) == 2
    assert "no benchmark no_such; there are: " in capfd.readouterr().err
