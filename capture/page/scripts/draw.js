// Words that layout.js kept, each drawn alone as the page writes it, at its place or a little aside of it,
// upon its ground: `[left, top, width, height, pixels]` of what differs from the ground, in pixels of the
// full page, the pixels as Base64 of four bytes each; null for what cannot be drawn so.
({ words }) => {
  const { pen, hold } = globalThis.archiverPen;
  const { width, height } = pen.canvas;
  const MARGIN = 24;
  const drawn = ([number, ground, aside]) => {
    const { node, start, end, written } = globalThis.archiverWords[number];
    if (!written) return null;
    const said = node.nodeValue.slice(start, end);
    hold(written.style, written.language);
    const size = pen.measureText(said);
    const left = Math.floor(written.left) - MARGIN;
    const top = Math.floor(written.top) - MARGIN;
    const wide = Math.ceil(size.width) + 2 * MARGIN + 2;
    const high = Math.ceil(size.fontBoundingBoxAscent + size.fontBoundingBoxDescent) + 2 * MARGIN + 2;
    if (wide > width || high > height) return null;
    pen.fillStyle = ground;
    pen.fillRect(0, 0, wide, high);
    pen.fillStyle = written.style.webkitTextFillColor;
    // lines stand on whole pixels, letters beside each other do not
    pen.fillText(said, written.left + aside - left, Math.round(written.top + size.fontBoundingBoxAscent) - top);
    const pixels = new Uint32Array(pen.getImageData(0, 0, wide, high).data.buffer);
    const even = pixels[0];
    let [first, last, near, far] = [high, -1, wide, -1];
    for (let y = 0, place = 0; y < high; y += 1) {
      for (let x = 0; x < wide; x += 1, place += 1) {
        if (pixels[place] === even) continue;
        if (y < first) first = y;
        last = y;
        if (x < near) near = x;
        if (x > far) far = x;
      }
    }
    if (last < 0) return [left, top, 0, 0, ""];
    if (first === 0 || near === 0 || last === high - 1 || far === wide - 1) return null; // more of it than was drawn
    const across = far - near + 1;
    const bytes = [];
    for (let y = first; y <= last; y += 1) {
      const row = new Uint8Array(pixels.buffer, 4 * (y * wide + near), 4 * across);
      bytes.push(String.fromCharCode(...row));
    }
    return [left + near, top + first, across, last - first + 1, btoa(bytes.join(""))];
  };
  return words.map(drawn);
}
