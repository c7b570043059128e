"""A process that dies in the midst of a batch, and acts of others in the midst of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from archiver.core.objects import ObjectStore
from archiver.workflows.disposal import destroy as destroying
from archiver.workflows.disposal import destroy_papers as destroying_papers

DISPOSAL = "archiver.workflows.disposal"
DEATHS = (None, None, "announce", "doom", "destroy", "rows")
"""After what a run dies: the announcing, the setting aside of files, their unlinking, the commit; None: it lives."""


class Killed(BaseException):
    """The process is gone: nothing after this line happened."""


@contextmanager
def killed_at(place: str | None) -> Iterator[None]:
    """The process dies right after it did `place`; nothing is tidied up."""
    if place is None:
        yield
        return

    def dying(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            real(*args, **kwargs)
            raise Killed(place)

        return call

    def unchanged(*_: object) -> None:
        raise Killed(place)

    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(ObjectStore, "spare", return_value=None))
        if place in ("doom", "destroy"):
            stack.enter_context(mock.patch.object(ObjectStore, place, dying(getattr(ObjectStore, place))))
        elif place == "announce":
            stack.enter_context(mock.patch(f"{DISPOSAL}.run.announce", dying(destroying.announce)))
        else:
            stack.enter_context(mock.patch.object(destroying, "_remove_files", unchanged))
            stack.enter_context(mock.patch.object(destroying_papers, "remove_paper_files", unchanged))
        yield


@contextmanager
def meanwhile(act: Callable[[], object] | None, *, announced: bool) -> Iterator[None]:
    """Somebody acts after the run has read its list: before it announces anything, or right after that."""
    if act is None:
        yield
        return
    real = destroying.announce

    def with_act(*args: Any, **kwargs: Any) -> None:
        if not announced:
            act()
        real(*args, **kwargs)
        if announced:
            act()

    with mock.patch(f"{DISPOSAL}.run.announce", with_act):
        yield
