"""Two nights over a real WordPress: all it declares is found and captured, then only what changed.

Runs where ARCHIVER_TEST_TARGETS names a directory of target scripts whose WordPress is up and seeded. With
ARCHIVER_PROVE=1 over all its posts, adding 500 where it has fewer; else over a few of a writer of its own.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from archiver.core.archive import Archive
from archiver.core.config import NightlySettings
from archiver.core.nights import Nights, VisitKind
from archiver.core.records import Outcome
from archiver.workflows.archive.keep_register import add_account
from archiver.workflows.night.run import run_night
from archiver.workflows.verification.verify import verify_archive
from tests.targets.test_wordpress import SITE, why_not
from tests.workflows.night.village import TEXTS, Nightwatch, archive_of
from tests.workflows.town import NOW, clerk

pytestmark = [pytest.mark.browser, pytest.mark.target, pytest.mark.skipif(bool(why_not()), reason=why_not() or "up")]

PROVE = bool(os.environ.get("ARCHIVER_PROVE"))
POSTS = 6


def password() -> str:
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    home = Path(os.environ.get("TARGETS_HOME", str(Path(cache) / "archiver-targets")))
    path = home / "wordpress" / ".apppass"
    if not path.is_file():
        pytest.skip(f"{path} is not there: nothing can be written to the WordPress")
    return path.read_text().strip()


def write(path: str, **entry: Any) -> dict[str, Any]:
    answer = httpx.post(
        f"{SITE}/wp-json/wp/v2/{path}", json=entry, auth=("admin", password()), trust_env=False, timeout=60
    )
    answer.raise_for_status()
    return dict(answer.json())


def declared(path: str) -> int:
    answer = httpx.get(f"{SITE}/wp-json/wp/v2/{path}", params={"per_page": 1}, trust_env=False, timeout=60)
    return int(answer.headers["X-WP-Total"])


def touched_since(moment: datetime) -> set[str]:
    """Posts and pages that others wrote, edited or commented on later than this test's clock shows."""

    def read(path: str, **conditions: Any) -> Iterator[dict[str, Any]]:
        page, pages = 1, 1
        while page <= pages:
            asked: dict[str, Any] = {"per_page": 100, "page": page, "_fields": "id,link,post"} | conditions
            answer = httpx.get(f"{SITE}/wp-json/wp/v2/{path}", params=asked, trust_env=False, timeout=60)
            yield from answer.raise_for_status().json()
            page, pages = page + 1, int(answer.headers["X-WP-TotalPages"])

    after = moment.strftime("%Y-%m-%dT%H:%M:%S")
    commented = {each["post"] for each in read("comments", after=after)}
    edited = [*read("posts", modified_after=after), *read("pages", modified_after=after)]
    return {each["link"] for each in edited} | {each["link"] for each in read("posts") if each["id"] in commented}


def a_writer_of_its_own() -> tuple[str, int, list[dict[str, Any]]]:
    """The writer's page, its id and its posts: what other tests do to the same site does not reach them."""
    name = f"night{uuid4().hex[:12]}"
    writer = write("users", username=name, email=f"{name}@example.com", password=uuid4().hex, roles=["author"])
    posts = [
        write("posts", title=f"{name} {n}", content=f"<p>{TEXTS[n % len(TEXTS)]}</p>", status="publish",
              author=writer["id"], date_gmt="2026-01-05T09:00:00")
        for n in range(POSTS)
    ]  # fmt: skip
    return writer["link"], writer["id"], posts


@pytest.mark.timeout(7_000 if PROVE else 900)
def test_the_second_night_over_a_wordpress_captures_only_what_changed(tmp_path: Path) -> None:
    link, writer, posts = a_writer_of_its_own()
    if PROVE:
        link = SITE + "/"
        if declared("posts") < 500:
            script = Path(os.environ["ARCHIVER_TEST_TARGETS"]) / "wordpress.sh"
            subprocess.run([script, "more", "500"], check=True)
    directory, config = archive_of(tmp_path, SITE + "/")
    now = Nightwatch()
    with Archive.open(directory, config_directory=config) as archive:
        archive.settings = replace(
            archive.settings,
            # its posts are of another year than the clock of this test: none is recent; none is sampled
            nightly=NightlySettings(quiet_days=0, sample_days=1_000_000, delay_seconds=0, fixity_sample=5),
        )
        account = add_account(
            archive, handle="@night", url=link, site="", department="", contact="", actor=clerk(archive), now=NOW
        )
        first = run_night(archive, actor=clerk(archive), accounts=[account.id], now=now)
        assert first.exit_code == 0, first.summary
        told = next(each for each in first.accounts if each.id == account.id)
        whole = declared("posts") + declared("pages") if PROVE else POSTS
        assert told.found == told.ever_captured == whole
        assert all(each.found == each.declared for each in told.completeness), told.completeness
        write(f"posts/{posts[0]['id']}", content="<p>Edited for the second night.</p>")
        write("comments", post=posts[1]["id"], content="A comment on an old post, made by day.")
        added = write("posts", title="New by day", content="<p>New.</p>", status="publish", author=writer)
        now.sleep()
        second = run_night(archive, actor=clerk(archive), accounts=[account.id], now=now)
        visits = Nights(archive.db).visits(second.run)
        looked = {each.url: each for each in visits if each.kind is VisitKind.PAGE}
        own = {posts[0]["link"], posts[1]["link"], added["link"]}
        assert own <= set(looked) <= own | (touched_since(NOW) if PROVE else set())
        assert {each.url for each in looked.values() if each.outcome is Outcome.COMPLETE} == own
        assert {each.outcome for each in looked.values()} <= {Outcome.COMPLETE, Outcome.UNCHANGED}
        told = next(each for each in second.accounts if each.id == account.id)
        assert told.found == told.ever_captured == whole + 1
        assert verify_archive(archive).findings == ()
