// What tells content from a login page, a challenge or an empty shell.
() => {
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
  const challenges = [
    ["#challenge-form, #challenge-running, #cf-challenge-running, .cf-browser-verification", "Cloudflare"],
    ["iframe[src*='challenges.cloudflare.com'], .cf-turnstile", "Cloudflare Turnstile"],
    ["iframe[src*='hcaptcha.com'], .h-captcha", "hCaptcha"],
    ["iframe[src*='/recaptcha/'], .g-recaptcha", "reCAPTCHA"],
    ["#px-captcha", "PerimeterX"],
    ["iframe[src*='captcha-delivery.com']", "DataDome"],
    ["#captcha-container, form[action*='captcha'], #captcha", "captcha"],
  ].filter(([selector]) => document.querySelector(selector)).map(([, name]) => name);
  return {
    title: document.title,
    language: document.documentElement.lang || "",
    textLength: text.replace(/\s+/gu, " ").trim().length,
    opening: text.replace(/\s+/gu, " ").trim().slice(0, 300),
    passwordFields: passwords.length,
    passwordShare: share,
    media,
    challenges,
    frames: [...document.querySelectorAll("iframe, frame")].filter(shown).length,
  };
}
