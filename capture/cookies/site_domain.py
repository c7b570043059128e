"""Which site an address belongs to, as cookies see it: the registrable domain of the Public Suffix List."""

from __future__ import annotations

import ipaddress
import re
from functools import cache
from urllib.parse import urlsplit

import idna
from tldextract import TLDExtract

_suffixes = TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)
"""The list the library brings along: never fetched, because all traffic goes through the recorder."""


@cache
def site_domain(address: str) -> str:
    """The registrable domain of a URL, a host or a cookie's domain; "" where it has none (`com`, no host).

    An IP address, or a name without a dot, is a site of its own. Ports do not count: cookies know none
    (RFC 6265, 8.5). A name is given as its ASCII form, as cookies and certificates have it.
    """
    host = _host(address)
    if not host or "." not in host or _is_ip(host):
        return host if host and (_is_ip(host) or not _suffixes(host).suffix) else ""
    found = _suffixes(host)
    if found.suffix:
        return found.top_domain_under_public_suffix
    # a top level the list does not know is a suffix itself (publicsuffix.org, "the prevailing rule is *")
    return ".".join(host.split(".")[-2:])


def _host(address: str) -> str:
    try:
        parts = urlsplit(address if "://" in address else f"//{address.strip().lstrip('.')}")
        host = (parts.hostname or "").rstrip(".")
        host = host if _is_ip(host) or host.isascii() else idna.encode(host, uts46=True).decode()
    except (ValueError, idna.IDNAError):
        return ""
    return host if _is_ip(host) or re.fullmatch(r"[a-z0-9_.-]+", host) else ""


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
