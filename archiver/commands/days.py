"""How days and moments are typed on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click


class _When(click.DateTime):
    def __init__(self, name: str, formats: Sequence[str], example: str) -> None:
        super().__init__(formats)
        self.name, self._example = name, example

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "" if isinstance(param, click.Argument) else self.name.upper()  # an argument has its own name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            moment: datetime = super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is no {self.name}: write it like {self._example}", param, ctx)
        return moment


_DAY = "%Y-%m-%d"
DAY = _When("day", [_DAY], "2026-11-30")
DAY_OR_MOMENT = _When("day or moment", [_DAY, "%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M"], "2026-11-30T23:59+00:00")
