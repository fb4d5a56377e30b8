import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { KvStoreClient, KvStoreError } from "kvstore-client";
import { toast } from "../shell/toasts.js";
import type { Access, Right } from "./access.js";
import { storedKey, storeKey } from "./keyStorage.js";

/**
 * How the console stands with the service: `connecting` before the first answer, `locked` while a key is needed, `open` when it is known what the
 * console may do.
 */
export type SessionState = "connecting" | "locked" | "open";

// The page is served at PREFIX/ui/, so the service is one level above, whatever a proxy puts before it.
const address = new URL("..", document.baseURI).href.replace(/\/$/, "");

const ProbeMs = 1_000;
const ProbeMaxMs = 5_000;

const state = signal<SessionState>("connecting");
const access = signal<Access | undefined>(undefined);
const online = signal(true);
const away = signal<string | undefined>(undefined);
const epoch = signal(0);
const storeId = signal<string | undefined>(undefined);
const rejection = signal<string | undefined>(undefined);

// A refusal is said once: a page that asks each second would say it each second.
const refusals = new Set<string>();

const has = (right: Right): boolean => access.value?.rights.includes(right) ?? false;
const isReadOnlyTab = new URLSearchParams(location.search).has("readonly");
const isReadOnly = computed(() => isReadOnlyTab || access.value?.read_only === true);

/** Sends a request, and notices whether the service answers. */
async function send(url: string, request: RequestInit): Promise<Response> {
    let response: Response;
    try {
        response = await fetch(url, request);
    } catch (error) {
        if (!(request.signal?.aborted ?? false))
            leave("The service does not answer.");
        throw error;
    }

    noticeStore(response.headers.get("KvStore-Store-Id"));
    return response;
}

function noticeStore(id: string | null): void {
    if (id === null || id === storeId.peek())
        return;
    if (storeId.peek() !== undefined)
        toast("This is another store than before: the service began anew.");
    storeId.value = id;
}

// From here the probe alone says when the service is back.
function leave(reason: string): void {
    away.value = reason;
    if (!online.peek())
        return;
    online.value = false;
    void probe();
}

async function probe(): Promise<void> {
    for (let pause = ProbeMs; ; pause = Math.min(pause * 1.5, ProbeMaxMs)) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        try {
            const answer = await fetch(`${address}/readyz`, { cache: "no-store", credentials: "omit" });
            if (answer.ok)
                break;
            away.value = ((await answer.json()) as { detail?: string }).detail ?? "The service is not ready.";
        } catch {
            away.value = "The service does not answer.";
        }
    }

    online.value = true;
    away.value = undefined;
    await refresh();
}

/** Asks the service what it is, and what the key may do. */
async function refresh(): Promise<void> {
    const key = storedKey();
    let response: Response;
    try {
        response = await send(`${address}/ui/session`, { cache: "no-store", credentials: "omit", headers: key === undefined ? {} : { Authorization: `Bearer ${key}` } });
    } catch {
        return;
    }

    if (response.ok) {
        const known = access.peek();
        access.value = await response.json() as Access;
        rejection.value = undefined;
        state.value = "open";
        epoch.value++;
        if (known !== undefined && known.version !== access.peek()!.version)
            toast(`The service is now version ${access.peek()!.version}.`, { kind: "error", action: { label: "Load its console", run: () => location.reload() } });
    } else if (response.status === 401) {
        lock(key === undefined ? undefined : "The service does not accept this key.");
    } else {
        leave(`The service answered ${response.status}.`);
    }
}

function lock(reason: string | undefined): void {
    storeKey(undefined);
    access.value = undefined;
    rejection.value = reason;
    state.value = "locked";
}

async function unlock(key: string): Promise<void> {
    refusals.clear();
    storeKey(key);
    await refresh();
}

/** Says what went wrong, once, where the user sees it. What was cancelled is no error. */
function report(error: unknown): void {
    if (error instanceof DOMException && error.name === "AbortError")
        return;
    if (!(error instanceof KvStoreError)) {
        toast(error instanceof Error ? error.message : String(error), { kind: "error" });
        return;
    }

    if (error.status === 401)
        lock("The key is not accepted any more.");
    else if (error.status === 403 && refusals.has(error.message))
        return;
    else if (error.status !== undefined || online.peek())
        toast(error.message, { kind: "error" });
    if (error.status === 403)
        refusals.add(error.message);
}

const options = { apiKey: () => storedKey()!, fetch: send };
const client = signal(new KvStoreClient(address, options));

/** The one session of the page: the client of the service, what it may do, and whether the service is there. */
export const session = {
    /** Where the service is, without a slash at the end. */
    address,

    /** What repeats requests that get no answer, as the user would. */
    client: client as ReadonlySignal<KvStoreClient>,

    /** What does not: for what is asked again anyway. */
    poller: new KvStoreClient(address, { ...options, retriesMax: 0, attemptTimeoutMs: 10_000 }),

    state: state as ReadonlySignal<SessionState>,
    access: access as ReadonlySignal<Access | undefined>,

    /** Why the last key was not accepted. */
    rejection: rejection as ReadonlySignal<string | undefined>,

    /** Whether the service answers; `away` says why not. */
    online: online as ReadonlySignal<boolean>,
    away: away as ReadonlySignal<string | undefined>,

    /** Grows with everything that makes what a page shows old: another key, or a service that is back. */
    epoch: epoch as ReadonlySignal<number>,

    /** The store that answered last; another one has other revisions. */
    storeId: storeId as ReadonlySignal<string | undefined>,

    /** What the keys of entries must begin with; undefined for all. */
    prefixes: computed(() => access.value === undefined || access.value.prefixes.length === 0 ? undefined : access.value.prefixes),

    /** Whether nothing may be changed: the operator, or the address of the page, wants it so. */
    isReadOnly: isReadOnly as ReadonlySignal<boolean>,
    canRead: computed(() => has("read")),
    canWrite: computed(() => has("write") && !isReadOnly.value),
    canDelete: computed(() => has("delete") && !isReadOnly.value),
    canAdmin: computed(() => has("admin")),

    start: (): void => void refresh(),
    unlock,
    forget: (): void => lock(undefined),
    report,
} as const;
