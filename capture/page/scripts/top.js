// Back to the top, where the full-page screenshot is taken from; boxes that scroll by themselves too.
async () => {
  for (const each of document.querySelectorAll("*")) if (each.scrollTop > 0) each.scrollTo({ top: 0, behavior: "instant" });
  window.scrollTo({ top: 0, left: 0, behavior: "instant" });
  await new Promise((done) => {
    requestAnimationFrame(() => done());
    setTimeout(done, 250);
  });
}
