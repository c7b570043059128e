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
  const passwords = [...document.querySelectorAll("input[type=password]")].filter(shown);
  let share = 0;
  for (const field of passwords) {
    // the outermost box laid over the page, else the form itself
    let box = field.form || field.parentElement;
    for (let up = box; up && up !== document.body; up = up.parentElement) {
      if (getComputedStyle(up).position === "fixed" || up.getAttribute("role") === "dialog") box = up;
    }
    share = Math.max(share, area(box) / (innerWidth * innerHeight));
  }
  const media = [...document.querySelectorAll("img, svg, canvas, video, iframe, embed, object")]
    .filter((each) => shown(each) && area(each) >= 32 * 32).length;
  const found = (selector) => {
    try { return [...document.querySelectorAll(selector)]; } catch { return []; } // no selector at all
  };
  const challenges = Object.entries(services).filter(([, selector]) => found(selector).length).map(([name]) => name);
  // the main part: as the page marks it, else all but what frames every page of a site
  const tidy = (words) => words.normalize("NFC").replace(/['ʼ]/gu, "’").replace(/\s+/gu, " ").trim();
  const marked = [...document.querySelectorAll("main, [role=main]")].filter(shown);
  let main = "";
  if (marked.length) main = tidy(marked.map((each) => each.innerText).join(" "));
  if (!main && document.body) {
    const frame = [...document.querySelectorAll("nav, header, footer, aside, [role=navigation], [role=banner], [role=contentinfo]")]
      .filter((each) => !each.closest("article") && shown(each)).map((each) => each.innerText.trim()).filter(Boolean);
    main = tidy(frame.reduce((left, part) => left.replace(part, () => " "), text));
    if (!main) main = tidy(text);
  }
  return {
    title: document.title,
    language: document.documentElement.lang || "",
    textLength: text.replace(/\s+/gu, " ").trim().length,
    opening: text.replace(/\s+/gu, " ").trim().slice(0, 300),
    passwordFields: passwords.length,
    passwordShare: share,
    media,
    text: main.slice(0, 4000),
    mainLength: main.length,
    challenges,
    matched: selectors.filter((selector) => found(selector).some(shown)),
    frames: [...document.querySelectorAll("iframe, frame")].filter(shown).length,
  };
}
