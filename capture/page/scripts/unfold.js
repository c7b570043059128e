// A page that scrolls inside of one of its parts, not as a whole, shows one screen of it on any screenshot.
// Lay the part out in full where its style allows that; else leave it as it is, and tell.
() => {
  const tall = () => (document.scrollingElement || document.documentElement).scrollHeight;
  const scrolls = (element) => /auto|scroll/u.test(getComputedStyle(element).overflowY) &&
    element.scrollHeight > element.clientHeight + 40 &&
    element.clientHeight > innerHeight * 0.6 && element.clientWidth > innerWidth * 0.5;
  if (tall() > innerHeight * 1.5) return { found: false };
  const parts = [...document.querySelectorAll("body, body *")].filter(scrolls);
  const part = parts.sort((a, b) => b.scrollHeight - a.scrollHeight)[0];
  if (!part || part === document.scrollingElement) return { found: false };
  const hidden = part.scrollHeight - part.clientHeight;
  const shown = part.clientHeight;
  const before = tall();
  const kept = [];
  for (let each = part; each; each = each.parentElement) {
    kept.push([each, each.getAttribute("style")]);
    const style = { height: "auto", "max-height": "none", overflow: "visible" };
    if (each === part && /absolute|fixed/u.test(getComputedStyle(each).position)) style.bottom = "auto";
    for (const [name, value] of Object.entries(style)) each.style.setProperty(name, value, "important");
  }
  part.scrollTop = 0;
  const unfolded = tall() >= before + hidden * 0.9;
  if (!unfolded) {
    for (const [each, style] of kept) {
      if (style === null) each.removeAttribute("style");
      else each.setAttribute("style", style);
    }
  }
  return { found: true, unfolded, shown, whole: shown + hidden };
}
