// Walk down the page a screen at a time, from `from` to its present end, so that what loads
// when it comes into view is asked for. Returns where it ended; the page may have grown.
async ({ from, milliseconds, steps }) => {
  const frame = () => new Promise((done) => {
    requestAnimationFrame(() => done());
    setTimeout(done, 250);
  });
  const root = document.scrollingElement || document.documentElement;
  const started = performance.now();
  const end = Math.max(0, root.scrollHeight - innerHeight);
  let y = Math.min(from, end);
  let taken = 0;
  while (y < end && taken < steps && performance.now() - started < milliseconds) {
    y = Math.min(y + innerHeight, end);
    window.scrollTo({ top: y, behavior: "instant" });
    await frame();
    taken += 1;
  }
  return { y, screens: taken, height: root.scrollHeight, screen: innerHeight };
}
