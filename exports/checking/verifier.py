#!/usr/bin/env python3
"""Checks a production without the program that made it: python3 verify.py [DIRECTORY] [--key ed25519:...]

One file, plain Python 3.8 or later, nothing to install, no network. It lists every defect it finds in plain words,
says what is proved and what is not, and ends with 1 where anything is wrong.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P


def _x_of(y: int, sign: int) -> int:
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if (x * x - square) % _P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    return _P - x if x & 1 != sign else x


_BASE_Y = 4 * pow(5, _P - 2, _P) % _P
_BASE_X = _x_of(_BASE_Y, 0)
_BASE = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % _P)


def _add(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    one = (a[1] - a[0]) * (b[1] - b[0]) % _P
    two = (a[1] + a[0]) * (b[1] + b[0]) % _P
    three = 2 * a[3] * b[3] * _D % _P
    four = 2 * a[2] * b[2] % _P
    e, f, g, h = two - one, four - three, four + three, two + one
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(number: int, point: tuple[int, ...]) -> tuple[int, ...]:
    result: tuple[int, ...] = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = _add(result, point)
        point = _add(point, point)
        number >>= 1
    return result


def _point(raw: bytes) -> tuple[int, ...]:
    value = int.from_bytes(raw, "little")
    y, sign = value & ((1 << 255) - 1), value >> 255
    if y >= _P:
        raise ValueError("no point of the curve")
    x = _x_of(y, sign)
    return (x, y, 1, x * y % _P)


def is_signed(public_key: str, message: bytes, signature: str) -> bool:
    """Whether the Ed25519 signature (RFC 8032) is the key's; both base64."""
    try:
        key, raw = base64.b64decode(public_key, validate=True), base64.b64decode(signature, validate=True)
        if len(key) != 32 or len(raw) != 64:
            return False
        a, r, s = _point(key), _point(raw[:32]), int.from_bytes(raw[32:], "little")
        if s >= _L:
            return False
        h = int.from_bytes(hashlib.sha512(raw[:32] + key + message).digest(), "little") % _L
        left, right = _times(s, _BASE), _add(r, _times(h, a))
    except ValueError:
        return False
    return (left[0] * right[2] - right[0] * left[2]) % _P == 0 and (left[1] * right[2] - right[1] * left[2]) % _P == 0


def fingerprint(public_key: str) -> str:
    return "ed25519:" + hashlib.sha256(base64.b64decode(public_key)).hexdigest()


