// What pages of strangers do, in a real browser whose user can reach the service: they read nothing and change nothing.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { launch, patience } from "./browser.mjs";

const url = process.env.KVSTORE_URL;
const servicePort = new URL(url).port;
const service = `http://localhost:${servicePort}`;
let browser, page, strangers, port;

// All of the strangers' pages are empty: what they do is evaluated in them.
before(async () => {
    strangers = createServer((asked, answer) => answer.writeHead(200, { "Content-Type": "text/html" }).end("<!DOCTYPE html><title>stranger</title>")).listen(0, "127.0.0.1");
    await once(strangers, "listening");
    port = strangers.address().port;
    browser = await launch({ args: ["--host-resolver-rules=MAP *.example 127.0.0.1"] });
    page = await browser.newPage();
    for (const [key, type, value] of [
        ["stored/secret", "text/plain", "a secret"],
        ["stored/script.js", "text/javascript", "window.stolen = 'a secret';"],
        ["stored/style.css", "text/css", "body { color: rgb(1, 2, 3) }"],
        ["stored/picture.svg", "image/svg+xml", "<svg xmlns='http://www.w3.org/2000/svg' width='7' height='7'><script>document.documentElement.id = 'ran'</script></svg>"],
        ["stored/page.html", "text/html", "<!DOCTYPE html><p id=shown>stored</p><script>document.title = 'ran'; fetch('/v1/kv/stored/written', { method: 'PUT', body: 'by script' })</script>"],
    ])
        assert.ok((await fetch(`${url}/v1/kv/${key}`, { method: "PUT", headers: { "Content-Type": type }, body: value })).ok, key);
});

after(async () => {
    await browser?.close();
    strangers?.closeAllConnections();
    strangers?.close();
});

const revision = async () => (await (await fetch(`${url}/v1/status`)).json()).revision;

/** Opens a stranger's page, has it do something, and returns what it got, and whether something was changed. */
async function attack(origin, act, ...given) {
    await page.goto(origin, { waitUntil: "load", ...patience });
    const before = await revision();
    const got = await page.evaluate(act, service, ...given);

    // What the page has sent without waiting has arrived before this.
    await page.evaluate(service => fetch(`${service}/livez`, { mode: "no-cors" }).catch(() => 0), service);
    return { got, changed: await revision() !== before };
}

// Another site, and another port of the same host, which is the same site.
for (const [kind, originOf] of [["another site", () => `http://attacker.example:${port}/`], ["another port", () => `http://localhost:${port}/`]]) {
    const nothing = { got: null, changed: false };

    for (const [what, target, type, body] of [
        ["an append of text", "/v1/kv/hostile/", "text", "v"],
        ["an append without a type", "/v1/kv/hostile/", "bytes", "v"],
        ["a counter", "/v1/counters/hostile-number", "none", ""],
        ["a transaction without a type", "/v1/txn", "bytes", '{"operations":[{"put":{"key":"hostile","json":1}}]}'],
        ["an import of text", "/v1/import", "text", '{"key":"hostile","json":1}'],
        ["an import without a type", "/v1/import", "bytes", '{"key":"hostile","json":1}'],
        ["an import of a form", "/v1/import", "form", '{"key":"hostile","json":1}'],
    ]) {
        test(`${kind}: fetch without a preflight of ${what} changes nothing`, async () => {
            assert.deepEqual(await attack(originOf(), async (service, target, type, body) => {
                const sent = type === "bytes" ? new TextEncoder().encode(body) : type === "form" ? new Blob([body], { type: "application/x-www-form-urlencoded" }) : body || undefined;
                await fetch(service + target, { method: "POST", mode: "no-cors", body: sent });
                return null;
            }, target, type, body), nothing);
        });

        test(`${kind}: sendBeacon of ${what} changes nothing`, async () => {
            assert.deepEqual(await attack(originOf(), async (service, target, type, body) => {
                navigator.sendBeacon(service + target, type === "bytes" ? new TextEncoder().encode(body) : type === "form" ? new Blob([body], { type: "application/x-www-form-urlencoded" }) : body);
                return null;
            }, target, type, body), nothing);
        });
    }

    for (const enctype of ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"]) {
        for (const [target, name, value] of [["/v1/counters/hostile-number", "a", "b"], ["/v1/import", '{"key":"hostile","text":"', '"}'], ["/v1/kv/hostile/", "a", "b"]]) {
            test(`${kind}: a form of ${enctype} to ${target} changes nothing`, async () => {
                assert.deepEqual(await attack(originOf(), (service, target, enctype, name, value) => new Promise(resolve => {
                    const frame = document.body.appendChild(Object.assign(document.createElement("iframe"), { name: "into" }));
                    const form = document.body.appendChild(Object.assign(document.createElement("form"), { method: "post", action: service + target, enctype, target: "into" }));
                    form.append(Object.assign(document.createElement("input"), { name, value }));
                    frame.addEventListener("load", () => resolve(null));
                    form.submit();
                }), target, enctype, name, value), nothing);
            });
        }
    }

    for (const [method, target] of [["PUT", "/v1/kv/hostile"], ["DELETE", "/v1/kv/stored/secret"], ["PATCH", "/v1/kv/stored/secret?ttl=1"], ["DELETE", "/v1/kv?prefix=stored/"]]) {
        test(`${kind}: ${method} ${target} fails at its preflight`, async () => {
            assert.deepEqual(await attack(originOf(), (service, method, target) =>
                fetch(service + target, { method }).then(answer => answer.status, () => null), method, target), nothing);
        });
    }

    for (const target of ["/v1/kv/stored/secret", "/v1/kv?values=true", "/v1/export", "/v1/status", "/metrics", "/openapi/v1.json", "/nowhere"]) {
        test(`${kind}: fetch of ${target} reads nothing`, async () => {
            assert.deepEqual(await attack(originOf(), (service, target) => fetch(service + target).then(answer => answer.text(), () => null), target), nothing);
        });
    }

    test(`${kind}: EventSource sees nothing`, async () => {
        assert.deepEqual(await attack(originOf(), service => new Promise(resolve => {
            const source = new EventSource(`${service}/v1/watch?prefix=stored/&initial=true`);
            source.addEventListener("entry", event => resolve(event.data));
            source.onerror = () => resolve(null);
        })), nothing);
    });

    for (const [tag, target] of [["script", "/v1/kv/stored/script.js"], ["script", "/v1/kv/stored/secret"], ["img", "/v1/kv/stored/picture.svg"], ["link", "/v1/kv/stored/style.css"], ["script", "/v1/kv?values=true"]]) {
        test(`${kind}: <${tag}> of ${target} does not load`, async () => {
            const { got, changed } = await attack(originOf(), (service, tag, target) => new Promise(resolve => {
                const element = document.createElement(tag);
                element.onload = () => resolve({ loaded: true, stolen: window.stolen ?? null, width: element.naturalWidth ?? null });
                element.onerror = () => resolve(null);
                if (tag === "link")
                    Object.assign(element, { rel: "stylesheet", href: service + target });
                else
                    element.src = service + target;
                document.head.append(element);
            }), tag, target);
            assert.deepEqual({ got, changed }, nothing);
        });
    }

    for (const target of ["/swagger/index.html", "/docs", "/v1/kv/stored/page.html"]) {
        test(`${kind}: a frame around ${target} stays empty`, async () => {
            await attack(originOf(), (service, target) => new Promise(resolve => {
                const frame = document.body.appendChild(Object.assign(document.createElement("iframe"), { src: service + target }));
                frame.addEventListener("load", () => resolve(null));
            }), target);

            // Its address arrives by another way than the event of the page.
            await page.waitForFrame(frame => frame.url().startsWith("chrome-error:"), patience);
        });
    }
}

