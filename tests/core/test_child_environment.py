from __future__ import annotations

from archiver.core.child_environment import child_environment


def test_tokens_stay_out_of_a_childs_environment() -> None:
    environment = {"PATH": "/bin", "ARCHIVER_TOKEN": "secret", "ARCHIVER_ARCHIVE": "/a"}
    assert child_environment(environment) == {"PATH": "/bin"}
