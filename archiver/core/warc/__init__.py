"""WARC/1.1 (ISO 28500:2017): the one writer, reader and checker of evidence files.

warcio writes and reads the records. What it misses is added around it: `packing` keeps heads
byte for byte, `iterating` and `decoding` say where a file is damaged. The check and the
recovery of unfinished files are our own, because warcio takes a torn record for a whole one.

Files are written with another gzip than they are read with (isal, then zlib), so that a
fault of the one does not hide in the other; only the check, which has digests to compare with,
inflates with the faster one.
"""

from archiver.core.warc.checking import Finding, WarcCheck, check_stream, check_warc
from archiver.core.warc.decoding import decode_body, decode_pieces
from archiver.core.warc.members import Defect
from archiver.core.warc.reading import WarcRecord, read_heads, read_record, read_records, read_stream
from archiver.core.warc.recovering import Recovered, recover
from archiver.core.warc.repeats import Holder, Repeat
from archiver.core.warc.restoring import Resolve, nowhere, read_restored, repeats_of
from archiver.core.warc.supplementing import write_supplement
from archiver.core.warc.thinning import KnownPayloads, Thinned, thin
from archiver.core.warc.writing import Exchange, Rewritten, WarcSummary, WarcWriter

__all__ = [
    "Defect",
    "Exchange",
    "Finding",
    "Holder",
    "KnownPayloads",
    "Recovered",
    "Repeat",
    "Resolve",
    "Rewritten",
    "Thinned",
    "WarcCheck",
    "WarcRecord",
    "WarcSummary",
    "WarcWriter",
    "check_stream",
    "check_warc",
    "decode_body",
    "decode_pieces",
    "nowhere",
    "read_heads",
    "read_record",
    "read_records",
    "read_restored",
    "read_stream",
    "recover",
    "repeats_of",
    "thin",
    "write_supplement",
]
