// Modules of the console, as they are in its source, for tests without a browser.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const root = new URL("../../src/KvStore.Console/", import.meta.url).pathname;
const { createServer } = await import(pathToFileURL(createRequire(`${root}package.json`).resolve("vite")));

/** Loads modules of src/, and gives what they export together. `close` ends what loads them. */
export async function load(...paths) {
    const vite = await createServer({ root, configFile: `${root}vite.config.mjs`, logLevel: "error", server: { middlewareMode: true, watch: null, hmr: false, ws: false }, appType: "custom", optimizeDeps: { noDiscovery: true } });
    const modules = [];
    for (const path of paths)
        modules.push(await vite.ssrLoadModule(`/src/${path}`));
    return Object.assign({ close: () => vite.close() }, ...modules);
}
