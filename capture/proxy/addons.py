"""The parts of mitmproxy's program that the recorder uses, without the rest of it.

The package `mitmproxy.addons` imports every addon at its own import: a web server, an LDAP and a
password library, the replaying of flows. None of it is wanted where all traffic passes, and it is a
third of the time in which a recorder starts.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import mitmproxy

_PACKAGE = "mitmproxy.addons"

if _PACKAGE not in sys.modules:
    _bare = ModuleType(_PACKAGE)
    _bare.__path__ = [str(Path(each) / "addons") for each in mitmproxy.__path__]
    sys.modules[_PACKAGE] = _bare

Master: Any = import_module("mitmproxy.master").Master  # it too would import them all
core: Any = import_module("mitmproxy.addons.core")
disable_h2c: Any = import_module("mitmproxy.addons.disable_h2c")
next_layer: Any = import_module("mitmproxy.addons.next_layer")
proxyserver: Any = import_module("mitmproxy.addons.proxyserver")
tlsconfig: Any = import_module("mitmproxy.addons.tlsconfig")
