"""What a page is asked for once it is there, over the DevTools protocol.

The questions run in a world of their own beside the page's scripts, so that a page which
replaces built-in functions cannot falsify its own record.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from archiver.core.errors import BrowserFailed
from capture.observation import PageSigns
from capture.page.witness import Witness
from capture.verdict.outcome_rules import OutcomeRules

_SCRIPTS = Path(__file__).parent / "scripts"
_WORLD = "archiver"
_WRITTEN = "(said) => said instanceof Promise ? said.then((it) => JSON.stringify(it)) : JSON.stringify(said)"
"""A long answer in many parts costs the page and the protocol twice as much as one text."""
_FIELDS = ("INPUT", "TEXTAREA", "SELECT")
_MOST_ROOTS = 2_000

Send = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
"""One command of the DevTools protocol, answered, bounded, and raising BrowserFailed when the page dies."""


class ScriptError(Exception):
    """A question to the page failed inside the page: it navigated away, or took too long."""


async def run_script(send: Send, name: str, options: Mapping[str, object] | None = None, *, seconds: float) -> Any:
    """Run `scripts/NAME.js` in the main frame, in our own world. Raises ScriptError."""
    source = (_SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
    expression = f"({_WRITTEN})(({source})({json.dumps(options or {})}))"
    for last in (False, True):
        frame = (await send("Page.getFrameTree", {}))["frameTree"]["frame"]["id"]
        world = await send("Page.createIsolatedWorld", {"frameId": frame, "worldName": _WORLD})
        answer = await send(
            "Runtime.evaluate",
            {
                "expression": expression,
                "contextId": world["executionContextId"],
                "returnByValue": True,
                "awaitPromise": True,
                "timeout": seconds * 1000,
            },
        )
        if "exceptionDetails" not in answer:
            value = answer["result"].get("value")
            return None if value is None else json.loads(value)
        if last:
            break
    details = answer["exceptionDetails"]
    said = details.get("exception", {}).get("description") or details.get("text", "")
    raise ScriptError(f"{name}: {said.splitlines()[0] if said else 'no answer'}")


async def stop_scripts(send: Send) -> None:
    """End what the page's scripts are doing, an endless loop too, and let none run again.

    Both commands interrupt a running script; everything else would wait behind it.
    """
    await send("Emulation.setScriptExecutionDisabled", {"value": True})
    await send("Runtime.terminateExecution", {})


async def freeze(send: Send) -> None:
    """Hold the page still: DOM, layout and screenshot then show the same moment."""
    await send("Page.stopLoading", {})
    await send("Emulation.setScriptExecutionDisabled", {"value": True})
    await send("Animation.enable", {})
    await send("Animation.setPlaybackRate", {"playbackRate": 0})


async def settle(send: Send, witness: Witness, *, quiet: float, seconds: float) -> bool:
    """Wait until nothing is under way, for `quiet` seconds and two drawn frames; True if it came to that."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        before = witness.started
        witness.changed.clear()
        try:
            await run_script(send, "frames", seconds=min(2.0, left))
        except ScriptError:
            continue  # it navigated away under the question: ask the page that came
        if not witness.under_way and witness.started == before:
            if not quiet:
                return True
            try:
                await asyncio.wait_for(witness.changed.wait(), min(quiet, left))
            except TimeoutError:
                return True
        elif witness.under_way:
            try:
                await asyncio.wait_for(witness.changed.wait(), left)
            except TimeoutError:
                return False
    return False


async def listens_to_scrolling(send: Send) -> bool:
    """Whether the page's scripts react to scrolling: what they load then, they often load after a pause."""
    for target in ("window", "document"):
        found = await send("Runtime.evaluate", {"expression": target, "objectGroup": _WORLD})
        if "objectId" not in found.get("result", {}):
            continue
        listeners = await send("DOMDebugger.getEventListeners", {"objectId": found["result"]["objectId"]})
        if any(each["type"] in ("scroll", "scrollend", "wheel", "resize") for each in listeners["listeners"]):
            return True
    return False


