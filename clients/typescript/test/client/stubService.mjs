// A service in memory that answers as docs/http-api.md says, for what a real one does seldom: answers that are lost, collections, retirement.
import { createReplica, Version } from "kvstore-client";

const bytes = base64 => new Uint8Array(Buffer.from(base64, "base64"));

const text = given => Buffer.from(given).toString("base64");

export class StubService {
    /** By key, the mergeable value and who watches it. */
    values = new Map();

    /** The requests so far, as `METHOD path`. */
    requests = [];
    revision = 0;
    isOnline = true;

    /** Called with each request; what it returns, a status or "lost", is what becomes of it, or of its answer. */
    fault = () => undefined;

    fetch = async (target, request) => {
        const url = new URL(target);
        this.requests.push(`${request.method} ${url.pathname}${url.search}`);
        const { body } = request;
        await undefined;
        const fault = this.isOnline ? this.fault(request, body) : "unsent";
        if (fault === "unsent")
            throw new TypeError("fetch failed");
        if (typeof fault === "number")
            return this.#problem(fault, fault === 403 ? "forbidden" : "unavailable");
        const response = this.#answer(request, url, body);
        request.signal.throwIfAborted();
        if (fault === "lost")
            throw new TypeError("the connection was reset");
        return response;
    };

    /** Ends every connection, and lets none begin. */
    cut() {
        this.isOnline = false;
        for (const value of this.values.values()) {
            for (const watcher of value.watchers)
                watcher.error(new TypeError("terminated"));
            value.watchers.clear();
        }
    }

    /** A change by someone else. */
    change(key, edit) {
        const value = this.values.get(key);
        const before = value.hub.version;
        edit(value.hub);
        this.#commit(value, value.hub.deltaSince(before));
    }

    /** Retires replicas, as if they had been silent for long. What everyone knows to be deleted is dropped. */
    retire(key, ...replicas) {
        const value = this.values.get(key);
        for (let times = 0; times < 2; times++)
            value.hub.collect(replicas, value.hub.version, 0);
        for (const watcher of value.watchers)
            send(watcher, "sync", { revision: ++this.revision });
    }

    delete(key) {
        const value = this.values.get(key);
        this.values.delete(key);
        for (const watcher of value.watchers) {
            send(watcher, "delete", { revision: ++this.revision });
            watcher.close();
        }
    }

    #answer(request, url, body) {
        const key = decodeURIComponent(url.pathname.slice("/v1/crdt/".length));
        const value = this.values.get(key);
        if (request.method === "GET")
            return value === undefined ? this.#problem(404, "not-found") : url.searchParams.has("watch") ? this.#watch(value, url, request.signal) : this.#read(value, url);
        if (request.headers.get("Content-Type") === "application/json") {
            if (value === undefined)
                this.values.set(key, { hub: createReplica(url.searchParams.get("type")), watchers: new Set() });
            return this.#json({ revision: ++this.revision });
        }

        return value === undefined ? this.#problem(404, "not-found") : this.#merge(value, JSON.parse(body));
    }

    #read({ hub }, url) {
        const since = url.searchParams.get("since");
        const delta = since === null ? hub.encode() : hub.deltaSince(Version.parse(since));
        return delta === undefined ? this.#problem(410, "replica-retired") : this.#json({ ...this.#about(hub), ...this.#lacking(hub, since, delta) });
    }

    // Nothing, if the version has everything, whatever lineage it is of.
    #lacking(hub, since, delta) {
        return since !== null && Version.parse(since).equals(hub.version) ? {} : { delta: text(delta) };
    }

    #merge(value, { replica, lineage, version, delta }) {
        const { hub } = value;
        if (lineage !== hub.lineage)
            return this.#problem(409, "other-lineage");
        const before = hub.version;
        const outcome = delta === undefined ? "unchanged" : hub.merge(bytes(delta));
        switch (outcome) {
            case "unchanged":
                break;
            case "merged":
                this.#commit(value, hub.deltaSince(before));
                break;
            case "gap":
                return this.#problem(409, "replica-gap", { version: String(hub.version) });
            case "forked":
                return this.#problem(409, "replica-forked");
            case "collected":
            case "outdated":
                return this.#problem(410, "replica-retired");
            default:
                return this.#problem(400, "malformed-request");
        }

        this.acknowledged = { replica, version };
        const lacking = hub.deltaSince(Version.parse(version)) ?? hub.encode();
        return this.#json({ ...this.#about(hub), ...this.#lacking(hub, version, lacking) });
    }

    #watch(value, url, signal) {
        const since = url.searchParams.get("since");
        const delta = since === null ? value.hub.encode() : value.hub.deltaSince(Version.parse(since));
        if (delta === undefined)
            return this.#problem(410, "replica-retired");
        const { watchers } = value;
        let watcher;
        const stream = new ReadableStream({
            start(controller) {
                watcher = controller;
                watchers.add(watcher);
            },
            cancel: () => void watchers.delete(watcher),
        });
        signal.addEventListener("abort", () => watchers.delete(watcher) && watcher.error(signal.reason));
        send(watcher, "delta", { ...this.#about(value.hub), delta: text(delta) });
        return new Response(stream, { headers: { "KvStore-Revision": String(this.revision), "Content-Type": "text/event-stream" } });
    }

    #commit(value, delta) {
        this.revision++;
        for (const watcher of value.watchers)
            send(watcher, "delta", { revision: this.revision, delta: text(delta) });
    }

    #about(hub) {
        return { revision: this.revision, type: hub.type, version: String(hub.version), lineage: hub.lineage, hub: "0000000000000001" };
    }

    #json(body) {
        return new Response(JSON.stringify(body), { headers: { "KvStore-Revision": String(this.revision), "Content-Type": "application/json" } });
    }

    #problem(status, name, members = {}) {
        return new Response(JSON.stringify({ type: `/docs/http-api#${name}`, status, detail: name, ...members }), { status, headers: { "Content-Type": "application/problem+json" } });
    }
}

function send(watcher, name, data) {
    watcher.enqueue(new TextEncoder().encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`));
}

