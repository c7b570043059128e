const url = decodeURIComponent(location.search.slice(1));
fetch(url + "w", {mode: "no-cors"}).catch(() => 0);
try { new WebSocket(url.replace("http", "ws") + "ws") } catch {}
try { importScripts(url + "wi") } catch {}