async def current_url(send: Send) -> str:
    """The address that the page says it has by now."""
    frame = (await send("Page.getFrameTree", {}))["frameTree"]["frame"]
    return str(frame["url"]) + str(frame.get("urlFragment", ""))


async def read_signs(send: Send, rules: OutcomeRules, seconds: float) -> PageSigns:
    """Ask the page what it looks like, and what of what the rules name it has. Raises ScriptError."""
    asked = {"services": dict(rules.services), "selectors": list(rules.selectors)}
    return signs_from(await run_script(send, "signs", asked, seconds=seconds))


def signs_from(said: Mapping[str, Any]) -> PageSigns:
    """The signs as scripts/signs.js tells them."""
    return PageSigns(
        title=said["title"],
        language=said["language"],
        text_length=said["textLength"],
        opening=said["opening"],
        password_fields=said["passwordFields"],
        password_share=said["passwordShare"],
        media=said["media"],
        text=said["text"],
        lines=tuple(said["lines"]),
        main_length=said["mainLength"],
        dated=said["dated"],
        bare=said["bare"],
        challenges=tuple(said["challenges"]),
        matched=tuple(said["matched"]),
        frames=said["frames"],
    )


async def open_roots(send: Send) -> str:
    """Hand layout.js the insides of fields and of closed shadow roots, as `archiverRoots`; what it lacks, or "".

    Those in frames of the page's origin too. null stands for an inside that our world may not see.
    """
    frame = (await send("Page.getFrameTree", {}))["frameTree"]["frame"]["id"]
    world = (await send("Page.createIsolatedWorld", {"frameId": frame, "worldName": _WORLD}))["executionContextId"]
    root = (await send("DOM.getDocument", {"depth": -1, "pierce": True}))["root"]
    pairs: list[dict[str, Any]] = []
    opened = 0
    for nodes in _closed_roots(root):
        opened += 1
        host, inside = [await _reached(send, node, world) for node in nodes]
        if host["objectId"] is not None:  # else of a frame that is one region
            pairs += [host, inside if inside["objectId"] is not None else {"value": None}]
    await send(
        "Runtime.callFunctionOn",
        {
            "functionDeclaration": "function (...each) { globalThis.archiverRoots = new Map(); "
            "for (let n = 0; n < each.length; n += 2) globalThis.archiverRoots.set(each[n], each[n + 1]) }",
            "arguments": pairs,
            "executionContextId": world,
        },
    )
    if opened < _MOST_ROOTS:
        return ""
    return f"the layout record holds what lies inside of the first {_MOST_ROOTS:,} fields and closed parts alone"


async def _reached(send: Send, node: int, world: int) -> dict[str, Any]:
    """The node as our world knows it; None where its document is of another origin than the page's."""
    found = await send("DOM.resolveNode", {"backendNodeId": node, "executionContextId": world})
    return {"objectId": found["object"].get("objectId")}


def _closed_roots(root: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """(host, shadow root) as the protocol numbers them, of the page's own document and of frames in its process."""
    pending, opened = [root], 0
    while pending and opened < _MOST_ROOTS:
        node = pending.pop()
        for inner in node.get("shadowRoots", ()):
            pending.append(inner)
            if inner["shadowRootType"] == "closed" or node["nodeName"] in _FIELDS:
                opened += 1
                yield node["backendNodeId"], inner["backendNodeId"]
        pending += node.get("children", ())
        if "contentDocument" in node:
            pending.append(node["contentDocument"])


async def shoot(send: Send, clip: tuple[float, float, float, float] | None = None, *, in_view: bool = False) -> bytes:
    """A PNG of the viewport, or of `clip` (left, top, width, height) of the page.

    `in_view` says that the clip lies in the viewport; the window then keeps its size.
    """
    options: dict[str, Any] = {"format": "png", "optimizeForSpeed": True}
    if clip:
        left, top, width, height = clip
        options["clip"] = {"x": left, "y": top, "width": width, "height": height, "scale": 1}
        options["captureBeyondViewport"] = not in_view
    image = base64.b64decode((await send("Page.captureScreenshot", options))["data"])
    if not image:
        raise BrowserFailed("the browser returned an empty screenshot")
    return image
