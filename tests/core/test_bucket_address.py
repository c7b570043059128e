"""Addresses of buckets, and the keys to them, which stand in no settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from archiver.core.bucket_address import BucketAddress, BucketKeys, find_keys, is_bucket, parse_bucket_address
from archiver.core.config import parse_settings
from archiver.core.errors import BadInput, BadSettings, CopyUnreachable


def test_an_address_names_host_bucket_prefix_and_region() -> None:
    assert parse_bucket_address("s3+https://objects.example.org:9000/records/town/out?region=ca-central-1") == (
        BucketAddress(
            host="objects.example.org:9000", secure=True, bucket="records", prefix="town/out/", region="ca-central-1"
        )
    )
    assert parse_bucket_address("s3+http://[::1]:8333/records").host == "[::1]:8333"
    assert str(parse_bucket_address("s3+https://a.example/b/")) == "s3+https://a.example/b/"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("s3+https://a.example", "HOST/BUCKET"),
        ("s3+https:///b", "HOST/BUCKET"),
        ("s3+https://a.example:x/b", "no address"),
        ("s3+https://key:word@a.example/b", "nothing else"),
        ("s3+https://a.example/b?secret=x", "nothing else"),
        ("s3+http://a.example/b", "in the clear"),
        ("s3+http://127.0.0.1.evil.example/b", "in the clear"),
    ],
)
def test_what_is_no_address_or_gives_something_away_is_refused(text: str, fault: str) -> None:
    with pytest.raises(BadInput, match=fault):
        parse_bucket_address(text)


def test_a_directory_is_no_bucket() -> None:
    assert not is_bucket("/mnt/transfer")


SETTINGS = """
[archive]
id = "arc_1"
agency = "Town"
jurisdiction = "IN-AS"
time_zone = "Asia/Kolkata"
languages = ["as"]
[retention]
"""


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ('transfer_to = "s3+http://far.example/b"', "in the clear"),
        ('transfer_to = "ftp://far.example/b"', "is no directory"),
        ('transfer_to = "/mnt/out"\ntransfer_lock_days = 9', "only a bucket locks"),
    ],
)
def test_settings_that_cannot_be_meant_are_faults_of_their_key(lines: str, fault: str) -> None:
    with pytest.raises(BadSettings, match=f"retention.transfer.*{fault}"):
        parse_settings(SETTINGS + lines)
    assert parse_settings(SETTINGS + 'transfer_to = "s3+https://far.example/b"').retention.transfer_to


ADDRESS = parse_bucket_address("s3+https://a.example/b")


def test_keys_come_from_the_environment_before_the_file(tmp_path: Path) -> None:
    given = {"ARCHIVER_BUCKET_ACCESS_KEY": "A", "ARCHIVER_BUCKET_SECRET_KEY": "S"}
    assert find_keys(ADDRESS, tmp_path, environment=given) == BucketKeys(access="A", secret="S")
    assert "S" not in repr(BucketKeys(access="A", secret="S")).replace("BucketKeys", "")


def test_the_key_file_is_nobody_elses_to_read(tmp_path: Path) -> None:
    path = tmp_path / "bucket-keys.toml"
    path.write_text('["a.example"]\naccess_key = "A"\nsecret_key = "S"\n', encoding="utf-8")
    path.chmod(0o640)
    with pytest.raises(CopyUnreachable, match="chmod 600"):
        find_keys(ADDRESS, tmp_path, environment={})
    path.chmod(0o600)
    assert find_keys(ADDRESS, tmp_path, environment={}) == BucketKeys(access="A", secret="S")
    other = parse_bucket_address("s3+https://other.example/b")
    with pytest.raises(CopyUnreachable, match="no keys to other"):
        find_keys(other, tmp_path, environment={})
