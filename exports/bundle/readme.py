"""What a production says of itself in plain words: what it proves, what it does not, how to verify it."""

from __future__ import annotations

import textwrap

from exports.bundle.pages import About

PROVES = (
    "Every file is byte for byte what was sealed when the bundle was made: the manifests hold its SHA-256 and "
    "SHA-512 digests.",
    "Every captured file is byte for byte what was filed at its capture: capture.json holds its digest, "
    "and the agency's audit trail holds the digest of capture.json.",
    "The captures stand in the agency's audit trail as it was when the bundle was made: trail.json leads from "
    "each of them to the trail's signed checkpoint.",
)
DOES_NOT_PROVE = (
    "That what the site showed was true, or was written by the person it names.",
    "That the signing key is the agency's: compare its fingerprint with the one the agency publishes.",
    "That the site showed everybody the same page, or that nothing was posted and removed between two captures.",
)

_TEXT = """\
Answer to request {number}
{agency}

This directory is a BagIt 1.0 bag. Open data/index.html in any browser to read
the records; it needs no network and runs no scripts.

How to verify that nothing was changed, added or left out

1. With tools of every Linux or macOS machine, in this directory:

       sha256sum -c --quiet manifest-sha256.txt
       sha256sum -c --quiet tagmanifest-sha256.txt

   (macOS: shasum -a 256 -c). No output means that every file is as listed.

2. With bagit-python (pip install bagit), in the directory above this one:

       bagit.py --validate {directory}

3. With Archiver, which checks all of that, reads every WARC and the WACZ to
   the end, compares the counts, and checks the proofs against the signed
   checkpoint of the audit trail:

       archiver check {directory}

The bundle as a whole is named by the SHA-256 digest of tagmanifest-sha256.txt.
The agency keeps that digest in its audit trail: ask for it, and compare.

What this bundle proves

{proves}
What it does not prove

{does_not_prove}
What is in data/

    index.html        what was asked, how it was searched, what was found
    threads/          one page for each record
    records/          the evidence: a directory for each record, one for each capture in it
    production.wacz   the recorded traffic of all captures, for replay tools
    items.jsonl       every item, for programs, texts exactly as captured
    items.csv         the same for spreadsheets (UTF-8, commas). Cells that a
                      spreadsheet might run as a formula begin with an apostrophe
    production.json   index.html for programs
    trail.json        events of the audit trail, each with its proof

Production {id}, made {made_at} by {made_by} with {software}.
"""


def write_readme(about: About, directory: str = "BUNDLE") -> bytes:
    """README.txt, UTF-8. `directory` is what the bundle is called in the commands."""
    return _TEXT.format(
        number=about.request.number,
        agency=_one_line(about.request.agency),
        directory=directory,
        proves=_bullets(PROVES),
        does_not_prove=_bullets(DOES_NOT_PROVE),
        id=about.production_id,
        made_at=about.made_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        made_by=_one_line(about.made_by),
        software=about.software,
    ).encode()


def _bullets(lines: tuple[str, ...]) -> str:
    return "".join(f"{textwrap.fill(each, 78, initial_indent='- ', subsequent_indent='  ')}\n" for each in lines)


def _one_line(text: str) -> str:
    return " ".join(text.split())
