"""The verifier a bundle ships finds every defect, alone, with plain Python."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import bagit
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.core.signing import SigningKey, fingerprint
from archiver.core.wacz import check_wacz
from exports.checking.verifier import check, is_signed
from exports.redaction.gate import Gate, Page
from exports.release.making import make_release
from exports.release.plan import ReleasePlan
from tests.exports.leaks.planted import Drawn, around, plan_of
from tests.exports.sample import KEY, REQUEST, make_record


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sealed")
    return make(place, place / "bundle")


def make(place: Path, into: Path) -> Path:
    records = [make_record(place / "objects", digit) for digit in "12"]
    drawn = [Drawn(each, {}, {}) for each in records]
    gate = Gate(
        rules=(),
        releases={},
        page=lambda produced, capture: Page(layout={"texts": [], "regions": [], "images": []}),
        cleared={},
        salt="00" * 16,
    )
    plan: ReleasePlan = plan_of(drawn, "court")
    return make_release(REQUEST, records, gate, plan, around(), into=into, asked=2).path


@pytest.fixture
def bundle(sealed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sealed, tmp_path / "bundle"))


def run(bundle: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(bundle / "verify.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_whole_bundle_passes_everybodys_checks(bundle: Path) -> None:
    ran = run(bundle, "--key", fingerprint(KEY.public_key))
    assert ran.returncode == 0, ran.stdout
    assert "4 captures stand in the agency's audit trail" in ran.stdout
    assert "the files of 4 of them" in " ".join(ran.stdout.split())
    subprocess.run(["sha256sum", "-c", "--quiet", "manifest-sha256.txt"], cwd=bundle, check=True)
    subprocess.run(["sha256sum", "-c", "--quiet", "tagmanifest-sha256.txt"], cwd=bundle, check=True)
    assert bagit.Bag(str(bundle)).validate()
    assert check_wacz(bundle / "data/production.wacz").findings == ()
    objects = ElementTree.parse(bundle / "data/premis.xml").getroot().findall("{http://www.loc.gov/premis/v3}object")
    assert len(objects) > 20
    profile = json.loads((bundle / "bagit-profile.json").read_text(encoding="utf-8"))
    info = (bundle / "bag-info.txt").read_text(encoding="utf-8")
    assert all(f"{key}: " in info for key, rule in profile["Bag-Info"].items() if rule["required"])


def a_file(bundle: Path) -> Path:
    return bundle / "data/items.jsonl"


def change_a_byte(bundle: Path) -> None:
    content = bytearray(a_file(bundle).read_bytes())
    content[10] ^= 1
    a_file(bundle).write_bytes(content)


def reorder(bundle: Path) -> None:
    path = bundle / "manifest-sha256.txt"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[1], lines[0], *lines[2:]]) + "\n", encoding="utf-8")


def sign_anew(bundle: Path) -> None:
    path = bundle / "manifest-signature.json"
    stated = json.loads(path.read_text(encoding="utf-8"))
    raw = bytearray(base64.b64decode(stated["signature"]))
    raw[3] ^= 1
    path.write_text(json.dumps(stated | {"signature": base64.b64encode(raw).decode()}), encoding="utf-8")


def remove_a_proof(bundle: Path) -> None:
    path = bundle / "data/trail.json"
    trail = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(trail | {"events": trail["events"][1:]}), encoding="utf-8")


DEFECTS: list[tuple[str, Callable[[Path], object], str]] = [
    ("a changed byte", change_a_byte, "data/items.jsonl was changed"),
    ("a missing file", lambda bundle: a_file(bundle).unlink(), "data/items.jsonl is missing"),
    ("an extra file", lambda bundle: (bundle / "data/more.txt").write_text("x"), "data/more.txt does not belong"),
    (
        "a renamed file",
        lambda bundle: a_file(bundle).rename(bundle / "data/other.jsonl"),
        "data/other.jsonl is data/items.jsonl under another name",
    ),
    ("a reordered manifest", reorder, "manifest-sha256.txt is not in the order"),
    ("a wrong signature", sign_anew, "the signature is wrong"),
    ("a removed proof", remove_a_proof, "has no proof of cap_"),
    ("no signature", lambda bundle: (bundle / "manifest-signature.json").unlink(), "nothing shows who sealed"),
    ("a link in place of a file", lambda bundle: link(bundle), "data/items.jsonl is missing"),
]


def link(bundle: Path) -> None:
    shutil.copy(a_file(bundle), bundle.parent / "elsewhere")
    a_file(bundle).unlink()
    a_file(bundle).symlink_to(bundle.parent / "elsewhere")


@pytest.mark.parametrize(("name", "damage", "told"), DEFECTS, ids=[each[0] for each in DEFECTS])
def test_every_defect_is_found_and_told_in_plain_words(
    bundle: Path, name: str, damage: Callable[[Path], object], told: str
) -> None:
    damage(bundle)
    ran = run(bundle)
    assert ran.returncode == 1
    assert told in ran.stdout, ran.stdout


def test_another_key_than_the_published_one_is_told(bundle: Path) -> None:
    assert "not by ed25519:00" in run(bundle, "--key", "ed25519:00").stdout


def test_the_signature_check_agrees_with_another_implementation() -> None:
    for number in range(8):
        key = SigningKey(Ed25519PrivateKey.generate())
        message = bytes([number]) * number
        signature = key.sign(message)
        assert is_signed(key.public_key, message, signature)
        assert not is_signed(key.public_key, message + b"x", signature)
        assert not is_signed(KEY.public_key, message, signature)
    assert not is_signed("", b"", "no base64")


def test_the_same_inputs_give_the_same_bytes(sealed: Path, tmp_path: Path) -> None:
    again = make(tmp_path, tmp_path / "again")
    left, right = (
        {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        for root in (sealed, again)
    )
    assert left == right
    assert check(again)[0] == []
