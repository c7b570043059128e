// What tells content from a login page, a challenge or an empty shell.
({ services, selectors }) => {
  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const area = (element) => {
    const box = element.getBoundingClientRect();
    const width = Math.min(box.right, innerWidth) - Math.max(box.left, 0);
    const height = Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
    return Math.max(0, width) * Math.max(0, height);
  };
  const text = document.body ? document.body.innerText : "";
  // what frames every page of a site
  const framing = "nav, header, footer, aside, [role=navigation], [role=banner], [role=contentinfo], [role=complementary]";
  const framed = (element) => {
    const frame = element.closest(framing);
    return frame !== null && !frame.closest("article, main, [role=main]");
  };
  const found = (selector) => {
    try { return [...document.querySelectorAll(selector)]; } catch { return []; } // no selector at all
  };
  const pictures = found("img, svg, canvas, video, iframe, embed, object").filter((each) => shown(each) && area(each) >= 32 * 32);
  const pictured = pictures.some((each) => !framed(each) && area(each) >= 150 * 150);
  // the main part: as the page marks it, else all but what frames every page and lists of links
  const tidy = (words) => words.normalize("NFC").replace(/['ʼ]/gu, "’").replace(/\s+/gu, " ").trim();
  const links = (list) => {
    const inside = [...list.querySelectorAll("a[href]")];
    const linked = inside.reduce((length, each) => length + each.innerText.length, 0);
    return inside.length >= 8 && linked > 0.8 * list.innerText.trim().length;
  };
  const marked = found("main, [role=main]").filter(shown);
  const without = (whole, parts) => parts.map((each) => each.innerText.trim()).filter(Boolean)
    .reduce((left, part) => left.replace(part, () => "\n"), whole);
  let main = marked.map((each) => each.innerText).join("\n");
  let between = main;
  if (!tidy(main) && document.body) {
    const frame = found(framing).filter((each) => !each.closest("article") && shown(each));
    between = without(text, frame);
    const lists = found("ul, ol, div, table").filter((each) => !framed(each) && shown(each) && links(each));
    main = without(between, lists.filter((each) => !lists.some((other) => other !== each && other.contains(each))));
    if (!tidy(main)) main = tidy(between) ? between : pictured ? "" : text;
  }
  const lines = main.split("\n").map(tidy).filter(Boolean);
  main = tidy(main);
  const moments = "time, [itemprop~=datePublished], [itemprop~=dateCreated], .dt-published, abbr.published, relative-time";
  const posting = /"(?:https?:\/\/schema\.org\/)?(?:\w*Posting|\w*Article|Question|Comment|Message|VideoObject)"/u;
  const stated = found("script[type='application/ld+json']").filter((each) => posting.test(each.textContent)).length +
    found(".h-entry, [itemtype$=Posting], [itemtype$=Article], [itemtype$='/Question']").filter(shown).length;
  const dated = stated + found(moments).filter((each) => shown(each) && !framed(each)).length;
  // a form in the margin of a page that has something to say is not what the page asks for
  const passwords = found("input[type=password]").filter((each) => shown(each) && !(framed(each) && main.length >= 60));
  let share = 0;
  for (const field of passwords) {
    // the outermost box laid over the page, else the form itself
    let box = field.form || field.parentElement;
    for (let up = box; up && up !== document.body; up = up.parentElement) {
      if (getComputedStyle(up).position === "fixed" || up.getAttribute("role") === "dialog") box = up;
    }
    share = Math.max(share, area(box) / (innerWidth * innerHeight));
  }
  // a challenge stands for the page; one beside a form to write in guards that form, a badge guards nothing that is seen
  const guards = (element) => !element.closest(".grecaptcha-badge, [data-size=invisible]") &&
    !element.closest("form")?.querySelector("textarea, input[type=email], [contenteditable=true]");
  const challenges = Object.entries(services).filter(([, selector]) => found(selector).some(guards)).map(([name]) => name);
  return {
    title: document.title,
    language: document.documentElement.lang || "",
    textLength: text.replace(/\s+/gu, " ").trim().length,
    opening: text.replace(/\s+/gu, " ").trim().slice(0, 300),
    passwordFields: passwords.length,
    passwordShare: share,
    media: pictures.length,
    text: main.slice(0, 4000),
    lines: lines.slice(0, 60).map((each) => each.slice(0, 400)),
    mainLength: main.length,
    dated,
    bare: !tidy(between) && !pictured && found("main, [role=main], #root, #app, #__next, #__nuxt, #content").length > 0,
    challenges,
    matched: selectors.filter((selector) => found(selector).some(shown)),
    frames: found("iframe, frame").filter(shown).length,
  };
}
