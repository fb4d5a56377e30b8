import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// The page asks the service that it comes from; "npm run dev" passes those requests on to one that runs apart.
const service = process.env.KVSTORE_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
    // Relative, so that the page works below any path that a proxy shows the service at.
    base: "./",
    resolve: {
        alias: { "kvstore-client": fileURLToPath(new URL("../../clients/typescript/src/index.ts", import.meta.url)) },
    },
    build: {
        target: "es2022",
        // The page forbids itself what is not of this origin, so nothing may become a data: address.
        assetsInlineLimit: 0,
        // Of one piece: a page that is open while the service is replaced would ask for parts that are not there any more.
        modulePreload: false,
        cssCodeSplit: false,
        reportCompressedSize: false,
    },
    server: {
        proxy: { "^/(v1|ui/session|readyz|livez|metrics)": { target: service, changeOrigin: true, headers: { "sec-fetch-site": "same-origin", origin: service } } },
    },
});
