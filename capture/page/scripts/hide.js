// Hide the words that layout.js kept whose code has bit number `bit`, and show all others: by
// highlights, which change no layout. With `shadows` off, text has none; with `apart` off,
// what no highlight reaches is hidden too: what style sheets and not documents say, and text in drawings.
({ codes, bit, shadows, apart }) => {
  const words = globalThis.archiverWords;
  const hidden = new Map(); // document -> highlights
  const documents = new Set(globalThis.archiverDocuments);
  for (const each of documents) {
    const view = each.defaultView;
    const highlights = { "archiver-hidden": new view.Highlight(), "archiver-painted": new view.Highlight() };
    for (const [name, highlight] of Object.entries(highlights)) view.CSS.highlights.set(name, highlight);
    hidden.set(each, highlights);
  }
  words.forEach(({ node, start, end, hollow }, number) => {
    if (bit < 0 || !((codes[number] >> bit) & 1)) return;
    const range = new StaticRange({ startContainer: node, startOffset: start, endContainer: node, endOffset: end });
    hidden.get(node.ownerDocument)[hollow ? "archiver-painted" : "archiver-hidden"].add(range);
  });
  const style = (root, rules) => {
    const view = (root.ownerDocument || root).defaultView;
    const sheet = new view.CSSStyleSheet();
    sheet.replaceSync(rules);
    const others = root.adoptedStyleSheets.filter((each) => !globalThis.archiverSheets?.has(each));
    root.adoptedStyleSheets = [...others, sheet];
    (globalThis.archiverSheets ||= new Set()).add(sheet);
  };
  // important rules of a layer win over important rules of none
  const rules = `:root::highlight(archiver-hidden) { color: transparent; -webkit-text-fill-color: transparent;
      -webkit-text-stroke-color: transparent; text-decoration-color: transparent }
    :root::highlight(archiver-painted) { color: #f0f; -webkit-text-fill-color: #f0f }
    ${shadows ? "" : "@layer archiver { *, *::before, *::after, *::marker, ::placeholder { text-shadow: none !important } }"}
    ${apart ? "" : `@layer archiver { *::before, *::after, *::marker, svg text, svg text * { transition: none !important;
      color: transparent !important; -webkit-text-fill-color: transparent !important; fill: transparent !important;
      stroke: transparent !important } }`}`;
  const styled = (root) => {
    style(root, rules);
    for (const element of root.querySelectorAll("*")) {
      const open = element.shadowRoot; // or a form's field of that name
      const inside = open?.nodeType === 11 ? open : globalThis.archiverRoots?.get(element);
      if (inside) styled(inside);
    }
  };
  for (const each of documents) styled(each);
  return words.length;
}
