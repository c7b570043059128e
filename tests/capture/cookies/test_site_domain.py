"""Which site an address belongs to, as cookies see it."""

from __future__ import annotations

import pytest

from capture.cookies.site_domain import site_domain


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("https://www.facebook.com/SKGov?x=1", "facebook.com"),
        ("m.facebook.com", "facebook.com"),
        (".facebook.com", "facebook.com"),
        ("FACEBOOK.com.", "facebook.com"),
        ("https://sivasagar.assam.gov.in/", "assam.gov.in"),
        ("town.example:8443", "town.example"),
        ("www.town.example", "town.example"),
        ("office.github.io", "office.github.io"),  # hosts of different people share the suffix
        ("https://নগৰ.উদাহৰণ.বাংলা/পানী", "xn--d5b6ci0fya51a.xn--54b7fta0cc"),
        ("http://127.0.0.1:8080/x", "127.0.0.1"),
        ("http://[::1]:8080/", "::1"),
        ("localhost", "localhost"),
        ("com", ""),
        ("github.io", ""),
        ("", ""),
        ("https://", ""),
        ("http://[", ""),
        ("a b", ""),
    ],
)
def test_a_site_is_the_name_somebody_registered(address: str, domain: str) -> None:
    assert site_domain(address) == domain
