// Send a cookie banner away by its own buttons: refusing first, then what only needs the necessary,
// then closing, then accepting. Nothing is hidden by a style of ours. Returns what was there and
// what was pressed; `press` false only looks whether a banner stands there.
({ about, reject, close, accept, tool: tools, press }) => {
  const whole = (list) => list.map((each) => new RegExp(`^(?:${each})$`, "u"));
  const norm = (text) => text.normalize("NFC").replace(/['ʼ`]/gu, "’").toLowerCase().replace(/\s+/gu, " ")
    .replace(/^[^\p{L}\p{M}×✕✖]+|[^\p{L}\p{M}×✕✖]+$/gu, "").trim();
  const shown = (element) => {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    const box = element.getBoundingClientRect();
    return box.width > 2 && box.height > 2;
  };
  const roots = [];
  const look = (root) => {
    roots.push(root);
    for (const each of root.querySelectorAll("*")) if (each.shadowRoot) look(each.shadowRoot);
  };
  look(document);
  const everywhere = (selector) => roots.flatMap((root) => [...root.querySelectorAll(selector)]);
  const textOf = (element) => (element.innerText || "") + [...element.querySelectorAll("*")]
    .filter((each) => each.shadowRoot).map((each) => [...each.shadowRoot.children].map((inner) => inner.innerText || "").join(" ")).join(" ");
  const told = (name, box, action, button) => {
    const area = box.getBoundingClientRect();
    const wide = Math.min(area.right, innerWidth) - Math.max(area.left, 0);
    const high = Math.min(area.bottom, innerHeight) - Math.max(area.top, 0);
    return { tool: name, action, button, share: Math.max(0, wide) * Math.max(0, high) / (innerWidth * innerHeight),
      text: textOf(box).replace(/\s+/gu, " ").trim().slice(0, 300) };
  };
  // a button that sends a form, or a link elsewhere, would leave the page
  const stays = (element) => {
    const link = element.closest("a[href]");
    if (link && !/^(?:#.*|javascript:.*|)$/u.test(link.getAttribute("href").trim())) return false;
    const sends = ["button", "input"].includes(element.localName) && element.form && element.type !== "button";
    return !sends || element.form.getAttribute("method")?.toLowerCase() === "dialog";
  };
  const pressed = (name, box, action, element) => {
    const label = (element.innerText || element.value || element.getAttribute("aria-label") || element.title || "").trim();
    const facts = told(name, box, action, label || element.id);
    element.click();
    return facts;
  };

  for (const { name, box, ...buttons } of tools) {
    const frame = everywhere(box).find((each) => shown(each) || each.shadowRoot);
    if (!frame) continue;
    if (!frame.shadowRoot && !textOf(frame).trim()) continue;
    for (const action of press ? ["reject", "close", "accept"] : []) {
      for (const selector of buttons[action]) {
        const button = everywhere(selector).find((each) => shown(each) && stays(each));
        if (button) return pressed(name, frame, action, button);
      }
    }
    if (frame.shadowRoot ? [...frame.shadowRoot.querySelectorAll("*")].some(shown) : true) {
      const unknown = byWords(frame, name);
      if (unknown) return unknown;
    }
  }

  const speaks = new RegExp(`(?<!\\p{L})(?:${about.join("|")})(?!\\p{L})`, "iu");
  const laidOver = (element) => {
    const place = getComputedStyle(element).position;
    return place === "fixed" || place === "sticky" || element.getAttribute("role") === "dialog" ||
      element.getAttribute("role") === "alertdialog" || element.getAttribute("aria-modal") === "true" || element.localName === "dialog" ||
      /cookie|consent|gdpr/iu.test(`${element.id} ${typeof element.className === "string" ? element.className : ""}`);
  };
  function byWords(frame, name) {
    const inside = frame.shadowRoot ? [frame.shadowRoot] : [frame];
    const buttons = inside.flatMap((root) => [...root.querySelectorAll("button, [role=button], a, input[type=button]")])
      .filter((each) => shown(each) && stays(each));
    const labels = buttons.map((each) => norm(each.innerText || each.value || each.getAttribute("aria-label") || each.title || ""));
    if (press) {
      for (const [action, words] of [["reject", reject], ["close", close], ["accept", accept]]) {
        const rules = whole(words);
        const place = labels.findIndex((label) => label && rules.some((rule) => rule.test(label)));
        if (place >= 0) return pressed(name, frame, action, buttons[place]);
      }
    }
    return told(name, frame, "", "");
  }
  const boxes = everywhere("div, section, aside, dialog, form, footer, header, p")
    .filter((each) => laidOver(each) && shown(each) && !each.matches("main, article, body"));
  for (const box of boxes) {
    const text = textOf(box);
    if (text.length > 4000 || !speaks.test(text)) continue;
    if (box.closest("main, article") && getComputedStyle(box).position === "static") continue;
    const hasButton = [...box.querySelectorAll("button, [role=button], a, input")].some(shown);
    if (hasButton) return byWords(box, "");
  }
  return null;
}
