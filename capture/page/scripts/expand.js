// Press what shows more of the page: once each, `most` of them at a time; those that bring another
// batch again and again, one at a time, as long as they do. Nothing is pressed that is a link to
// another place, sends a form, or names an act. What was pressed is remembered in this world, which
// lives as long as the document. Returns the labels pressed, and how many are left.
({ most, patterns, names, counts, never, closes, neverParts, neverAlone, press }) => {
  const memory = (globalThis.archiverPressed ??= { seen: new WeakMap(), solo: null, blocked: 0 });
  const whole = (list) => list.map((each) => new RegExp(`^(?:${each})$`, "u"));
  const wanted = whole(patterns);
  const counting = whole(counts);
  const denied = new Set(never);
  const alone = new Set(neverAlone);
  const wordsIn = (text) => text.replace(/([a-z])([A-Z])/gu, "$1 $2").toLowerCase().match(/[\p{L}\p{M}’]+/gu) || [];
  const norm = (text) => text.normalize("NFC").replace(/['ʼ`]/gu, "’").toLowerCase()
    .replace(/\p{Nd}(?:[\p{Nd}.,  ٬’]*\p{Nd})?/gu, "#").replace(/\s+/gu, " ")
    .replace(/^[^\p{L}\p{M}#(]+|[^\p{L}\p{M}#)]+$/gu, "").trim();

  const everywhere = (selector) => {
    const found = [];
    const look = (root) => {
      found.push(...root.querySelectorAll(selector));
      for (const each of root.querySelectorAll("*")) if (each.shadowRoot) look(each.shadowRoot);
    };
    look(document);
    return found;
  };
  const shown = (element) => {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    const box = element.getBoundingClientRect();
    return box.width > 2 && box.height > 2;
  };
  const labelOf = (element) => norm(
    (element.localName === "input" ? element.value : element.innerText) || element.getAttribute("aria-label") ||
    element.title || "");
  const attributesOf = (element) => ["id", "class", "name", "data-testid", "data-action", "data-tooltip", "data-event",
    "data-click", "onclick", "jsaction", "formaction", "aria-label", "title", "ng-click", "hx-post", "hx-delete", "hx-put"]
    .map((name) => element.getAttribute(name) || "").join(" ");

  // a link that leads nowhere: its script does the work
  const bare = (link) => {
    const href = (link.getAttribute("href") || "").trim();
    return /^(?:#!?|javascript:\s*(?:void\s*\(\s*0?\s*\))?\s*;?|)$/u.test(href) && !link.hasAttribute("download");
  };
  const safe = (element) => {
    for (let up = element; up; up = up.parentElement || up.getRootNode().host) {
      if (up.localName === "a" && up.hasAttribute("href") && !bare(up)) return false;
      if (up.localName === "label" || up.isContentEditable) return false;
      if (["nav", "select", "option"].includes(up.localName)) return false;
      if (/^(?:navigation|menu|menubar|menuitem|search|tablist|tab|switch|checkbox|radio|combobox|listbox)$/u
        .test(up.getAttribute("role") || "")) return false;
    }
    if (["hx-post", "hx-delete", "hx-put", "hx-patch", "formaction", "download"].some((name) => element.hasAttribute(name))) return false;
    const sends = (element.localName === "button" || element.localName === "input") &&
      !["button"].includes(element.type) && Boolean(element.form);
    if (sends || (element.localName === "input" && element.type !== "button")) return false;
    const pops = element.getAttribute("aria-haspopup");
    if ((pops && pops !== "false") || element.disabled || element.getAttribute("aria-disabled") === "true") return false;
    return !["aria-pressed", "aria-checked"].some((name) => element.hasAttribute(name));
  };
  const wordingAllows = (element, label) => {
    if (label.length > 80 || alone.has(label)) return false;
    if (wordsIn(label).some((word) => denied.has(word) || closes.includes(word)) || neverParts.some((part) => label.includes(part))) return false;
    return !wordsIn(attributesOf(element)).some((word) => denied.has(word));
  };
  const namesMore = (element) => {
    const told = `${element.className || ""} ${element.id} ${element.getAttribute("data-testid") || ""}`.toLowerCase().replace(/_/gu, "-");
    return names.some((name) => told.includes(name));
  };
  const inContent = (element) => Boolean(element.closest(
    "main, article, [role=main], [role=article], [role=feed], [id*=comment], [class*=comment], [class*=repl], [class*=thread]"));

  // "more", "replies" and the like stand for a bare count only where the element says itself that it opens something
  const qualifies = (element) => {
    const label = labelOf(element);
    if (!label || !wordingAllows(element, label)) return "";
    const opens = element.getAttribute("aria-expanded") === "false";
    if (element.getAttribute("aria-expanded") === "true") return "";
    const ellipsis = /^(?:…|\.\.\.)/u.test(element.innerText || "") && label === "more";
    if (wanted.some((each) => each.test(label)) || ellipsis) return label;
    if (counting.some((each) => each.test(label)) && (opens || namesMore(element))) return label;
    if (namesMore(element) && inContent(element)) return label;
    const controls = (element.getAttribute("aria-controls") || "").split(/\s+/u).filter(Boolean)
      .map((id) => document.getElementById(id)).find(Boolean);
    return opens && controls && inContent(element) && inContent(controls) ? label : "";
  };

  const measure = () => document.body.innerText.length + document.getElementsByTagName("*").length;
  if (memory.solo) { // what the one pressed last has brought
    const { element, before } = memory.solo;
    const now = measure();
    const known = memory.seen.get(element);
    if (known) known.again = now > before;
    if (press) {
      if (now < before && element.isConnected) element.click(); // it had closed what it opened: open it
      memory.solo = null;
    }
  }

  const closed = everywhere("details:not([open])").filter((details) => shown(details) && details.querySelector("summary") &&
    !details.closest("nav, header, [role=navigation], [role=menu]"));
  if (press) for (const details of closed) details.open = true;
  const candidates = [];
  for (const element of everywhere("button, input[type=button], [role=button], a, [onclick], [aria-expanded=false], [tabindex='0']")) {
    if (element.localName === "summary" || (element.localName === "a" && element.hasAttribute("href") && !bare(element))) continue;
    if (!shown(element) || !safe(element)) continue;
    const label = qualifies(element);
    if (label && !candidates.some((each) => each.element.contains(element) && each.label === label)) candidates.push({ element, label });
  }
  const fresh = candidates.filter(({ element, label }) => memory.seen.get(element)?.label !== label);
  const repeated = candidates.filter(({ element, label }) => memory.seen.get(element)?.label === label &&
    memory.seen.get(element).again && candidates.filter((each) => each.label === label).length === 1);
  const chosen = fresh.length ? fresh.slice(0, most) : repeated.slice(0, 1);
  if (!press) return { pressed: [], opened: 0, folded: closed.length, left: fresh.length + repeated.length, address: location.href };
  const solo = chosen.length === 1;
  const before = solo ? measure() : 0;
  for (const { element, label } of chosen) {
    if (!element.isConnected) continue;
    // a batch tells nothing of one: it may bring more, until pressing it alone shows that it does not
    memory.seen.set(element, { label, again: !solo });
    // a link that leads nowhere shall not scroll the page either
    const hold = (event) => event.preventDefault();
    if (element.localName === "a") addEventListener("click", hold, { capture: true, once: true });
    try { element.click(); } finally { removeEventListener("click", hold, { capture: true }); }
  }
  if (solo) memory.solo = { element: chosen[0].element, before };
  return { pressed: chosen.map(({ label }) => label), opened: closed.length, left: fresh.length - (fresh.length ? chosen.length : 0), address: location.href };
}
