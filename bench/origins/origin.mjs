// The origin that caches are measured in front of. GET /L50-A60-NAME is answered after 50 milliseconds and may be cached for 60 seconds; GET /calls has
// how often each path was asked for. GET /many?keys=A,B is a JSON array with an item for each key. Usage: node origin.mjs PORT
import http from "node:http";

const calls = {};

http.createServer((request, response) => {
    const path = request.url.slice(1);
    if (path === "calls")
        return response.end(JSON.stringify(calls));
    if (path.startsWith("many?keys="))
        return response.end(JSON.stringify(decodeURIComponent(path.slice("many?keys=".length)).split(",").map(key => ({ key, value: key.padEnd(70, "x") }))));
    const [, latency, age] = /^L(\d+)-A(\d+)-/.exec(path) ?? [];
    if (latency === undefined)
        return response.writeHead(404).end();
    calls[path] = (calls[path] ?? 0) + 1;
    setTimeout(() => {
        response.writeHead(200, { "Content-Type": "text/plain", "Cache-Control": `max-age=${age}`, "Content-Length": 100 });
        response.end(path.padEnd(100, "x"));
    }, Number(latency));
}).listen(Number(process.argv[2]), "127.0.0.1", 4096);
