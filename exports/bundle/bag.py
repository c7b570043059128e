"""Writing a BagIt 1.0 bag (RFC 8493) as a stream: every byte is hashed while it is written, none is read twice."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from archiver.core.errors import EvidenceDamaged
from archiver.core.fixity import KeptFile

ALGORITHMS = ("sha256", "sha512")
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_CHUNK = 1 << 20
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*(/[A-Za-z0-9_][A-Za-z0-9_.@-]*)*")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class HashedFile:
    """A file being written, and the digests of what was written so far."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hashers = [hashlib.new(name) for name in ALGORITHMS]
        self.size = 0

    def write(self, content: bytes) -> None:
        self._file.write(content)
        for hasher in self._hashers:
            hasher.update(content)
        self.size += len(content)

    def digests(self) -> tuple[str, ...]:
        """In hex, in the order of ALGORITHMS."""
        return tuple(hasher.hexdigest() for hasher in self._hashers)


class BagWriter:
    """A bag under way in `directory`, which must be empty. Payload names are relative to `data/`.

    Names are kept plain (ASCII letters, digits, `_.@-`), so that `sha256sum -c` reads the manifests
    anywhere; ValueError for any other, or for a name used twice.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._payload: dict[str, tuple[str, ...]] = {}
        self._sizes: dict[str, int] = {}
        self._folders = set[str]()
        self.size = 0
        (directory / "data").mkdir()

    @property
    def files(self) -> int:
        return len(self._payload)

    @contextmanager
    def open(self, name: str) -> Iterator[HashedFile]:
        """A payload file to write; it is entered in the manifests when the block ends well."""
        with Path(self._place(name)).open("xb") as file:
            hashed = HashedFile(file)
            yield hashed
        self._enter(name, hashed.digests(), hashed.size)

    def write(self, name: str, content: bytes) -> str:
        """The file's hex SHA-256."""
        # quicker than a file object for each of many short files
        descriptor = os.open(self._place(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        finally:
            os.close(descriptor)
        digests = (hashlib.sha256(content).hexdigest(), hashlib.sha512(content).hexdigest())
        self._enter(name, digests, len(content))
        return digests[0]

    def copy(self, name: str, source: Path, stored: KeptFile) -> None:
        """Copy a piece of evidence. Raises EvidenceDamaged, naming it, where it is not what was recorded."""
        try:
            evidence = source.open("rb")
        except FileNotFoundError as error:
            raise EvidenceDamaged(_damage(stored, "is missing")) from error
        with evidence, self.open(name) as file:
            while piece := evidence.read(_CHUNK):
                file.write(piece)
        if file.size != stored.size:
            raise EvidenceDamaged(_damage(stored, f"has {file.size} bytes instead of {stored.size}"))
        if f"sha256:{file.digests()[0]}" != stored.sha256:
            raise EvidenceDamaged(_damage(stored, "differs from its SHA-256 digest"))

    def add(self, name: str) -> None:
        """Enter a payload file that another writer has put at `place(name)`."""
        hashers = [hashlib.new(algorithm) for algorithm in ALGORITHMS]
        size = 0
        with self.path_of(name).open("rb") as file:
            while piece := file.read(_CHUNK):
                size += len(piece)
                for hasher in hashers:
                    hasher.update(piece)
        self._enter(name, tuple(hasher.hexdigest() for hasher in hashers), size)

    def path_of(self, name: str) -> Path:
        return self.directory / "data" / name

    def files_so_far(self) -> list[tuple[str, str, int]]:
        """Name, SHA-256 in hex and size of every payload file, by name."""
        return [(name, entered[0], self._sizes[name]) for name, entered in sorted(self._payload.items())]

    def digest_of(self, name: str) -> str:
        """SHA-256 in hex of a payload file."""
        return self._payload[name][0]

    def seal(self, info: Sequence[tuple[str, str]], *, beside: Mapping[str, bytes] | None = None) -> str:
        """Write the manifests and tag files; the hex SHA-256 of tagmanifest-sha256.txt.

        `beside` are further tag files, by name. `info` becomes bag-info.txt, each value on one line, with the
        Payload-Oxum added.
        """
        about = [*info, ("Payload-Oxum", f"{self.size}.{self.files}")]
        tags = {
            **(beside or {}),
            "bagit.txt": DECLARATION,
            "bag-info.txt": "".join(f"{key}: {_CONTROLS.sub(' ', value).strip()}\n" for key, value in about).encode(),
        }
        for index, algorithm in enumerate(ALGORITHMS):
            lines = [f"{digests[index]}  data/{name}\n" for name, digests in self._payload.items()]
            tags[f"manifest-{algorithm}.txt"] = "".join(sorted(lines, key=_name_in_line)).encode()
        for algorithm in ALGORITHMS:
            lines = [f"{hashlib.new(algorithm, content).hexdigest()}  {name}\n" for name, content in tags.items()]
            content = "".join(sorted(lines, key=_name_in_line)).encode()
            (self.directory / f"tagmanifest-{algorithm}.txt").write_bytes(content)
        for name, content in tags.items():
            (self.directory / name).write_bytes(content)
        return hashlib.sha256((self.directory / "tagmanifest-sha256.txt").read_bytes()).hexdigest()

    def _place(self, name: str) -> str:
        if not _PLAIN_PATH.fullmatch(name):
            raise ValueError(f"{name!r} is no plain file name for a bag")
        if name in self._payload:
            raise ValueError(f"{name} is in the bag already")
        folder = name.rpartition("/")[0]
        if folder not in self._folders:
            self.path_of(folder).mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        return f"{self.directory}/data/{name}"

    def _enter(self, name: str, digests: tuple[str, ...], size: int) -> None:
        self._payload[name], self._sizes[name] = digests, size
        self.size += size


def _name_in_line(line: str) -> str:
    return line.partition("  ")[2]


def _damage(stored: KeptFile, fault: str) -> str:
    return f"objects/{stored.path} {fault}: nothing was produced; run `archiver verify`"


def files_below(root: Path) -> Iterator[str]:
    """Every file of a bag as manifests name it: its path below `root`, with slashes, in no order."""
    for folder, _, names in os.walk(root):
        below = Path(folder).relative_to(root).as_posix()
        yield from names if below == "." else (f"{below}/{name}" for name in names)
