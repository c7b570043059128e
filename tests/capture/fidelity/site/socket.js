// Say `messages` to a web socket, hear the greeting and every echo, and close.
const talk = (url, messages) => new Promise((done) => {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  let heard = 0;
  socket.onopen = () => messages.forEach((each) => socket.send(each));
  socket.onmessage = () => { heard += 1; if (heard === messages.length + 1) socket.close(1000, "enough") };
  socket.onclose = socket.onerror = () => done();
});
const socketUrl = (path) => location.origin.replace("http", "ws") + path;
