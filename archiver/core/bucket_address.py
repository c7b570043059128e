"""Where a bucket is, in one line of the settings, and the keys to it, which are never in them.

s3+https://objects.example.org/records-transfer/town?region=ca-central-1
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from archiver.core.errors import BadInput, CopyUnreachable

SCHEMES = ("s3+https://", "s3+http://")
KEY_FILE = "bucket-keys.toml"
"""In the archive's configuration directory, outside of the archive: `["host"]`, `access_key`, `secret_key`."""
_ACCESS, _SECRET = "ARCHIVER_BUCKET_ACCESS_KEY", "ARCHIVER_BUCKET_SECRET_KEY"


@dataclass(frozen=True, kw_only=True)
class BucketAddress:
    """`host` has its port where one is named; `prefix` is "" or ends in a slash."""

    host: str
    secure: bool
    bucket: str
    prefix: str = ""
    region: str = ""

    def __str__(self) -> str:
        return f"s3+{'https' if self.secure else 'http'}://{self.host}/{self.bucket}/{self.prefix}"


@dataclass(frozen=True, kw_only=True)
class BucketKeys:
    """Not shown: no traceback and no log ever has them."""

    access: str
    secret: str

    def __repr__(self) -> str:
        return "BucketKeys(…)"


def is_bucket(place: str) -> bool:
    return place.startswith(SCHEMES)


def parse_bucket_address(text: str) -> BucketAddress:
    """Raises BadInput: no bucket named, keys in the address, or in the clear to another machine."""
    try:
        parts = urlsplit(text.removeprefix("s3+"))
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadInput(f"{text!r} is no address of a bucket: {error}") from error
    named = f"[{host}]" if ":" in host else host  # of IP version 6
    bucket, _, prefix = parts.path.strip("/").partition("/")
    if not is_bucket(text) or not host or not bucket:
        raise BadInput(f"{text!r} is no address of a bucket: write s3+https://HOST/BUCKET/PREFIX")
    if parts.username or parts.password or set(parse_qs(parts.query)) - {"region"}:
        raise BadInput(
            f"an address of a bucket takes ?region= and nothing else; keys stand in {_ACCESS} and {_SECRET}, or in "
            f"{KEY_FILE} beside the archive's other keys"
        )
    if parts.scheme == "http" and not _is_this_machine(host):
        raise BadInput(f"evidence does not go to {host} in the clear: write s3+https://")
    return BucketAddress(
        host=named if port is None else f"{named}:{port}",
        secure=parts.scheme == "https",
        bucket=bucket,
        prefix=f"{prefix}/" if prefix else "",
        region="".join(parse_qs(parts.query).get("region", [""])),
    )


def transfer_faults(place: str, lock_days: int) -> Iterator[str]:
    """What is wrong with `retention.transfer_to` and `retention.transfer_lock_days`, each naming its key."""
    if is_bucket(place):
        try:
            parse_bucket_address(place)
        except BadInput as error:
            yield f"retention.transfer_to: {error}"
    elif "://" in place:
        yield f"retention.transfer_to: {place!r} is no directory, and of buckets s3+https:// is known"
    elif lock_days:
        yield "retention.transfer_lock_days: only a bucket locks, and retention.transfer_to names none"


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def find_keys(
    address: BucketAddress, config_directory: Path, *, environment: Mapping[str, str] = os.environ
) -> BucketKeys:
    """Of the environment, else of the key file, which nobody else may read. Raises CopyUnreachable.

    What begins with ARCHIVER_ in the environment reaches no program that an archive starts.
    """
    access, secret = environment.get(_ACCESS, ""), environment.get(_SECRET, "")
    if access and secret:
        return BucketKeys(access=access, secret=secret)
    path = config_directory / KEY_FILE
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise CopyUnreachable(f"{path} can be read by others: chmod 600 it, and have the bucket's keys renewed")
        kept = tomllib.loads(path.read_text(encoding="utf-8"))[address.host]
        return BucketKeys(access=str(kept["access_key"]), secret=str(kept["secret_key"]))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise CopyUnreachable(
            f"there are no keys to {address.host}: set {_ACCESS} and {_SECRET}, or write a section "
            f'["{address.host}"] with access_key and secret_key to {path}'
        ) from error
