"""What may write over a file that is there: every place in the product that could, and what it may touch.

`test_architecture.py` has the places that remove or shorten files. Here are those that open one for writing, rename
another over it or copy onto it, by themselves or through `archiver.core.durable`. Who opens with mode `x` or O_EXCL
cannot replace anything and is on no list.
"""

from __future__ import annotations

import ast

import pytest

from tests.test_architecture import MODULES, Module, each_module

_WRITING = {
    "write_text", "write_bytes", "rename", "renames", "copyfile", "copy", "copy2", "copytree", "move",
    "write_durably", "durable_file", "move_directory",
}  # fmt: skip

OVERWRITES = {
    # what somebody asked for at a place they named
    ("archiver/commands/demo.py", "_run"),
    ("archiver/commands/fileplan.py", "export"),
    ("archiver/commands/item_pictures.py", "crops"),
    ("archiver/commands/productions.py", "statistics"),
    ("archiver/commands/records.py", "_write"),
    ("archiver/commands/reports.py", "_write_tables"),
    ("archiver/commands/reports.py", "notice"),
    ("archiver/commands/reports.py", "report"),
    ("archiver/commands/request_clock.py", "due"),
    ("archiver/commands/trail.py", "export"),
    ("archiver/core/wacz.py", "write_wacz"),
    ("archiver/manual.py", "main"),
    ("exports/bundle/encrypted_zip.py", "write_encrypted_zip"),
    # the one way to write durably: to a .part, then a rename
    ("archiver/core/durable.py", "durable_file"),
    ("archiver/core/durable.py", "move_directory"),
    ("archiver/core/durable.py", "publish"),
    ("archiver/core/durable.py", "write_durably"),
    # evidence, only while it is under way in incoming/ or in a .part of its own
    ("archiver/core/assets.py", "AssetStore.keep"),  # a name that is its content's digest
    ("archiver/core/objects.py", "ObjectStore.settle"),  # a directory: one that holds anything is never replaced
    ("archiver/core/warc/recovering.py", "recover"),  # a record that a crash tore, of a .part
    ("archiver/core/warc/supplementing.py", "write_supplement"),
    ("archiver/core/warc/thinning.py", "thin"),
    ("archiver/core/warc/writing.py", "WarcWriter.__init__"),
    ("archiver/core/warc/writing.py", "WarcWriter.finish"),
    ("archiver/core/warc/writing.py", "WarcWriter.rewrite"),
    ("archiver/workflows/filing/file_capture.py", "file_observation"),
    ("archiver/workflows/recover.py", "_end_as_failed"),
    ("archiver/workflows/recover.py", "write_ticket"),
    ("capture/discovery/recorded.py", "capture_discovery"),
    ("capture/job.py", "_write_images"),
    ("capture/job.py", "_write_resources"),
    # disposal: moved aside before the commit, put back where there was none
    ("archiver/core/objects.py", "ObjectStore.doom"),
    ("archiver/core/objects.py", "ObjectStore.spare"),
    # the trail, its stamps, the catalogue: added to, or replaced by what is verified to follow it
    ("archiver/core/archive.py", "Archive.create"),  # settings of an archive that is not there yet
    ("archiver/core/archive.py", "Archive.run_lock"),  # a lock: opened, never written
    ("archiver/core/checkpoints.py", "append_checkpoint"),
    ("archiver/core/events.py", "_LockedFile.__enter__"),
    ("archiver/core/snapshots.py", "take_snapshot"),
    ("archiver/workflows/rebuild.py", "_put_in_place"),  # the catalogue before is set aside first
    ("archiver/workflows/rebuild.py", "_start_from_snapshot"),  # a catalogue under construction
    ("archiver/workflows/archive/timestamp.py", "stamp"),
    # copies of what the archive has
    ("archiver/core/backup_boxes.py", "BackupBoxes.begin"),
    ("archiver/core/backup_boxes.py", "BackupBoxes.seal"),
    ("archiver/core/backup_keys.py", "_empty"),  # a key that is destroyed
    ("archiver/core/mirror.py", "mirror_trail"),
    ("archiver/core/second_copy.py", "_copy"),  # also a repair: a damaged file by a copy that has its digest
    ("archiver/workflows/backups/back_up.py", "unpack"),
    ("archiver/workflows/disposal/destinations.py", "DirectoryDestination.deliver"),
    ("archiver/workflows/backups/restore.py", "restore_archive.bring"),
    ("archiver/workflows/backups/restore.py", "restore_from"),  # a directory that must be empty
    # keys and site logins, outside of the evidence
    ("archiver/core/archive.py", "Archive._finish_rotation"),  # the old key, once the trail tells of the new one
    ("archiver/core/sealing.py", "Vault.destroy"),  # a login's key, on purpose
    ("archiver/core/sealing.py", "Vault.put"),
    ("capture/proxy/recording.py", "Recorder._trusted"),
    # papers and bundles, while they are made
    ("archiver/core/wacz.py", "_add"),  # an entry of a package
    ("archiver/workflows/disposal/certify.py", "print_with_browser.printed"),
    ("archiver/workflows/night/report_files.py", "keep_report"),
    ("archiver/workflows/requests/print_record.py", "print_record"),
    ("archiver/workflows/requests/release.py", "_settle"),
    (
        "archiver/workflows/requests/release.py",
        "_with_next_step",
    ),  # of a run that sealed nothing
    ("exports/bundle/bag.py", "BagWriter.seal"),
    ("exports/bundle/production.py", "make_production"),
    ("exports/release/making.py", "make_release"),
    ("exports/release/forms.py", "Forms._write_pdf"),
    ("exports/bundle/resuming.py", "Progressing._append"),
    ("exports/bundle/resuming.py", "Progressing.begin"),
    ("exports/bundle/resuming.py", "Progressing._set_aside"),
    ("exports/bundle/resuming.py", "hand_over"),
    ("exports/bundle/signed_bag.py", "seal_bag"),
    ("retention/certificate.py", "write_certificate"),  # the same certificate again, after a crash
    # the index: derived
    ("archiver/workflows/indexing/making.py", "Noted._write"),  # how far a new one is
    ("index/engines/seal.py", "link_files"),
    ("index/engines/seal.py", "remember_files"),
    ("index/engines/seal.py", "write_seal"),
    ("index/engines/spellings.py", "make_spellings"),
    ("index/generations.py", "new_generation"),
    ("index/locking.py", "locked"),
}


