// Once the pictures of the first screen have come and are decoded, and a frame with them was drawn, or `milliseconds`
// have passed.
async ({ milliseconds }) => {
  const inView = [...document.images].filter((image) => {
    const box = image.getBoundingClientRect();
    return box.width && box.top < innerHeight && box.bottom > 0;
  });
  const late = new Promise((done) => setTimeout(done, milliseconds));
  await Promise.race([Promise.allSettled(inView.map((image) => image.decode())), late]);
  const drawn = new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())));
  await Promise.race([drawn, new Promise((done) => setTimeout(done, 250))]);
}