def is_in_tree(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    position, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        position >>= 1
        last >>= 1
    return last == 0 and node == root


def digest_of(path: Path, algorithm: str) -> str:
    hasher = hashlib.new(algorithm)
    with path.open("rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            hasher.update(piece)
    return hasher.hexdigest()


def check(root: Path, trusted: str = "") -> tuple[list[str], list[str]]:
    """Every defect, and what is proved where there is none."""
    defects: list[str] = []
    payload = _check_manifests(root, "manifest", defects)
    tags = _check_manifests(root, "tagmanifest", defects)
    _check_files(root, payload, tags, defects)
    signer = _check_signature(root, trusted, defects)
    at, originals, proofs = _check_trail(root, payload, defects)
    proved = [
        f"{len(payload)} files are byte for byte as they were when the production was sealed.",
        f"The list of these files is signed by {signer}.",
        f"{proofs} captures stand in the agency's audit trail as signed at {at}; the files of {originals} of them are "
        "in this production and are the ones that the trail names.",
    ]
    return defects, proved


NOT_PROVED = (
    "That the signing key is the agency's: compare its fingerprint with the one the agency publishes (--key).",
    "That what the site showed was true, or was written by the person it names.",
    "That what is redacted or withheld was rightly so: the exemption log names the sections.",
)


def _check_manifests(root: Path, kind: str, defects: list[str]) -> dict[str, str]:
    """SHA-256 by path, of the files that the manifests list."""
    listed: dict[str, dict[str, str]] = {}
    for algorithm in ("sha256", "sha512"):
        name = f"{kind}-{algorithm}.txt"
        listed[algorithm] = {}
        try:
            lines = (root / name).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            defects.append(f"{name} is missing or no text")
            continue
        paths = []
        for line in lines:
            digest, parted, path = line.partition("  ")
            if not parted or path.startswith("/") or ".." in path.split("/") or path in listed[algorithm]:
                defects.append(f"{name}: {line[:100]!r} is no line of a manifest")
                continue
            listed[algorithm][path] = digest
            paths.append(path)
        if paths != sorted(paths):
            defects.append(f"{name} is not in the order it was sealed in")
    for path in sorted(set(listed["sha256"]) ^ set(listed["sha512"])):
        defects.append(f"{path} is listed in one of {kind}-sha256.txt and {kind}-sha512.txt only")
    for path, digest in sorted(listed["sha256"].items()):
        if not (root / path).is_file() or (root / path).is_symlink():
            defects.append(f"{path} is missing")
            continue
        if digest_of(root / path, "sha256") != digest:
            defects.append(f"{path} was changed")
        elif digest_of(root / path, "sha512") != listed["sha512"].get(path, ""):
            defects.append(f"{path} differs from its SHA-512 digest")
    return listed["sha256"]


def _check_files(root: Path, payload: dict[str, str], tags: dict[str, str], defects: list[str]) -> None:
    known = set(payload) | set(tags) | {"tagmanifest-sha256.txt", "tagmanifest-sha512.txt", "manifest-signature.json"}
    by_digest = {digest: path for path, digest in payload.items() if not (root / path).is_file()}
    for path in sorted(each for each in root.rglob("*") if not each.is_dir() or each.is_symlink()):
        name = path.relative_to(root).as_posix()
        if name in known:
            continue
        was = "" if path.is_symlink() else by_digest.get(digest_of(path, "sha256"), "")
        defects.append(f"{name} is {was} under another name" if was else f"{name} does not belong to this production")
    for needed in (
        "bagit.txt",
        "bag-info.txt",
        "manifest-sha256.txt",
        "manifest-sha512.txt",
        "verify.py",
        "VERIFY.txt",
    ):
        if needed not in tags:
            defects.append(f"{needed} is not listed in tagmanifest-sha256.txt")
    try:
        info = (root / "bag-info.txt").read_text(encoding="utf-8")
        stated = next(each[14:].strip() for each in info.splitlines() if each.startswith("Payload-Oxum: "))
        size = sum((root / each).stat().st_size for each in payload if (root / each).is_file())
        if stated != f"{size}.{len(payload)}":
            defects.append(f"bag-info.txt states {stated} bytes and files, there are {size}.{len(payload)}")
    except (OSError, StopIteration, UnicodeDecodeError):
        defects.append("bag-info.txt does not state how much there is")


def _check_signature(root: Path, trusted: str, defects: list[str]) -> str:
    try:
        stated = json.loads((root / "manifest-signature.json").read_text(encoding="utf-8"))
        key, signature, over = str(stated["public_key"]), str(stated["signature"]), str(stated["tagmanifest_sha256"])
        signer = fingerprint(key)
    except (OSError, ValueError, KeyError, TypeError):
        defects.append("manifest-signature.json is missing or cannot be read: nothing shows who sealed this")
        return "nobody"
    seal = digest_of(root / "tagmanifest-sha256.txt", "sha256") if (root / "tagmanifest-sha256.txt").is_file() else ""
    if over != seal:
        defects.append("manifest-signature.json is over another list of files than the one here")
    if not is_signed(key, f"archiver-production 1\n{over}\n".encode(), signature):
        defects.append("manifest-signature.json: the signature is wrong")
    if trusted and trusted != signer:
        defects.append(f"the production is signed by {signer}, not by {trusted}")
    return signer


def _check_trail(root: Path, payload: dict[str, str], defects: list[str]) -> tuple[str, int, int]:
    """When the trail was signed, how many captures have their files here, and how many are proved."""
    try:
        trail = json.loads((root / "data/trail.json").read_text(encoding="utf-8"))
        about = json.loads((root / "data/production.json").read_text(encoding="utf-8"))
        point, events = trail["checkpoint"], trail["events"]
        captures = {each: record["original"] for record in about["records"] for each in record["captures"]}
        text = "archiver-checkpoint 1\n{archive}\n{size}\n{root}\n{at}\n".format(**point).encode()
        tree, size = bytes.fromhex(point["root"]), int(point["size"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        defects.append("data/trail.json or data/production.json cannot be read: no capture is proved")
        return "", 0, 0
    if not is_signed(point["public_key"], text, point["signature"]):
        defects.append("data/trail.json: the signature of the audit trail is wrong")
    proved: set[str] = set()
    originals = 0
    for entry in events:
        try:
            leaf = (
                hashlib.sha256(b"\0" + entry["line"].encode()).digest()
                if "line" in entry
                else bytes.fromhex(entry["leaf"])
            )
            proof = [bytes.fromhex(each) for each in entry["proof"]]
            if not is_in_tree(leaf, int(entry["index"]), size, proof, tree):
                defects.append(f"data/trail.json: the proof of {entry['capture']} does not lead to the signed trail")
                continue
            proved.add(entry["capture"])
            if "line" in entry:
                originals += _check_original(entry, payload, defects)
        except (ValueError, KeyError, TypeError, AttributeError):
            defects.append("data/trail.json has a proof that cannot be read")
    for capture in sorted(set(captures) - proved):
        defects.append(f"data/trail.json has no proof of {capture}: it was removed")
    return str(point.get("at", "")), originals, len(proved)


def _check_original(entry: dict[str, str], payload: dict[str, str], defects: list[str]) -> int:
    event = json.loads(entry["line"])
    if entry["capture"] not in event["subjects"]:
        defects.append(f"data/trail.json proves another capture in place of {entry['capture']}")
        return 0
    for path, digest in payload.items():
        if path.endswith(f"/{entry['capture']}/capture.json"):
            if event["detail"].get("manifest") != f"sha256:{digest}":
                defects.append(f"{path} is not the one whose digest the audit trail holds")
            return 1
    return 0


def main(arguments: list[str]) -> int:
    trusted = ""
    if "--key" in arguments:
        place = arguments.index("--key")
        trusted = arguments[place + 1]
        del arguments[place : place + 2]
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    defects, proved = check(root, trusted)
    if defects:
        print("1 defect was found:" if len(defects) == 1 else f"{len(defects)} defects were found:")
        for each in defects:
            print(f"- {each}")
        return 1
    print("No defect was found. What is proved:")
    for each in proved:
        print(f"- {each}")
    print("What is not proved:")
    for each in NOT_PROVED:
        print(f"- {each}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