// Whoever has a name can let it lead to the loopback address once the page has loaded: then the page is of the same origin as the service.
test("DNS rebinding: a page whose name leads to the service reads and changes nothing", async () => {
    const before = await revision();
    const answer = await page.goto(`http://rebound.example:${servicePort}/livez`, { waitUntil: "load", ...patience });
    const got = await page.evaluate(async () => Promise.all([["GET", "/v1/kv/stored/secret"], ["GET", "/v1/export"], ["PUT", "/v1/kv/hostile"], ["POST", "/v1/counters/hostile-number"]]
        .map(async ([method, target]) => (await fetch(target, { method })).status)));
    assert.deepEqual({ page: answer.status(), got, changed: await revision() !== before }, { page: 421, got: [421, 421, 421, 421], changed: false });
});

test("a stored script does not become a service worker", async () => {
    await page.goto(`${service}/docs`, { waitUntil: "load", ...patience });
    await page.setBypassCSP(true);
    await page.reload({ waitUntil: "load", ...patience });
    const got = await page.evaluate(() => navigator.serviceWorker.register("/v1/kv/stored/script.js").then(() => "registered", () => "refused"));
    await page.setBypassCSP(false);
    assert.equal(got, "refused");
});

for (const target of ["stored/page.html", "stored/picture.svg"]) {
    test(`opening ${target} runs none of its scripts`, async () => {
        const before = await revision();
        await page.goto(`${service}/v1/kv/${target}`, { waitUntil: "load", ...patience });
        assert.deepEqual([await page.title() === "ran", await page.evaluate(() => document.documentElement.id === "ran"), await page.evaluate(() => origin), await revision()], [false, false, "null", before]);
    });
}

for (const path of ["/swagger/index.html", "/docs", "/docs/http-api"]) {
    test(`${path} allows no inline script, no eval and no frame`, async () => {
        const policy = (await (await fetch(url + path)).headers.get("Content-Security-Policy")).split("; ");
        assert.ok(policy.includes("default-src 'none'") && policy.includes("frame-ancestors 'none'") && policy.includes("base-uri 'none'"), policy.join("; "));
        assert.doesNotMatch(policy.join("; "), /unsafe|\*|https?:/);
        await page.goto(service + path, { waitUntil: "load", ...patience });
        assert.equal(await page.evaluate(() => {
            document.body.append(Object.assign(document.createElement("script"), { textContent: "window.ran = true" }));
            return window.ran ?? false;
        }), false);
    });
}
