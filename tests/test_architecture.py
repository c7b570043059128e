"""The house as drawn: who may import whom, which library lives where, and what may remove a file.

Every rule is a function from one module's source to its violations, so that each can be shown to
catch what it is there for.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("archiver", "capture", "index", "retention", "exports")
ROOMS = {"capture", "index", "retention", "exports"}

# who may import whom: the longest name on the left that a module's own begins with is its layer
LAYERS: dict[str, set[str]] = {
    "archiver": set(),
    "archiver.core": {"archiver.core"},
    **{room: {room, "archiver.core"} for room in ROOMS},
    "archiver.sample": {"archiver.sample", "archiver.core"},
    "archiver.workflows": {"archiver.workflows", "archiver.core", *ROOMS},
    "archiver.commands": {"archiver.commands", "archiver.workflows", "archiver.sample", "archiver.core", *ROOMS},
    "archiver.web": {"archiver.web", "archiver.workflows", "archiver.core", *ROOMS},
    "archiver.cli": {"archiver.commands", "archiver.web", "archiver.workflows", "archiver.core", *ROOMS},
    "archiver.manual": {"archiver.cli", "archiver.commands", "archiver.workflows", "archiver.core", *ROOMS},
}

# one library, one room: paths are files, or directories where they end in a slash
LIBRARIES: dict[str, tuple[str, ...]] = {
    "argon2": ("archiver/core/people.py",),
    "bagit": ("exports/",),
    "brotli": ("archiver/core/warc/",),
    "certifi": ("capture/proxy/recording.py", "exports/transfer/bucket.py"),
    "click": ("archiver/cli.py", "archiver/commands/", "archiver/manual.py"),
    "cryptography": (
        "archiver/core/backup_boxes.py",
        "archiver/core/sealing.py",
        "archiver/core/signing.py",
        "archiver/core/timestamps.py",
        "capture/proxy/recording.py",
    ),
    "extruct": ("capture/extraction/",),
    "feedparser": ("capture/discovery/feeds.py",),
    "holidays": ("exports/requests/working_days.py",),
    "httpx": ("archiver/core/authority.py", "capture/client.py"),
    "idna": ("capture/cookies/site_domain.py",),
    "isal": ("archiver/core/warc/", "capture/pictures/pixels.py"),
    "jinja2": (
        "exports/",
        "archiver/sample/",
        "archiver/workflows/night/page.py",
        "retention/pages.py",
    ),
    "lxml": ("capture/discovery/", "capture/extraction/"),
    "minio": ("exports/transfer/bucket.py",),
    "mitmproxy": (
        "capture/proxy/asking_again.py",
        "capture/proxy/addons.py",
        "capture/proxy/logins.py",
        "capture/proxy/recorder.py",
        "capture/proxy/wire.py",
    ),
    "numpy": (
        "capture/pictures/even_ground.py",
        "capture/pictures/frames.py",
        "capture/pictures/ink.py",
        "capture/pictures/pixels.py",
        "capture/pictures/word_drawings.py",
        "exports/leaks/byte_runs.py",
        "exports/leaks/markup.py",
        "exports/leaks/needles.py",
        "exports/leaks/squeezing.py",
    ),
    "PIL": (
        "capture/pictures/screenshot.py",
        "exports/release/page_images.py",
        "exports/redaction/painting.py",
        "archiver/sample/",
    ),
    "pikepdf": ("exports/leaks/readings.py", "exports/release/pdf_pages.py"),
    "platformdirs": ("archiver/core/archive.py",),
    "playwright": ("capture/browser/browser.py", "capture/logins/sign_in.py"),
    "py3langid": ("capture/extraction/",),
    "pyzipper": ("exports/bundle/encrypted_zip.py",),
    "regex": ("index/",),
    "rfc3161_client": ("archiver/core/timestamps.py",),
    "rich": ("archiver/cli.py", "archiver/commands/"),
    "sqlite3": (
        "archiver/core/",
        "archiver/workflows/disposal/copies.py",
        "archiver/workflows/rebuild.py",
        "archiver/workflows/verification/catalogue.py",
        "archiver/workflows/verification/trail.py",
    ),
    "sqlite_utils": (
        "archiver/core/",
        "archiver/workflows/keeping/standing.py",
        "retention/batches.py",
        "retention/holds.py",
        "retention/register.py",
    ),
    "tantivy": ("index/engines/",),
    "tldextract": ("capture/cookies/site_domain.py",),
    "trafilatura": ("capture/extraction/",),
    "urllib3": ("exports/transfer/bucket.py",),
    "warcio": ("archiver/core/warc/",),
    "whoosh": ("index/engines/", "index/parse.py"),
    "zstandard": ("archiver/core/warc/",),
}

# the only functions that remove or shorten a file, and what they may touch
REMOVALS = {
    ("archiver/core/assets.py", "AssetStore.remove"),  # a shared file that no capture needs
    ("archiver/core/backup_boxes.py", "BackupBoxes.keep_only"),  # copies: what no set of a backup needs any more
    ("archiver/core/backup_keys.py", "_empty"),  # the key of what is destroyed, or of a set that goes
    ("archiver/core/checkpoints.py", "append_checkpoint"),  # a line that a crash tore
    ("archiver/core/durable.py", "durable_file"),  # its own .part
    ("archiver/core/events.py", "Trail._cut_torn_line"),  # a line that a crash tore
    ("archiver/core/objects.py", "ObjectStore.destroy"),  # evidence: a doomed record whose disposal is committed
    ("archiver/core/objects.py", "ObjectStore.discard"),  # what is under way in incoming/
    # a paper of the archive's own whose disposal is committed: a bundle, a night's report
    ("archiver/core/paper_files.py", "remove_paper_files"),
    ("archiver/core/people.py", "keep_token"),  # the login before
    ("archiver/core/sealing.py", "Vault.destroy"),  # a site's login that is forgotten or renewed: no evidence
    ("archiver/core/second_copy.py", "SecondCopy.remove"),  # evidence: a destroyed record's copy
    ("archiver/core/second_copy.py", "SecondCopy.remove_asset"),  # a copy of a shared file that no capture needs
    ("archiver/core/second_copy.py", "_copy"),  # its own .part
    ("archiver/core/snapshots.py", "drop_snapshots"),  # snapshots that hold what was destroyed, a fresh one taken
    ("archiver/core/snapshots.py", "take_snapshot"),  # its own .part, and snapshots beyond those kept
    ("archiver/core/warc/recovering.py", "recover"),  # a record that a crash tore, of a .part
    ("archiver/core/warc/writing.py", "WarcWriter._cut_to_last_record"),  # its own .part, when the disk is full
    ("archiver/core/warc/writing.py", "WarcWriter.abandon"),  # its own .part
    ("archiver/workflows/disposal/destinations.py", "_remove"),  # packages on their way to a bucket: copies
    ("archiver/workflows/archive/admit.py", "log_out"),  # the login
    ("archiver/workflows/filing/file_capture.py", "file_observation"),  # in incoming/: what a failed attempt recorded
    ("archiver/workflows/rebuild.py", "_remove_database"),  # a catalogue under construction
    ("archiver/workflows/rebuild.py", "_remove_side_files"),
    ("archiver/workflows/recover.py", "_end_as_failed"),  # in incoming/: what a crash cut off
    ("archiver/workflows/recover.py", "_settle_whole"),  # in incoming/: the ticket
    ("archiver/workflows/backups/restore.py", "restore_from"),  # its own unfinished copy
    ("capture/job.py", "discard_files"),  # in incoming/: what a broken-off attempt wrote
    ("exports/transfer/packages.py", "write_package"),  # its own unfinished package: copies
    ("exports/bundle/production.py", "make_production"),  # its own unfinished bundle: copies
    ("index/engines/sealed.py", "SealedDirectory.begin_anew"),  # the index: derived
    ("index/generations.py", "_sweep"),  # whole indexes that were replaced, or never finished
    ("index/engines/spellings.py", "drop_spellings"),  # words of the index: derived
    ("index/engines/sealed.py", "SealedDirectory.sweep"),  # parts of the index that were replaced, or never sealed
    ("exports/release/making.py", "make_release"),  # its own unfinished bundle: copies
    ("exports/bundle/resuming.py", "Progressing._set_aside"),  # the unfinished bundle of a run broken off: copies
    ("exports/bundle/resuming.py", "Progressing.end"),  # what was kept of it
}

# rows that may be deleted; evidence and decisions are not among them (an asset's: when its last reference is gone)
DELETABLE_ROWS = {"asset_references", "assets", "logins", "meta", "record_tags"}
# but for the lists of what goes with a record, or a paper, which disposal and the copies of the catalogue share
DISPOSAL_ROWS = {"archiver/core/disposal_rows.py", "archiver/core/paper_rows.py"}

# the only functions that may destroy evidence, and the only ones that call them
DISPOSERS = {
    "delete_record_rows": {
        "archiver/workflows/disposal/copies.py",
        "archiver/workflows/disposal/destroy.py",
        "archiver/workflows/disposal/replay.py",
    },
    "delete_paper_rows": {
        "archiver/workflows/disposal/copies.py",
        "archiver/workflows/disposal/destroy_papers.py",
    },
    "remove_paper_files": {"archiver/workflows/disposal/destroy_papers.py"},
    "add_paper_stub": {"archiver/workflows/disposal/destroy_papers.py"},
    "doom": {"archiver/core/objects.py", "archiver/workflows/disposal/destroy.py"},
    "release_assets": {"archiver/workflows/disposal/destroy.py", "archiver/workflows/disposal/replay.py"},
    "add_stub": {"archiver/workflows/disposal/destroy.py", "archiver/workflows/disposal/replay.py"},
    "destroy_keys": {"archiver/workflows/disposal/copies.py"},
    "drop_snapshots": {"archiver/workflows/disposal/copies.py"},
}

MOST_LINES = 400
VAGUE = {"utils", "util", "helpers", "helper", "manager", "managers", "data", "process", "misc", "common"}
# spelled so that this file does not mention them itself
WORKPLACE = re.compile(r"(?<![\w/.-])/?s[h]ared/|(?<![\w.-])/w[o]rk/|/tmp/(v[e]nv|b[r]ief)")


@dataclass(frozen=True)
class Module:
    """One Python file of the product: its path below the root, and its text."""

    path: str
    text: str

    @property
    def name(self) -> str:
        parts = PurePosixPath(self.path).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)


def product() -> list[Module]:
    paths = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return [Module(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in paths]


MODULES = product()
each_module = pytest.mark.parametrize("module", MODULES, ids=[each.path for each in MODULES])


def imports(module: Module) -> Iterator[str]:
    """Every module named, and for `from a import b` also `a.b`, which may be one; relative ones resolved."""
    package = module.name.split(".") if module.path.endswith("__init__.py") else module.name.split(".")[:-1]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*above, *filter(None, [node.module])])
            yield source
            yield from (f"{source}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__") and node.args:
            yield _named_at_run_time(node)


def _named_at_run_time(node: ast.Call) -> str:
    """The module, or the package it is looked for in (`import_module("." + name, "package")`)."""
    given = node.args[1] if len(node.args) > 1 and _is_relative(node.args[0]) else node.args[0]
    return str(given.value) if isinstance(given, ast.Constant) else "a module named at run time"


def _is_relative(name: ast.expr) -> bool:
    return isinstance(name, ast.BinOp) and isinstance(name.left, ast.Constant) and name.left.value == "."


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _below(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def layer_of(name: str) -> str:
    return max((each for each in LAYERS if _below(name, each)), key=len)


def forbidden_imports(module: Module) -> set[str]:
    """Modules of ours that this one must not know."""
    allowed = LAYERS[layer_of(module.name)]
    ours = {name for name in imports(module) if name.split(".")[0] in PACKAGES or " " in name}
    return {name for name in ours if name != "archiver" and not any(_below(name, each) for each in allowed)}


def misplaced_libraries(module: Module) -> set[str]:
    """Libraries imported outside of their room."""
    return {
        library
        for library in {name.split(".")[0] for name in imports(module)} & LIBRARIES.keys()
        if not any(
            module.path.startswith(place) if place.endswith("/") else module.path == place
            for place in LIBRARIES[library]
        )
    }


def removals(module: Module) -> set[tuple[str, str]]:
    """(path, function) for everything that removes, empties or shortens a file or directory."""
    found: set[tuple[str, str]] = set()

    def visit(node: ast.AST, inside: tuple[str, ...]) -> None:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inside = (*inside, node.name)
        named = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        of_os = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
        removing = ("unlink", "rmtree", "rmdir", "removedirs", "truncate", "ftruncate")
        if named in removing or (named == "remove" and of_os):
            found.add((module.path, ".".join(inside)))
        if isinstance(node, ast.ImportFrom) and node.module in ("os", "shutil"):
            found.update(
                (module.path, f"from {node.module}") for each in node.names if each.name in (*removing, "remove")
            )
        for child in ast.iter_child_nodes(node):
            visit(child, inside)

    visit(module.tree, ())
    return found


def deleted_rows(module: Module) -> set[str]:
    """Tables that rows are deleted from, and what drops whole tables."""
    found = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(re.findall(r"DELETE\s+FROM\s+(\w+)", node.value))
            found |= set(re.findall(r"DROP\s+TABLE\s+(\w+)", node.value))
        if isinstance(node, ast.Call) and _called(node) in ("delete_where", "drop"):
            found.add(f"by {_called(node)}()")
    return found


def circle(package: str, modules: list[Module]) -> list[str]:
    """Neighbours in `package`, modules or sub-packages, that need one another in a ring; none where all is well."""
    below = package.count(".") + 1
    neighbours: dict[str, set[str]] = {}
    for module in modules:
        if module.name.startswith(package + "."):
            needed = neighbours.setdefault(module.name.split(".")[below], set())
            needed |= {name.split(".")[below] for name in imports(module) if name.startswith(package + ".")}
    graph = {name: (needed & neighbours.keys()) - {name} for name, needed in neighbours.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


# -- the product ----------------------------------------------------------------------------


def test_the_walk_reaches_every_package() -> None:
    assert {each.name.split(".")[0] for each in MODULES} == set(PACKAGES)
    assert len(MODULES) > 60


@each_module
def test_imports_point_downwards_only(module: Module) -> None:
    assert forbidden_imports(module) == set()


@pytest.mark.parametrize("package", sorted({each.name for each in MODULES if each.path.endswith("__init__.py")}))
def test_no_neighbours_in_a_package_need_one_another(package: str) -> None:
    assert circle(package, MODULES) == []


@each_module
def test_a_library_stays_in_its_room(module: Module) -> None:
    assert misplaced_libraries(module) == set()


@each_module
def test_nothing_but_the_named_places_removes_files(module: Module) -> None:
    assert removals(module) <= REMOVALS


def test_every_named_place_is_still_there() -> None:
    assert {each for module in MODULES for each in removals(module)} == REMOVALS


@each_module
def test_no_rows_of_evidence_or_decisions_are_deleted(module: Module) -> None:
    if module.path not in DISPOSAL_ROWS:
        assert deleted_rows(module) <= DELETABLE_ROWS


@pytest.mark.parametrize("name", sorted(DISPOSERS))
def test_only_the_disposal_calls_what_destroys_evidence(name: str) -> None:
    callers = {
        module.path
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and _called(node) == name
    }
    assert callers == DISPOSERS[name]


@each_module
def test_a_module_is_of_one_idea_and_short(module: Module) -> None:
    assert len(module.text.splitlines()) < MOST_LINES
    assert not VAGUE & set(module.name.split("."))


def test_every_test_folder_is_a_package() -> None:
    """Without its `__init__.py`, tests/index would be imported as `index`."""
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    assert [str(each) for each in folders if not (each / "__init__.py").exists()] == []


def test_no_text_of_the_product_mentions_where_it_was_built() -> None:
    kinds = {".py", ".md", ".toml", ".sh", ".js", ".html", ".css", ".json", ".txt", ".cfg", ".yml", ".lock", ""}
    folders = [*PACKAGES, "docs", "tests", "bench"]
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*")] + list(ROOT.glob("*"))
    texts = [
        path for path in paths if path.is_file() and path.suffix in kinds and "__pycache__" not in path.parts
        and not path.name.startswith(".")
    ]  # fmt: skip
    assert len(texts) > 100
    assert [str(each) for each in texts if WORKPLACE.search(each.read_text("utf-8", errors="replace"))] == []


# -- the rules catch what they are there for ------------------------------------------------


@pytest.mark.parametrize(
    ("path", "source", "caught"),
    [
        ("archiver/core/x.py", "import capture", {"capture"}),
        ("archiver/core/x.py", "from capture.job import Job", {"capture.job", "capture.job.Job"}),
        ("archiver/core/x.py", "from archiver import workflows", {"archiver.workflows"}),
        ("archiver/core/x.py", "from .. import cli", {"archiver.cli"}),
        ("archiver/core/x.py", "def f():\n    import index.engine", {"index.engine"}),
        ("archiver/core/x.py", "import importlib\nimportlib.import_module('exports')", {"exports"}),
        ("archiver/core/warc/__init__.py", "from ...workflows import verify",
         {"archiver.workflows", "archiver.workflows.verify"}),
        ("capture/x.py", "from retention import periods", {"retention", "retention.periods"}),
        ("index/x.py", "import archiver.workflows.search.find", {"archiver.workflows.search.find"}),
        ("exports/x.py", "if TYPE_CHECKING:\n    import index", {"index"}),
        ("archiver/workflows/x.py", "from archiver.commands import output",
         {"archiver.commands", "archiver.commands.output"}),
        ("archiver/sample/x.py", "import capture", {"capture"}),
        ("archiver/core/x.py", "from archiver.core.errors import NotFound\nfrom . import clock\nimport indexer", set()),
        ("archiver/workflows/x.py", "import capture, index, retention, exports, archiver.core.archive", set()),
    ],
)  # fmt: skip
def test_an_import_that_points_up_or_sideways_is_caught(path: str, source: str, caught: set[str]) -> None:
    assert forbidden_imports(Module(path, source)) == caught


@pytest.mark.parametrize("back", ["import capture.page.press", "from capture import page", "from ..page import press"])
def test_neighbours_that_need_one_another_are_caught(back: str) -> None:
    page = Module("capture/page/press.py", "import capture.pictures.shot")
    shot = Module("capture/pictures/shot.py", back)
    assert set(circle("capture", [page, shot])) == {"page", "pictures"}
    assert circle("capture.page", [page, shot]) == []


def test_neighbours_that_need_one_another_one_way_are_well() -> None:
    job = Module("capture/job.py", "from capture import page\nfrom capture.page import press")
    press = Module("capture/page/press.py", "from capture.page import keys\nimport archiver.core.job")
    assert circle("capture", [job, press, Module("capture/page/keys.py", "import json")]) == []


@pytest.mark.parametrize(
    ("path", "source", "caught"),
    [
        ("capture/job.py", "from playwright.sync_api import Page", {"playwright"}),
        ("capture/browser/browser.py", "from playwright.sync_api import Page", set()),
        ("capture/proxy/recorder_x.py", "import mitmproxy.http", {"mitmproxy"}),
        ("exports/x.py", "def f():\n    from PIL import Image", {"PIL"}),
        ("archiver/core/warcs.py", "import warcio", {"warcio"}),
        ("archiver/core/x.py", "import click\nimport rich", {"click", "rich"}),
        ("archiver/workflows/x.py", "from sqlite_utils import Database", {"sqlite_utils"}),
        ("index/parse.py", "from whoosh.qparser import QueryParser\nimport tantivy", {"tantivy"}),
    ],
)
def test_a_library_outside_its_room_is_caught(path: str, source: str, caught: set[str]) -> None:
    assert misplaced_libraries(Module(path, source)) == caught


@pytest.mark.parametrize(
    ("source", "function"),
    [
        ("def f(path):\n    path.unlink()", "f"),
        ("class A:\n    def f(self, path):\n        self.path.unlink(missing_ok=True)", "A.f"),
        ("import os\nos.remove('a')", ""),
        ("import os\nos.unlink('a')", ""),
        ("from os import remove", "from os"),
        ("from shutil import rmtree as r", "from shutil"),
        ("import shutil\ndef f(a):\n    any(map(shutil.rmtree, a))", "f"),
        ("def f(file):\n    file.truncate(0)", "f"),
    ],
)
def test_whatever_removes_a_file_is_caught(source: str, function: str) -> None:
    assert removals(Module("retention/x.py", source)) == {("retention/x.py", function)}


def test_taking_something_off_a_list_is_no_removal() -> None:
    assert removals(Module("retention/x.py", "a = [1]\na.remove(1)")) == set()


@pytest.mark.parametrize(
    ("source", "caught"),
    [
        ("db.execute('DELETE FROM items WHERE id = ?')", {"items"}),
        ("db.execute(f'DELETE  FROM records {where}')", {"records"}),
        ("db.execute('DROP TABLE events')", {"events"}),
        ("db.table('items').delete_where('1')", {"by delete_where()"}),
    ],
)
def test_a_deleted_row_is_caught(source: str, caught: set[str]) -> None:
    assert deleted_rows(Module("retention/x.py", source)) == caught


@pytest.mark.parametrize("text", ["see {}ared/design.md", "`/{}ared/x`", "{}ared/", "cp {}ared/a b"])
def test_a_path_of_the_workplace_is_caught(text: str) -> None:
    assert WORKPLACE.search(text.format("sh"))


@pytest.mark.parametrize("text", ["values {}ared with others", "https://example.org/{}ared/7", "a/{}ared/b"])
def test_an_ordinary_word_is_no_path_of_the_workplace(text: str) -> None:
    assert not WORKPLACE.search(text.format("sh"))
