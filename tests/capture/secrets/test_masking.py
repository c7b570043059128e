"""What is secret is gone, and what is not stays byte for byte."""

from __future__ import annotations

from base64 import b64decode, b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.secrets.masking import Secrets, mask_headers

NONE = Secrets([])


@pytest.mark.parametrize(
    ("name", "value", "masked"),
    [
        (b"Cookie", b"a=1; session=abc=def", b"a=[masked]; session=[masked]"),
        (b"Cookie", b"nothing-but-a-value", b"[masked]"),
        (b"Cookie", b"path=/secret; a=1", b"path=[masked]; a=[masked]"),
        (b"cookie", b"", b""),
        (b"Set-Cookie", b"s=abc; Path=/; HttpOnly; SameSite=Lax", b"s=[masked]; Path=/; HttpOnly; SameSite=Lax"),
        (b"SET-COOKIE", b"path=abc; token=def", b"path=[masked]; token=[masked]"),
        (b"Authorization", b"Bearer abc.def", b"Bearer [masked]"),
        (b"Authorization", b"abc", b"[masked]"),
        (b"Proxy-Authorization", b"Basic YTpi", b"Basic [masked]"),
        (b"X-Api-Key", b"abc", b"[masked]"),
        (b"X-Other", b"caf\xe9 \xff", b"caf\xe9 \xff"),
    ],
)
def test_credentials_are_masked_and_nothing_else(name: bytes, value: bytes, masked: bytes) -> None:
    assert mask_headers([(name, value)], NONE) == ((name, masked),)


def test_order_and_repetition_of_fields_stay() -> None:
    fields = ((b"b", b"1"), (b"A", b"2"), (b"b", b"3"))
    assert mask_headers(fields, NONE) == fields


def test_a_known_secret_is_masked_in_any_header() -> None:
    secrets = Secrets(["tok123", "tok123456"])
    assert mask_headers([(b"Location", b"/a?t=tok123456&u=tok123")], secrets) == (
        (b"Location", b"/a?t=*********&u=******"),
    )


WORDS = ["s3cr3t", "two words/§", "গোপন কথা", "गुप्त", "راز داری", "mot clé", "🔑🔑"]


@pytest.mark.parametrize("secret", WORDS)
def test_a_secret_is_found_in_every_spelling_of_urls_and_forms(secret: str) -> None:
    secrets = Secrets([secret])
    for spelling in (secret, quote(secret), quote(secret, safe=""), quote_plus(secret), quote(secret).lower()):
        url = f"https://a.in/?t={spelling}&x=1"
        masked = secrets.mask_url(url)
        assert spelling not in masked
        assert masked.startswith("https://a.in/?t=*")
        assert masked.endswith("&x=1")
        assert len(masked.encode()) == len(url.encode())


@given(st.binary(max_size=200), st.sampled_from(WORDS), st.binary(max_size=200))
def test_masking_keeps_the_length_and_leaves_no_secret(before: bytes, secret: str, after: bytes) -> None:
    body = before + secret.encode() + after
    masked = Secrets([secret]).mask(body)
    assert len(masked) == len(body)
    assert secret.encode() not in masked


@given(st.binary(max_size=200))
def test_without_secrets_nothing_changes(body: bytes) -> None:
    assert Secrets([""]).mask(body) == body


def test_a_capture_s_own_secrets_are_masked_beside_those_of_all() -> None:
    both = Secrets(["archive-secret"]).joined(["পানী-token"])
    assert both.mask("archive-secret পানী-token".encode()) == b"*" * 14 + b" " + b"*" * len("পানী-token".encode())
    assert Secrets(["archive-secret"]).joined([]).mask("পানী-token".encode()) == "পানী-token".encode()


@pytest.mark.parametrize("shift", range(4))
def test_a_secret_is_found_in_base64_wherever_it_stands_in_it(shift: int) -> None:
    secret = "पानी/7Qx+0Zb=1cA9"
    secrets = Secrets([secret])
    around = b"x" * shift + secret.encode() + b"and more"
    for packed in (b64encode(around), urlsafe_b64encode(around)):
        masked = secrets.mask(packed)
        assert masked != packed
        assert len(masked) == len(packed)
        assert secret[4:-1].encode() not in b64decode(masked.replace(b"*", b"A"), altchars=b"-_")
    assert not Secrets(["short678"]).found_in(b64encode(b"short678"))


@pytest.mark.parametrize(
    "written", [r"ab\u003d\u003dcd\u0026ef12", r"ab\u003D\u003Dcd\u0026ef12", "ab%253D%253Dcd%2526ef12"]
)
def test_a_secret_is_found_as_writers_of_scripts_and_of_addresses_in_addresses_escape_it(written: str) -> None:
    assert Secrets(["ab==cd&ef12"]).found_in(written.encode())
