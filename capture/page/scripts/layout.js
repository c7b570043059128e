// Every visible word with its rectangles on the full-page screenshot, and the regions whose
// text is not known. CSS pixels from the top left corner of the page. Runs in one go, on a
// frozen page: if the window is not `screen` high it is being resized for a screenshot, and
// the caller asks again. Where a field's or a closed shadow root's inside is known, the caller
// has put it into `archiverRoots`, null where it is not to be had; what each word is, is kept in
// `archiverWords` for hide.js and draw.js, how it is written in `archiverPen`, and the documents
// that were read in `archiverDocuments`. `frames` says where those of frames begin.
({ screen, words: limit, milliseconds, exact }) => {
  if (innerHeight !== screen) return { resized: true };
  const roots = globalThis.archiverRoots || new Map();
  const kept = globalThis.archiverWords = [];
  const documents = globalThis.archiverDocuments = [document];
  const frames = [];
  const started = performance.now();
  const texts = [];
  const regions = [];
  let count = 0;
  let cut = false;
  const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });
  const range = document.createRange();
  const round = (value) => Math.round(value * 100) / 100;

  const step = (node, name) => {
    let place = 1;
    for (let other = node.previousSibling; other; other = other.previousSibling) {
      if (other.nodeType === node.nodeType && other.nodeName === node.nodeName) place += 1;
    }
    return `/${name}[${place}]`;
  };
  // XPath, with the steps `#shadow-root` and `#document` where a shadow root or a frame begins
  const paths = new Map();
  const pathOf = (element, base) => {
    const known = paths.get(element);
    if (known !== undefined) return known;
    const parent = element.parentNode;
    let path;
    if (parent && parent.nodeType === 11) path = `${pathOf(parent.host, base)}/#shadow-root`;
    else if (parent && parent.nodeType === 1) path = pathOf(parent, base);
    else path = base;
    path += step(element, element.localName);
    paths.set(element, path);
    return path;
  };

  // What an element's text can be seen through: null where none of it is shown, else the
  // intersection of all boxes that clip it, in page coordinates; infinite where none does.
  const windows = new Map();
  const seenThrough = (element, shift) => {
    if (windows.has(element)) return windows.get(element);
    const parent = element.parentElement || (element.getRootNode().host ?? null);
    const style = element.ownerDocument.defaultView.getComputedStyle(element);
    let view = parent ? seenThrough(parent, shift) : shift.view;
    // boxes taken out of the flow are clipped by their containing block, not by their parents;
    // in doubt a word is listed, since a word that is missing here could not be redacted
    if (style.position === "absolute") view = element.offsetParent ? seenThrough(element.offsetParent, shift) : shift.view;
    if (style.position === "fixed") view = shift.view;
    if (style.display === "none" || style.opacity === "0") view = null;
    if (view && (style.overflowX !== "visible" || style.overflowY !== "visible") && style.display !== "inline" &&
        element !== element.ownerDocument.documentElement && element !== element.ownerDocument.body) {
      const box = element.getBoundingClientRect();
      const spare = parseFloat(/[\d.]+px/u.exec(style.overflowClipMargin)?.[0] ?? "0");
      view = [
        style.overflowX === "visible" ? view[0] : Math.max(view[0], box.left + shift.x - spare),
        style.overflowY === "visible" ? view[1] : Math.max(view[1], box.top + shift.y - spare),
        style.overflowX === "visible" ? view[2] : Math.min(view[2], box.right + shift.x + spare),
        style.overflowY === "visible" ? view[3] : Math.min(view[3], box.bottom + shift.y + spare),
      ];
      if (view[2] - view[0] < 2 || view[3] - view[1] < 2) view = null;
    }
    windows.set(element, view);
    return view;
  };
  const place = (box, view, shift) => {
    const left = Math.max(box.left + shift.x, view[0], 0);
    const top = Math.max(box.top + shift.y, view[1], 0);
    const right = Math.min(box.right + shift.x, view[2]);
    const bottom = Math.min(box.bottom + shift.y, view[3]);
    return right - left > 0.5 && bottom - top > 0.5 ? [round(left), round(top), round(right - left), round(bottom - top)] : null;
  };

  // How far a text's shadows fall, right and down, and how far they blur or lie apart.
  const shadowOf = (value) => {
    const falls = [...value.matchAll(/(-?[\d.]+)px (-?[\d.]+)px ([\d.]+)px/gu)].map((each) => each.slice(1).map(Number));
    if (!falls.length) return [0, 0, 0];
    const [right, down] = falls[0];
    return [right, down, Math.max(...falls.map(([x, y, blur]) => Math.hypot(x - right, y - down) + 2 * blur))];
  };

  const lines = new Map(); // element -> styles of the lines drawn along its text
  const linesOf = (element) => {
    if (!element) return [];
    if (!lines.has(element)) {
      const style = element.ownerDocument.defaultView.getComputedStyle(element);
      const own = style.textDecorationLine === "none" ? [] : [style.textDecorationStyle];
      lines.set(element, [...own, ...linesOf(element.parentElement)]);
    }
    return lines.get(element);
  };
  const turns = new Map(); // element -> whether it is turned, scaled or bent
  const turned = (element) => {
    if (!element) return false;
    if (!turns.has(element)) {
      const { transform, rotate, scale, zoom, offsetPath } = element.ownerDocument.defaultView.getComputedStyle(element);
      const set = [transform, rotate, scale, offsetPath].some((each) => each !== "none") || Number(zoom) !== 1;
      turns.set(element, set || turned(element.parentElement || element.getRootNode().host));
    }
    return turns.get(element);
  };

  // Where a word's ink lies, by its font: known only of a word on one line that is set here as on a line of its own.
  const pen = new OffscreenCanvas(640, 240).getContext("2d", { willReadFrequently: true });
  let held = "";
  const fonts = new Map(); // by how a text is set, what was measured of its words: many words are said again
  let measured = null;
  const hold = (style, language) => {
    const key = [style.font, style.letterSpacing, style.fontKerning, style.fontStretch, style.fontVariantCaps,
      style.textRendering, style.direction, language].join("|");
    if (key === held) return;
    held = key;
    if (!fonts.has(key)) fonts.set(key, new Map());
    measured = fonts.get(key);
    pen.font = style.font || `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    pen.letterSpacing = style.letterSpacing === "normal" ? "0px" : style.letterSpacing;
    pen.fontKerning = style.fontKerning;
    pen.fontVariantCaps = style.fontVariantCaps;
    pen.textRendering = style.textRendering;
    pen.direction = style.direction;
    pen.textAlign = "left";
    pen.lang = language;
  };
  globalThis.archiverPen = { pen, hold };
  const LATIN = /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Common}]*$/u;
  const COMMON = /^\p{Script=Common}+$/u;
  const inkOf = (said, before, boxes, raw, lined) => {
    if (boxes.length !== 1 || raw.length !== 1) return null;
    const [left, top] = boxes[0];
    const [{ width, height }] = raw;
    let drawn = measured.get(said);
    if (!drawn) measured.set(said, drawn = pen.measureText(said));
    if (Math.abs(drawn.fontBoundingBoxAscent + drawn.fontBoundingBoxDescent - height) > 1.5) return null;
    let across = [left - drawn.actualBoundingBoxLeft, drawn.actualBoundingBoxLeft + drawn.actualBoundingBoxRight];
    // kerning with the next word moves that one; another font would be further off, but for scripts with loose parts
    const tolerance = LATIN.test(said) ? 1.5 : 0.3;
    if (COMMON.test(said) && before && !LATIN.test(before)) {
      drawn = pen.measureText(before + said); // a mark is drawn as those of the script it stands in
      across = [left, width];
    } else if (Math.abs(drawn.width - width) > tolerance) return null;
    const above = top + drawn.fontBoundingBoxAscent - drawn.actualBoundingBoxAscent;
    const high = drawn.actualBoundingBoxAscent + drawn.actualBoundingBoxDescent;
    if (!lined) return [across[0], above, across[1], high];
    // a line drawn along the text lies in its box
    const ends = [Math.min(left, across[0]), Math.min(top, above), Math.max(left + width, across[0] + across[1]),
      Math.max(top + height, above + high)];
    return [ends[0], ends[1], ends[2] - ends[0], ends[3] - ends[1]];
  };

  const readText = (node, base, shift) => {
    const element = node.parentElement || node.getRootNode().host;
    const value = node.nodeValue;
    if (!element || !/\S/u.test(value)) return;
    const view = seenThrough(element, shift);
    if (!view || element.ownerDocument.defaultView.getComputedStyle(element).visibility !== "visible") return;
    const style = element.ownerDocument.defaultView.getComputedStyle(element);
    // drawn by its background, not by its colour: such a word is not hidden but painted over
    const hollow = /^rgba\(.*, 0\)$|\/ 0\)$|^transparent$/u.test(style.webkitTextFillColor);
    const words = [];
    // what is drawn under, around or otherwise than by the font, and boxes that are not the text's own
    const lined = linesOf(element);
    // upright Latin keeps to its line: only whoever wants its very pixels need know where its ink is
    const asked = (said) => exact || style.fontStyle !== "normal" || !LATIN.test(said);
    const plain = asked(value) && !lined.includes("wavy") && !turned(element) && style.writingMode === "horizontal-tb" &&
      style.textTransform === "none" && parseFloat(style.webkitTextStrokeWidth) === 0 && style.textEmphasisStyle === "none" && !hollow &&
      !(parseFloat(style.letterSpacing) < 0);
    const inks = [];
    let before = "";
    const language = element.closest("[lang]")?.lang ?? "";
    if (plain) hold(style, language);
    for (const { segment, index } of segmenter.segment(value)) {
      if (!segment.trim()) { before = ""; continue; }
      if (count >= limit || performance.now() - started > milliseconds) { cut = true; break; }
      range.setStart(node, index);
      range.setEnd(node, index + segment.length);
      const entry = [segment];
      const raw = [...range.getClientRects()];
      const boxes = raw.map((box) => place(box, view, shift)).filter(Boolean);
      for (const rect of boxes) entry.push(...rect);
      if (boxes.length) {
        words.push(entry);
        const ink = plain && asked(segment) ? inkOf(segment, before, boxes, raw, lined.length > 0) : null;
        inks.push(ink);
        const written = exact && ink ? { style, language, left: raw[0].left + shift.x, top: raw[0].top + shift.y } : null;
        kept.push({ node, start: index, end: index + segment.length, hollow, written });
        count += 1;
      }
      before = segment;
    }
    if (!words.length) return;
    const parent = node.parentNode;
    const owner = parent.nodeType === 11 ? `${pathOf(parent.host, base)}/#shadow-root` : pathOf(parent, base);
    const text = { path: owner + step(node, "text()"), words, inks };
    if (style.textShadow !== "none") text.shadow = shadowOf(style.textShadow);
    // said nowhere but where a word is broken
    if (style.hyphenateCharacter !== "auto") readRegion(element, base, shift, "generated");
    // letters leave their boxes, or a wave runs below them
    if (style.fontStyle !== "normal" || parseFloat(style.letterSpacing) < 0 || lined.includes("wavy") || turned(element) ||
        parseFloat(style.webkitTextStrokeWidth) > 2 || style.textEmphasisStyle !== "none") text.free = true;
    if (element.namespaceURI.endsWith("/svg")) text.apart = true;
    texts.push(text);
  };

  const UNREAD = { img: "image", image: "image", picture: null, video: "video", canvas: "canvas", embed: "embed",
    object: "object", audio: "audio", input: "field", textarea: "field", select: "field", datalist: "field" };
  const readRegion = (element, base, shift, kind, more = {}, box = element.getBoundingClientRect()) => {
    const view = seenThrough(element, shift);
    if (!view || element.ownerDocument.defaultView.getComputedStyle(element).visibility !== "visible") return;
    const rect = place(box, view, shift);
    if (rect) regions.push({ kind, path: pathOf(element, base), rect, ...more });
  };

  // A picture may be drawn larger than its element.
  const overflowing = (element) => {
    const box = element.getBoundingClientRect();
    const style = element.ownerDocument.defaultView.getComputedStyle(element);
    if (style.overflow !== "visible" || style.objectFit === "fill" || !element.naturalWidth) return box;
    return around(box, 0, 0, Math.max(element.naturalWidth, box.width), Math.max(element.naturalHeight, box.height));
  };

  // Of what an element refers to, as `url(#name)`: whether letters may be drawn there. What is in no document may.
  const DRAWN = "text, image, foreignObject, use, feImage";
  const mayHoldText = (element, reference) => {
    const name = /url\("?#([^")]+)"?\)/u.exec(reference)?.[1];
    const target = name ? element.getRootNode().getElementById(name) : null;
    return !target || target.matches(DRAWN) || target.querySelector(DRAWN) !== null;
  };
  const FAINT = 0.25;
  const SHADOW = 4; // CSS pixels, the least that a word's ink may leave its box
  const ICON = 48; // CSS pixels: what is no wider or no higher than a line is drawn for is a sign, not a name
  const readDrawing = (svg, base, shift) => {
    const box = svg.getBoundingClientRect();
    const shapes = box.width > ICON && svg.querySelector("path, polygon, polyline, rect, line, circle, ellipse");
    if (shapes) readRegion(svg, base, shift, "drawing");
  };
  // What style sheets draw for an element that is no text of its document: pictures, and its text a second time.
  const readStyled = (element, base, shift) => {
    const style = element.ownerDocument.defaultView.getComputedStyle(element);
    const pictures = [style.backgroundImage, style.borderImageSource, style.maskImage, style.webkitMaskBoxImageSource, style.content];
    if (pictures.some((each) => /url\((?!"?#)/u.test(each))) readRegion(element, base, shift, "background");
    const references = [style.fill, style.stroke, style.clipPath, style.filter, style.maskImage, style.markerStart, style.markerMid,
      style.markerEnd].filter((each) => each?.includes("url("));
    const used = localName(element) === "use" ? [`url("${element.href?.baseVal}")`] : [];
    if ([...references, ...used].some((each) => mayHoldText(element, each))) {
      let whole = element; // markers and filters draw outside of what bears them
      while (whole.ownerSVGElement) whole = whole.ownerSVGElement;
      readRegion(whole, base, shift, "drawing");
    }
    for (const [, color, right, down, blur] of style.filter.matchAll(/drop-shadow\((.*?\)) (-?[\d.]+)px (-?[\d.]+)px ([\d.]+)px\)/gu)) {
      const [x, y, spread] = [right, down, blur].map(Number);
      const faint = Number(/^rgba\(.*, ([\d.]+)\)$/u.exec(color)?.[1] ?? 1) < FAINT;
      if (faint || Math.hypot(x, y) <= SHADOW) continue; // what lies under its own letters goes with them
      readRegion(element, base, shift, "shadow", {}, around(element.getBoundingClientRect(), x, y, spread));
    }
    // what turns a box that scrolls stands beside it, and nobody tells where
    if (/auto|scroll/u.test(style.overflow) && element.parentElement) {
      const said = (name) => !/^(normal|none)?$/u.test(element.ownerDocument.defaultView.getComputedStyle(element, name).content);
      const marked = !/^(none)?$/u.test(style.scrollMarkerGroup ?? "");
      if (marked || ["up", "down", "left", "right"].some((each) => said(`::scroll-button(${each})`))) {
        readRegion(element.parentElement, base, shift, "generated");
      }
    }
    const reflected = style.webkitBoxReflect;
    if (reflected && reflected !== "none") {
      const box = element.getBoundingClientRect();
      const across = /^(left|right)/u.test(reflected);
      readRegion(element, base, shift, "shadow", {}, across ? around(box, 0, 0, 2 * box.width, 0) : around(box, 0, 0, 0, 2 * box.height));
    }
  };
  const around = (box, x, y, across, along = across) => ({ left: box.left + x - across, top: box.top + y - along,
    right: box.right + x + across, bottom: box.bottom + y + along });

  // a form answers with its field of that name where it is asked by name itself
  const asked = (name, kind) => {
    const { get } = Object.getOwnPropertyDescriptor(kind.prototype, name);
    return (node) => get.call(node);
  };
  const [childNodes, nodeType] = ["childNodes", "nodeType"].map((each) => asked(each, Node));
  const [localName, shadowRoot] = ["localName", "shadowRoot"].map((each) => asked(each, Element));

  const walk = (root, base, shift) => {
    for (const node of childNodes(root)) {
      if (cut) return;
      if (nodeType(node) === 3) { readText(node, base, shift); continue; }
      if (nodeType(node) !== 1) continue;
      const name = localName(node);
      if (name === "iframe" || name === "frame") { readStyled(node, base, shift); readFrame(node, base, shift); continue; }
      const kind = UNREAD[name];
      if (kind) {
        const more = {};
        if (kind === "image") Object.assign(more, { source: node.currentSrc || node.src || "", alt: node.alt || "" });
        if (kind === "video" || kind === "audio") more.source = node.currentSrc || "";
        if (kind === "field" && node.type !== "password" && node.type !== "hidden") more.text = node.value || node.placeholder || "";
        readRegion(node, base, shift, kind, more, overflowing(node));
        readStyled(node, base, shift);
        const inside = kind === "field" && node.type !== "password" && roots.get(node);
        if (inside) walk(inside, base, shift);
        if (name !== "object") continue;
      } else {
        if (name === "svg" && !node.ownerSVGElement) readDrawing(node, base, shift);
        readStyled(node, base, shift);
        if (roots.get(node) === null) readRegion(node, base, shift, "closed");
      }
      const shadow = shadowRoot(node) || roots.get(node);
      if (shadow) walk(shadow, base, shift);
      walk(node, base, shift);
    }
  };

  // whether an element is where its box is, not turned, scaled or in depth
  const straight = (element) => {
    for (let each = element; each; each = each.parentElement || each.getRootNode().host) {
      const { transform, rotate, scale, zoom, offsetPath } = each.ownerDocument.defaultView.getComputedStyle(each);
      if (transform !== "none" && !/^matrix\(1, 0, 0, 1, /u.test(transform)) return false;
      if ([rotate, scale, offsetPath].some((other) => other !== "none") || Number(zoom) !== 1) return false;
    }
    return true;
  };
  const readFrame = (frame, base, shift) => {
    let inner = null;
    try { inner = frame.contentDocument; } catch { inner = null; } // another origin's
    const view = seenThrough(frame, shift);
    if (!view) return;
    // a frame that is transformed is read as one region: its words would be misplaced
    if (!inner || !inner.documentElement || !straight(frame)) {
      readRegion(frame, base, shift, "frame", { source: frame.src || "" });
      return;
    }
    const box = frame.getBoundingClientRect();
    const style = frame.ownerDocument.defaultView.getComputedStyle(frame);
    const [left, top, right, bottom] = [style.paddingLeft, style.paddingTop, style.paddingRight, style.paddingBottom].map(parseFloat);
    const x = box.left + shift.x + frame.clientLeft + left;
    const y = box.top + shift.y + frame.clientTop + top;
    const opening = [Math.max(view[0], x), Math.max(view[1], y),
      Math.min(view[2], x + frame.clientWidth - left - right), Math.min(view[3], y + frame.clientHeight - top - bottom)];
    const path = `${pathOf(frame, base)}/#document`;
    documents.push(inner);
    frames.push({ path, x: x, y: y, view: opening.map((each) => Number.isFinite(each) ? each : null) });
    walk(inner, path, { x, y, view: opening });
  };

  const everywhere = [-Infinity, -Infinity, Infinity, Infinity];
  walk(document, "", { x: scrollX, y: scrollY, view: everywhere });
  return { texts, regions, frames, count, cut };
}
