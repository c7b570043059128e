"""A stored login on a real WordPress: its cookies, its login page, a page that only its owner sees."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from http.cookiejar import MozillaCookieJar
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from archiver.core.archive import Archive
from archiver.core.records import Outcome
from archiver.core.site_sessions import CheckResult
from archiver.core.warc import read_records
from archiver.workflows.capturing.run import capture_urls
from archiver.workflows.capturing.site_sessions import check_sessions, import_login
from tests.targets.test_wordpress import SITE, why_not
from tests.workflows.town import clerk, make

pytestmark = [pytest.mark.browser, pytest.mark.target, pytest.mark.skipif(bool(why_not()), reason=why_not() or "up")]

PROFILE = f"{SITE}/wp-admin/profile.php"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    directory, config = make(tmp_path, urlsplit(SITE).netloc)
    with Archive.open(directory, config_directory=config) as opened:
        yield opened


def cookies_of_a_login(file: Path) -> list[str]:
    """Log in as a browser does and export its cookies.txt; the values of its hidden cookies."""
    jar = MozillaCookieJar(str(file))
    with httpx.Client(cookies=jar, trust_env=False, timeout=60) as client:
        client.get(f"{SITE}/wp-login.php")
        form = {"log": "admin", "pwd": "admin-pass", "rememberme": "forever", "testcookie": "1"}
        client.post(f"{SITE}/wp-login.php", data=form)
    lines = []
    for each in jar:
        hidden = "#HttpOnly_" if "logged_in" in each.name or each.path.startswith("/wp-") else ""
        fields = (each.domain, "FALSE", each.path, "FALSE", str(each.expires or 0), each.name, each.value or "")
        lines.append(hidden + "\t".join(fields) + "\n")
    file.write_text("".join(lines))
    return [each.value for each in jar if each.value and "wordpress_" in each.name and "test" not in each.name]


def test_a_login_opens_the_owner_s_own_page_and_leaves_no_value_behind(archive: Archive, tmp_path: Path) -> None:
    (before,) = capture_urls(archive, [PROFILE], actor=clerk(archive))
    assert (before.capture.outcome, before.capture.access) == (Outcome.LOGIN_WALL, "anonymous")
    file = tmp_path / "cookies.txt"
    values = cookies_of_a_login(file)
    assert values
    now = datetime.now(UTC)
    stored = import_login(
        archive, SITE, file, check_url=PROFILE, expect="admin@", actor=clerk(archive), now=now
    ).session
    assert stored.expires is not None
    assert 10 < (stored.expires - now).days < 15  # WordPress remembers for 14 days
    (after,) = capture_urls(archive, [PROFILE], actor=clerk(archive))
    assert after.capture.outcome.files_content, after.capture.reason
    assert after.capture.access == stored.access
    place = archive.objects.root / archive.objects.place(after.capture.id, after.capture.record_id)
    records = list(read_records(place / "capture.warc.gz"))
    assert any(b"user_login" in each.content() for each in records if each.type == "response")
    for value in values:
        assert not any(value.encode() in each.content() for each in records)
        assert not any(value in each.read_text("utf-8") for each in place.glob("*.json*"))


def test_a_check_tells_what_the_page_shows(archive: Archive, tmp_path: Path) -> None:
    file = tmp_path / "cookies.txt"
    cookies_of_a_login(file)
    import_login(archive, SITE, file, check_url=PROFILE, expect="Profile", actor=clerk(archive), now=datetime.now(UTC))
    (checked,) = check_sessions(archive, actor=clerk(archive))
    assert checked.check_result is CheckResult.SIGNED_IN, checked.check_reason
    (other,) = check_sessions(archive, SITE, expect="সদস্য আৰু কোনো নাই", actor=clerk(archive))
    assert other.check_result is CheckResult.SIGNED_OUT