def overwrites(module: Module) -> set[tuple[str, str]]:
    """(path, function) for everything that could put other bytes in the place of a file's."""
    found: set[tuple[str, str]] = set()

    def visit(node: ast.AST, inside: tuple[str, ...]) -> None:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inside = (*inside, node.name)
        if isinstance(node, ast.Call) and _overwrites(node):
            found.add((module.path, ".".join(inside)))
        for child in ast.iter_child_nodes(node):
            visit(child, inside)

    visit(module.tree, ())
    return found


def _overwrites(call: ast.Call) -> bool:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    owner = function.value.id if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) else ""
    given = [*call.args, *(each.value for each in call.keywords if each.arg in ("mode", "flags"))]
    match name:
        case "open":
            return any(_opens_for_writing(each) for each in given)
        case "replace":  # a text's takes two texts, a value's takes fields
            return isinstance(function, ast.Attribute) and (
                owner == "os" or (len(call.args) == 1 and not call.keywords)
            )
        case "publish":  # the trail has one of its own, which adds
            return isinstance(function, ast.Name)
        case "copy":
            return owner == "shutil"
    return name in _WRITING


def _opens_for_writing(argument: ast.expr) -> bool:
    flags = {each.attr for each in ast.walk(argument) if isinstance(each, ast.Attribute)}
    if flags & {"O_WRONLY", "O_RDWR"}:
        return "O_EXCL" not in flags
    mode = argument.value if isinstance(argument, ast.Constant) else None
    return isinstance(mode, str) and set(mode) <= set("rwabxt+") and bool(set(mode) & set("wa+")) and "x" not in mode


@each_module
def test_nothing_but_the_named_places_writes_over_files(module: Module) -> None:
    assert overwrites(module) <= OVERWRITES


def test_every_named_place_is_still_there() -> None:
    assert {each for module in MODULES for each in overwrites(module)} == OVERWRITES


@pytest.mark.parametrize(
    "source",
    [
        "path.write_bytes(b'')",
        "path.open('w')",
        "open(path, mode='r+b')",
        "os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)",
        "os.replace(a, b)",
        "part.replace(path)",
        "part.rename(path)",
        "publish(part, path)",
        "write_durably(path, b'')",
        "shutil.copy(a, b)",
        "shutil.copyfile(a, b)",
    ],
)
def test_whatever_writes_over_a_file_is_caught(source: str) -> None:
    assert overwrites(Module("retention/x.py", f"def f():\n    {source}")) == {("retention/x.py", "f")}


@pytest.mark.parametrize(
    "source",
    [
        "path.open('xb')",
        "path.open('rb')",
        "os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)",
        "text.replace('a', 'b')",
        "replace(batch, digest='')",
        "trail.publish()",
        "values.copy()",
        "cls.open(root, key=None)",
    ],
)
def test_what_can_replace_nothing_is_left_alone(source: str) -> None:
    assert overwrites(Module("retention/x.py", f"def f():\n    {source}")) == set()
