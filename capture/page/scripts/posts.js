// The posts of a feed that are mounted now and were not handed over before, in the order of the
// screen. A feed that unmounts what has been scrolled past keeps only a window of them: it is
// given `milliseconds` to fill the screen.
async ({ characters, limit, milliseconds }) => {
  const told = (globalThis.archiverPosts ??= new Set());
  const selector = "article, [role=article], .h-entry, .hentry, .wp-block-post, [role=feed] > [aria-posinset], " +
    "[itemtype*='SocialMediaPosting'], [itemtype*='BlogPosting'], [itemtype*='DiscussionForumPosting']";
  const posts = [];
  let declared = 0;
  // outermost ones only: not a comment of a post, nor a post inside its wrapper
  const mounted = () => [...document.querySelectorAll(selector)].filter((each) => !each.parentElement.closest(selector))
    .map((element) => ({ element, box: element.getBoundingClientRect(), filled: Boolean(element.innerText.trim() || element.querySelector("img, video")) }))
    .sort((one, other) => one.box.top - other.box.top);
  // filled from the top of the screen to its bottom, as far as there is a page
  const covers = (posts) => {
    const seen = posts.filter(({ box }) => box.bottom > 0 && box.top < innerHeight);
    if (!seen.length || seen.some(({ filled }) => !filled)) return false;
    const root = document.scrollingElement;
    const end = root.scrollHeight - root.clientHeight - root.scrollTop < 2;
    return Math.max(...seen.map(({ box }) => box.bottom)) > innerHeight - 24 || (end && root.scrollHeight > root.clientHeight);
  };
  const started = performance.now();
  let present = mounted();
  while (!covers(present) && performance.now() - started < milliseconds) {
    await new Promise((done) => setTimeout(done, 30));
    present = mounted();
  }
  for (const { element } of present) {
    declared = Math.max(declared, Number(element.getAttribute("aria-setsize")) || 0);
    const link = element.querySelector("a[rel=bookmark], a.u-url, a:has(> time), time a, h1 a, h2 a, h3 a, h4 a, a[itemprop=url]");
    const text = element.innerText.replace(/\s+/gu, " ").trim();
    if (!text && !element.querySelector("img, video")) continue; // a placeholder that is yet to be filled
    const key = link ? link.href : element.id || text;
    if (told.has(key) || told.size >= limit) continue;
    told.add(key);
    posts.push({ url: link ? link.href : "", text: text.slice(0, characters), html: element.outerHTML.slice(0, characters) });
  }
  return { posts, declared, full: told.size >= limit };
}
