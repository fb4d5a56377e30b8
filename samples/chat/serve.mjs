// Serves the page, the TypeScript client below /client/, and the address of KvStore: serve.mjs PORT ADDRESS
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";

const [port, address] = process.argv.slice(2);
const types = { ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".json": "application/json" };
const folders = [["/client/", new URL("../../clients/typescript/dist/", import.meta.url)], ["/", new URL("wwwroot/", import.meta.url)]];

async function contentOf(path) {
    if (path === "/about.json")
        return JSON.stringify({ address });
    const [prefix, folder] = folders.find(([prefix]) => path.startsWith(prefix));
    const file = new URL(path.slice(prefix.length) || "index.html", folder);
    return file.href.startsWith(folder.href) && extname(file.pathname) in types ? readFile(file) : undefined;
}

createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const content = await contentOf(pathname).catch(() => undefined);
    if (content === undefined)
        return response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": types[extname(pathname) || ".html"], "Cache-Control": "no-cache" }).end(content);
}).listen(Number(port), "localhost");
