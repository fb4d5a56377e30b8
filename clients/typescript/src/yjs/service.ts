/** An entry as listings, batch reads and watches give it. */
export interface Item {
    readonly key: string;
    readonly revision: number;
    readonly size: number;
    readonly text?: string;
    readonly base64?: string;
}

/** A request that failed: what the service answered, or status 0 if there was no answer. */
export class RequestError extends Error {
    constructor(readonly status: number, readonly type: string, detail: string, readonly retryAfterSeconds?: number, options?: ErrorOptions) {
        super(detail, options);
        this.name = "RequestError";
    }

    /** Whether the same request may succeed later. */
    get isTemporary(): boolean {
        return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
    }
}

export interface RequestOptions {
    readonly body?: Uint8Array | string;
    readonly headers?: Record<string, string>;
    readonly signal?: AbortSignal;
    /** The request outlives the page. */
    readonly keepalive?: boolean;
    /** How long the whole exchange may take; a stream has no such limit. */
    readonly timeout?: number;
}

const defaultTimeout = 30_000;

/** The service as the provider uses it: requests whose failures are errors of one kind. */
export class Service {
    readonly #url: string;

    constructor(url: string, readonly accessKey: string | undefined) {
        this.#url = url.replace(/\/$/, "");
    }

    /** The response, if its status says success, with its body yet to be read. */
    async send(method: string, path: string, { body, headers = {}, signal, keepalive = false, timeout = defaultTimeout }: RequestOptions = {}): Promise<Response> {
        const signals = [signal, timeout === Infinity ? undefined : AbortSignal.timeout(timeout)].filter(one => one !== undefined);
        const authorization: Record<string, string> = this.accessKey === undefined ? {} : { Authorization: `Bearer ${this.accessKey}` };
        let response;
        try {
            response = await fetch(this.#url + path, {
                method, keepalive, cache: "no-store", signal: AbortSignal.any(signals), headers: { ...authorization, ...headers }, ...body === undefined ? {} : { body: body as BodyInit },
            });
        } catch (error) {
            throw new RequestError(0, "no-answer", String(error), undefined, { cause: error });
        }
        if (response.ok)
            return response;
        const problem = await response.json().catch(() => ({})) as { type?: string; detail?: string };
        const after = Number(response.headers.get("Retry-After") ?? NaN);
        throw new RequestError(response.status, problem.type?.replace(/^.*#/, "") ?? "", problem.detail ?? response.statusText, after >= 0 ? after : undefined);
    }

    async json<T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> {
        const response = await this.send("POST", path, { ...options, body: JSON.stringify(body), headers: { ...options.headers, "Content-Type": "application/json" } });
        try {
            return await response.json() as T;
        } catch (error) {
            throw new RequestError(0, "no-answer", String(error), undefined, { cause: error });
        }
    }
}

export const entryPath = (key: string) => `/v1/kv/${key.split("/").map(encodeURIComponent).join("/")}`;

/** The value of an item. The service gives bytes that happen to be UTF-8 as text. */
export const valueOf = (item: Item) =>
    item.base64 === undefined ? new TextEncoder().encode(item.text ?? "") : Uint8Array.from(atob(item.base64), character => character.charCodeAt(0));

export function toBase64(bytes: Uint8Array): string {
    let binary = "";
    // Arguments of a call are limited.
    for (let at = 0; at < bytes.length; at += 0x8000)
        binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    return btoa(binary);
}
