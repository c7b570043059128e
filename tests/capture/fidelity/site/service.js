addEventListener("install", (event) => event.waitUntil((async () => {
  await (await caches.open("v1")).addAll(["/cached-by-service"]);
  await skipWaiting();
})()));
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  if (event.request.url.endsWith("/through-service")) event.respondWith((async () => {
    await (await fetch("/from-service")).text();
    return fetch(event.request);
  })());
});
