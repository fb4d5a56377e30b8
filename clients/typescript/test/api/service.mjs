// A service with origins, for the scenarios.
import { createServer } from "node:http";
import { TestService } from "../service.mjs";

export const origins = { rates: "rates/", carts: "carts/", behind: "behind/" };

/** Starts an HTTP service that loads come from, and a KvStore in front of it. */
export async function startWithOrigins(...settings) {
    const source = createServer((request, response) => {
        request.resume();
        if (request.method !== "GET")
            return response.writeHead(400).end();
        response.writeHead(request.url === "/broken" ? 500 : 200, { "Content-Type": "application/json" }).end(JSON.stringify({ path: request.url }));
    });
    await new Promise(resolve => source.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${source.address().port}/{key}`;
    const service = new TestService(
        "--engine", "memory", "--KvStore:Origins:rates:Prefix", origins.rates, "--KvStore:Origins:rates:Http:Url", address,
        "--KvStore:Origins:rates:Calls:AttemptsMax", "1",
        "--KvStore:Origins:carts:Prefix", origins.carts, "--KvStore:Origins:carts:Writes", "local",
        "--KvStore:Origins:behind:Prefix", origins.behind, "--KvStore:Origins:behind:Http:Url", address, "--KvStore:Origins:behind:Writes", "behind", ...settings);
    return {
        service,
        async dispose() {
            await service.dispose();
            source.closeAllConnections();
            source.close();
        },
    };
}
