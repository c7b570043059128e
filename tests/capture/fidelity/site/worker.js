importScripts("/import-scripts.js");
(async () => {
  await (await fetch("/from-worker")).text();
  await talk(socketUrl("/socket-in-worker"), ["from a worker"]);
  const nested = new Worker("/nested.js");
  nested.onmessage = () => postMessage("done");
})();
