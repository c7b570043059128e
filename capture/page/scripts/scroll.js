// Walk down the page `share` of a screen at a time, from `from` to its present end, so that what
// loads when it comes into view is asked for. Where the page itself does not scroll but a box that
// fills most of it does, that box is walked. Returns where it ended; the page may have grown.
// Stops early where posts that stood there before are mounted no longer.
async ({ from, milliseconds, steps, share }) => {
  const frame = () => new Promise((done) => {
    requestAnimationFrame(() => done());
    setTimeout(done, 250);
  });
  const root = document.scrollingElement || document.documentElement;
  const over = (box) => box.scrollHeight - box.clientHeight;
  let box = root;
  if (root.scrollHeight - innerHeight < innerHeight) {
    for (const each of document.body ? document.body.querySelectorAll("*") : []) {
      if (over(each) <= Math.max(40, over(box)) || each.clientHeight * each.clientWidth < 0.35 * innerHeight * innerWidth) continue;
      if (/^(?:auto|scroll)$/u.test(getComputedStyle(each).overflowY)) box = each;
    }
  }
  const inner = box !== root;
  const screen = inner ? box.clientHeight : innerHeight;
  const markOf = (element) => element.querySelector("a[href]")?.href || element.id;
  const mounted = () => [...document.querySelectorAll("article, [role=article], .h-entry, .hentry, [role=feed] > *")]
    .slice(0, 3000).map((element) => [element, markOf(element)]);
  const missing = (posts) => posts.some(([element, mark]) => !element.isConnected || (mark && markOf(element) !== mark));
  const before = globalThis.archiverMounted?.length ? globalThis.archiverMounted : mounted();
  globalThis.archiverMounted = before;
  const started = performance.now();
  const end = Math.max(0, box.scrollHeight - screen);
  let y = Math.min(from, end);
  let taken = 0;
  let unmounts = missing(before);
  while (y < end && taken < steps && performance.now() - started < milliseconds && (!unmounts || share < 1)) {
    y = Math.min(y + screen * share, end);
    if (inner) box.scrollTo({ top: y, behavior: "instant" });
    else window.scrollTo({ top: y, behavior: "instant" });
    await frame();
    taken += 1;
    unmounts = missing(before);
  }
  const busy = [...document.querySelectorAll("[aria-busy=true], [role=progressbar], progress, .spinner, .loading, .loader")]
    .some((each) => each.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && each.getBoundingClientRect().height > 0);
  return { y, screens: taken, height: box.scrollHeight, screen, inner, unmounts, busy };
}
