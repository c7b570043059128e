from __future__ import annotations

from pathlib import Path

from index.engine import SearchEngine
from index.engines.oracle import OracleEngine
from tests.index.conformance import EngineContract


class TestOracle(EngineContract):
    def make(self, directory: Path) -> SearchEngine:
        return OracleEngine()
