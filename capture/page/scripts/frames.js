// Two frames drawn: everything that reacts to a scroll or a resize has had its turn.
async () => {
  const frame = () => new Promise((done) => {
    requestAnimationFrame(() => done());
    setTimeout(done, 250); // a page that draws nothing gets no frames
  });
  await frame();
  await frame();
  return document.fonts.status;
}
