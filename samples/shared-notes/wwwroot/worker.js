// Keeps the page for when the browser is offline. While it is online, the page is always the one that is served.
const cached = "shared-notes";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", event => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", event => {
    const { request } = event;
    if (request.method === "GET" && new URL(request.url).origin === self.location.origin)
        event.respondWith(answer(request));
});

async function answer(request) {
    const cache = await caches.open(cached);
    try {
        const response = await fetch(request);
        if (response.ok)
            await cache.put(request, response.clone());
        return response;
    } catch (error) {
        const kept = await cache.match(request, { ignoreSearch: true });
        if (kept)
            return kept;
        throw error;
    }
}
