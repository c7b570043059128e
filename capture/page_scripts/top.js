// Back to the top, where the full-page screenshot is taken from.
async () => {
  window.scrollTo({ top: 0, left: 0, behavior: "instant" });
  await new Promise((done) => {
    requestAnimationFrame(() => done());
    setTimeout(done, 250);
  });
}
