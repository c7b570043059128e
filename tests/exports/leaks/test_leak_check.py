"""What the leak check reads: every packing and encoding, and what it does with a hit."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pikepdf
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from archiver.core.errors import LeakFound
from archiver.core.warc import Exchange, WarcWriter
from exports.leaks.findings import LeakReport, unread
from exports.leaks.leak_check import LeakCheck
from exports.redaction.rules import RedactionRule
from exports.redaction.secrets import Secret
from exports.release.load_files import dat_header, dat_line
from tests.exports.sample import FIRST

NAMES = ("Zoë Smith", "ৰীতা দাস", "रीता शर्मा", "سڑک علی", "Rémi Écuyer")
RULES = tuple(
    RedactionRule(id=f"red_{n}", kind="phrase", scope="everywhere", section="14", phrases=(name,))
    for n, name in enumerate(NAMES)
)


def search(name: str, content: bytes, rules: tuple[RedactionRule, ...] = RULES) -> LeakReport:
    check = LeakCheck((), rules)
    check.search(name, content)
    return check.report()


def zipped(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(name, content)
    return out.getvalue()


def png_with(text: str, *, packed: bool) -> bytes:
    info = PngInfo()
    info.add_itxt("Comment", text, zip=packed)
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def jpeg_with_exif(text: str) -> bytes:
    exif = Image.Exif()
    exif[0x9286] = text.encode("utf-16-le")
    exif[0x010E] = text
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def pdf_with(text: str) -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        made.docinfo[pikepdf.Name.Title] = text
        made.attachments["a.txt"] = pikepdf.AttachedFileSpec(made, text.encode(), filename="a.txt")
        made.save(out, compress_streams=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return out.getvalue()


def warc_with(directory: Path, text: str) -> bytes:
    return warc_of(directory, brotli.compress(f"<p>{text}</p>".encode() * 50), b"Content-Encoding: br")


def warc_of(directory: Path, body: bytes, *fields: bytes, request: bytes = b"GET / HTTP/1.1\r\n\r\n") -> bytes:
    head = b"".join(each + b"\r\n" for each in (b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *fields, b""))
    path = directory / "a.warc.gz"
    path.unlink(missing_ok=True)
    writer = WarcWriter(path, info={"software": "test"}, now=lambda: FIRST)
    writer.write_exchange(
        Exchange(
            uri="https://town.example/",
            date=FIRST,
            request_head=request,
            response_head=head,
            response_body=body,
        )
    )
    writer.finish()
    return path.read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_found_in_every_part_of_recorded_traffic(name: str, tmp_path: Path) -> None:
    told, chunks = f"It was {name} who wrote.".encode(), []
    for start in range(0, len(told), 5):
        chunks.append(b"%x\r\n%s\r\n" % (len(told[start : start + 5]), told[start : start + 5]))
    traffic = {
        "a body": warc_of(tmp_path, told),
        "a picture's packed text": warc_of(tmp_path, png_with(told.decode(), packed=True)),
        "a photograph's EXIF": warc_of(tmp_path, jpeg_with_exif(told.decode())),
        "a packed body": warc_of(tmp_path, gzip.compress(told), b"Content-Encoding: gzip"),
        "a body that is packed and does not say so": warc_of(tmp_path, gzip.compress(told)),
        "a body in chunks": warc_of(tmp_path, b"".join([*chunks, b"0\r\n\r\n"]), b"Transfer-Encoding: chunked"),
        "a head": warc_of(tmp_path, b"", b"X-Author: " + name.encode()),
        "a PDF": warc_of(tmp_path, pdf_with(told.decode())),
        "a PDF whose site calls it text": warc_of(tmp_path, pdf_with(told.decode()), b"Content-Type: text/plain"),
        "a ZIP": warc_of(tmp_path, zipped("a.txt", told)),
        "a request": warc_of(tmp_path, b"", request=b"POST / HTTP/1.1\r\n\r\n" + told),
        "what follows a record": warc_of(tmp_path, b"") + told,
        "a record in a file of one member": gzip.compress(gzip.decompress(warc_of(tmp_path, told))),
    }
    assert [kind for kind, content in traffic.items() if not search("a.warc.gz", content).leaks] == []
    assert search("a.warc.gz", warc_of(tmp_path, b"It was Zoe Smithson.")).stopping == ()


def test_a_body_that_comes_again_is_told_again_where_something_is_in_it(tmp_path: Path) -> None:
    """One in which nothing was found is read once."""
    clean, dirty = b"body { margin: 0 }\n" * 2000, b"body { margin: 0 }\n" * 2000 + NAMES[1].encode()
    check = LeakCheck((), RULES)
    for number, body in enumerate((clean, clean, dirty, dirty, clean)):
        check.search(f"{number}.warc.gz", warc_of(tmp_path, body))
    report = check.report()
    assert {each.place.partition(",")[0] for each in report.leaks} == {"2.warc.gz", "3.warc.gz"}
    once = search("0.warc.gz", warc_of(tmp_path, clean)).readings
    assert report.readings < 5 * once


def test_a_name_in_a_line_between_a_comment_that_two_others_make_is_told_of_that_line() -> None:
    texts = ("<!-- it begins", "By Zo<b>ë</b> Smith", "and ends -->")
    lines = [{"item_id": f"rec_1/{number}", "text": text} for number, text in enumerate(texts)]
    table = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in lines).encode()
    assert [each.place for each in search("items.jsonl", table).leaks] == ["items.jsonl#rec_1/1 (without tags)"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_found_in_every_packing(name: str, tmp_path: Path) -> None:
    told = f"It was {name} who wrote."
    plain = told.encode()
    packings = {
        "text": plain,
        "utf-16": told.encode("utf-16"),
        "utf-16 without its mark": told.encode("utf-16-be"),
        "gzip": gzip.compress(plain),
        "gzip of two members": gzip.compress(b"one") + gzip.compress(plain),
        "what follows a gzip": gzip.compress(b"one") + plain,
        "zip": zipped("a.txt", plain),
        "zip in a zip": zipped("b.zip", zipped("a.txt", plain)),
        "a name in a zip": zipped(f"{name}.txt", b"x"),
        "base64": b"data: " + base64.b64encode(plain * 3),
        "base64 of gzip": b"data: " + base64.encodebytes(gzip.compress(plain * 3)),
        "json": json.dumps({"a": told}).encode(),
        "a message": b"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
        b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(plain),
        "a picture's text": png_with(told, packed=False),
        "a picture's packed text": png_with(told, packed=True),
        "what follows a picture": png_with("", packed=False) + plain,
        "a photograph's EXIF": jpeg_with_exif(told),
        "a PDF": pdf_with(told),
        "recorded traffic in brotli": warc_with(tmp_path, told),
    }
    missed = [kind for kind, content in packings.items() if not search("a.bin", content).leaks]
    assert missed == []
    assert search(f"{name}.txt", b"").leaks
    assert search("a.txt", b"It was Zoe Smithson.").leaks == ()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("around", ["{}", "by\n{}\nwho", "{broken}", "C:\\{}"])
def test_a_name_is_found_however_a_format_writes_line_breaks_and_quotes(name: str, around: str) -> None:
    told = around.format(name, broken=name.replace(" ", "\n"))
    cells = dat_line(["ABC-000001", told, "þ®"])
    assert [each.place for each in search("VOL01.dat", dat_header() + cells).leaks] == ["VOL01.dat"]
    line = json.dumps({"item_id": "rec_1/1", "text": told}, ensure_ascii=False).encode() + b"\n"
    assert [each.place for each in search("items.jsonl", line).leaks] == ["items.jsonl", "items.jsonl#rec_1/1"]
    assert search("rsmf.zip", zipped("rsmf_manifest.json", line)).leaks


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "between",
    [
        " <b>{}</b>",
        "<br>{}",
        "<br/>\n<i class='a > b'>{}</i>",
        '</p>\n<p title="{{}}">{}',
        " <!-- a <b> --><mark\n  data-n=1>{}",
        "<td>{}</td>",
    ],
)
def test_a_name_is_found_across_tags(name: str, between: str) -> None:
    first, _, last = name.partition(" ")
    half = len(last) // 2
    for told in (first + between.format(last), f"{first} {last[:half]}<em>{last[half:]}</em>"):
        page = f"<p>By {told}, who wrote.</p>"
        assert [each.place for each in search("page.html", page.encode()).leaks] == ["page.html (without tags)"]
        latin = f"é<p>{told}</p>".encode() + b"\xe9"  # what is no text as a whole
        assert search("page.bin", latin).leaks
        for line in (json.dumps({"html": page}), json.dumps({"html": page}).replace("/", "\\/")):
            assert search("posts.json", line.encode()).leaks


def test_tags_part_words_unless_they_are_inline_and_what_is_no_tag_stays() -> None:
    assert search("a.html", b"<p>Zo<b>e</b> Smi<i>ths</i>on and 3 < 4 > 2</p>").leaks == ()
    assert search("a.html", b"<p>Zo<br>e Smith</p>").leaks == ()
    assert search("a.html", ('<b "' * 20_000 + "<").encode()).leaks == ()


def test_of_many_short_files_exactly_those_are_told_that_hold_a_name() -> None:
    check = LeakCheck((), RULES)
    told = {f"{number:04d}.txt": NAMES[number % 5] for number in range(0, 3000, 7)}
    for number in range(3000):
        name = f"{number:04d}.txt"
        check.search(name, f"Zoë {number} {told.get(name, 'Smith, said শর্মা')}.".encode())
    assert {each.place: each.rule for each in check.report().leaks} == {
        name: f"red_{NAMES.index(who)}" for name, who in told.items()
    }


def test_what_cannot_be_searched_stops_the_sealing() -> None:
    broken = search("a.zip", b"PK\x03\x04 and nothing more")
    assert "a.zip cannot be unpacked" in broken.stopping[0]
    with pytest.raises(LeakFound, match="cannot be unpacked"):
        broken.require_clean()
    assert search("a.gz", gzip.compress(b"x" * 100)[:-20]).leaks == ()


def test_a_pattern_is_looked_for_in_texts_and_not_in_digests() -> None:
    mail = (RedactionRule(id="red_m", kind="pattern", scope="everywhere", section="14", detector="e-mail"),)
    assert search("a.txt", "write to রীতা@example.org or zoe@example.org".encode(), mail).leaks
    assert search("data/production.json", b'{"size": 130692544}', mail).leaks == ()


def here(check_own: dict[str, list[str]], acknowledged: dict[str, str] | None = None) -> LeakCheck:
    secret = Secret(text="the pump at Mill Street", everywhere=False, item="rec_1/2", rule="red_1")
    return LeakCheck([secret], (), own=check_own, acknowledged=acknowledged)


def test_a_redaction_here_is_fatal_in_its_item_and_to_be_acknowledged_elsewhere() -> None:
    check = here({"rec_1/2": ["#rec_1/2", "/ABC-000002."]})
    lines = [{"item_id": f"rec_1/{n}", "text": "The pump at Mill Street."} for n in (1, 2)]
    check.search("data/items.jsonl", "".join(json.dumps(each) + "\n" for each in lines).encode())
    report = check.report()
    fatal = {each.place for each in report.leaks if each.fatal}
    assert fatal == {"data/items.jsonl#rec_1/2"}
    check = here({"rec_1/2": ["/ABC-000002."]})
    check.search("data/VOL01/TEXT/ABC-000001.txt", b"the pump at Mill Street")
    (place,) = check.report().stopping
    check = here({"rec_1/2": ["/ABC-000002."]}, {place: "the agency said so itself"})
    check.search("data/VOL01/TEXT/ABC-000001.txt", b"the pump at Mill Street")
    report = check.report()
    assert report.stopping == ()
    assert report.leaks[0].reason == "the agency said so itself"
    check.search("data/VOL01/TEXT/ABC-000002.txt", b"the pump at Mill Street")
    assert check.report().stopping


def test_a_short_withheld_text_is_looked_for_in_its_own_renditions_only() -> None:
    secret = Secret(text="yes", everywhere=False, item="rec_1/2", rule="withheld")
    check = LeakCheck([secret], (), own={"rec_1/2": ["/ABC-000002."]})
    check.search("data/TEXT/ABC-000001.txt", b"yes")
    assert check.report().leaks == ()
    check.search("data/TEXT/ABC-000002.txt", b"yes")
    assert check.report().stopping


def test_a_short_phrase_redacted_here_is_listed_wherever_else_it_stands() -> None:
    secret = Secret(text="Zoë", everywhere=False, item="rec_1/2", rule="red_1")
    check = LeakCheck([secret], (), own={"rec_1/2": ["/ABC-000002."]})
    check.search("data/TEXT/ABC-000001.txt", "Zoë wrote".encode())
    assert check.report().stopping == ("data/TEXT/ABC-000001.txt: what red_1 redacts in rec_1/2",)


def test_what_a_site_sent_that_cannot_be_searched_is_let_stand_with_a_reason(tmp_path: Path) -> None:
    broken = warc_of(tmp_path, zipped("a.txt", b"nothing")[:-30])
    (told,) = search("a.warc.gz", broken).stopping
    assert "cannot be unpacked" in told
    check = LeakCheck((), RULES, acknowledged={told: "an attachment cut off by the site"})
    check.search("a.warc.gz", broken)
    assert check.report().stopping == ()
    assert check.report().skipped == ((told, "an attachment cut off by the site"),)


def test_a_picture_that_a_person_left_out_is_not_read_and_the_reason_is_told() -> None:
    left_out = {unread("ABC-000001"): "a photograph of the river"}
    read: list[bytes] = []

    def reader(picture: bytes) -> str:
        read.append(picture)
        return "It was Zoë Smith"

    check = LeakCheck((), RULES, acknowledged=left_out, read_picture=reader)
    check.search("data/pictures/ABC-000001.png", png_with("", packed=False))
    assert read == []
    assert check.report().skipped == (("ABC-000001: its picture is not read by OCR", "a photograph of the river"),)
    assert check.report().stopping == ()
    check.search("data/pictures/ABC-000002.png", png_with("", packed=False))
    assert len(read) == 1
    assert "as read by OCR" in check.report().stopping[0]
    check.search("data/pictures/ABC-000001.png", png_with("Zoë Smith", packed=True))  # its bytes are searched as ever
    assert "ABC-000001.png, chunk iTXt" in check.report().stopping[1]


@pytest.mark.parametrize("place", [0, 1 << 20, (1 << 22) - 7, (1 << 22) + 3, 9_000_000])
@pytest.mark.parametrize("line", ["পানী 12345678 and more\n", "no line ends "])
def test_a_name_is_found_wherever_it_stands_in_a_long_text(place: int, line: str) -> None:
    """Long texts are read slice by slice; a border never hides a name, and makes none of two."""
    filled = (line * (10_000_000 // len(line.encode()))).encode()
    place -= place % len(line.encode())
    whole = filled[:place] + "it was सड़क, no, रीता शर्मा who".encode() + filled[place:]
    (leak,) = search("a.txt", whole).leaks
    assert leak.rule == "red_2"
    assert search("a.txt", filled).leaks == ()


def test_two_names_of_the_same_letters_are_both_found() -> None:
    rules = tuple(
        RedactionRule(id=f"red_{n}", kind="phrase", scope="everywhere", section="14", phrases=(name,))
        for n, name in enumerate(("Ann Alee", "Anna Lee"))
    )
    assert {each.rule for each in search("a.txt", b"Anna Lee and Ann Alee", rules).leaks} == {"red_0", "red_1"}
    assert {each.rule for each in search("a.txt", b"Anna Lee", rules).leaks} == {"red_1"}


def test_a_short_name_inside_other_words_is_no_hit_however_often() -> None:
    rules = (RedactionRule(id="red_1", kind="phrase", scope="everywhere", section="14", phrases=("Ali",)),)
    text = "the quality of the water, " * 20_000
    assert search("a.txt", text.encode(), rules).leaks == ()
    assert search("a.txt", (text + "said Ali, " + text).encode(), rules).leaks
