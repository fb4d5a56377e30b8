/**
 * What is known about a write that failed, over all attempts of the call. `unknown`: it may or may not have been applied, and may even be applied later.
 * `not-applied`: it changed nothing and will not. `applied`: it was applied, but its result did not arrive.
 */
export type WriteOutcome = "unknown" | "not-applied" | "applied";

/** What an error of the service says of itself. */
export interface Problem {
    /** The stable name, such as `queue-full`; the service's documentation of its HTTP API explains each. */
    readonly name: string;
    readonly detail: string;

    /** The part of the request that is wrong. */
    readonly field?: string;

    /** Every member of the problem, also those that only some have. */
    readonly members: Readonly<Record<string, unknown>>;
}

/** A call failed: the service rejected it, or no answer of the service arrived. `message` says why and what to do. */
export class KvStoreError extends Error {
    override readonly name = "KvStoreError";

    /** The status of the last attempt; undefined if it got no answer. */
    readonly status: number | undefined;

    /** What the service says is wrong; undefined if the last attempt got no answer, or one that is not from the service. */
    readonly problem: Problem | undefined;

    /** What became of a write; `not-applied` for reads. */
    outcome: WriteOutcome;

    /** Whether the call may end differently if it is repeated. */
    readonly isTransient: boolean;

    /** How many milliseconds the service asks to wait before that. */
    readonly retryAfterMs: number | undefined;

    constructor(message: string, about: { status?: number | undefined; problem?: Problem | undefined; outcome: WriteOutcome; isTransient: boolean; retryAfterMs?: number | undefined; cause?: unknown }) {
        super(message, { cause: about.cause });
        this.status = about.status;
        this.problem = about.problem;
        this.outcome = about.outcome;
        this.isTransient = about.isTransient;
        this.retryAfterMs = about.retryAfterMs;
    }

    /** Whether the service says so by a problem of this name. */
    is(problem: string): boolean {
        return this.problem?.name === problem;
    }
}

// An origin that failed was called again by the service itself, so another request would only add to that.
const finalProblems = ["origin-failed", "origin-timeout", "origin-write-unknown", "origin-refused-write", "not-cached"];

/** The error that an answer is; one that is not from the service says nothing about entries. */
export function errorOf(response: Response, text: string, isWrite: boolean): KvStoreError {
    const problem = problemOf(response, text);
    const isTransient = [408, 429, 502, 503, 504].includes(response.status) && !finalProblems.includes(problem?.name ?? "");
    const seconds = Number(response.headers.get("Retry-After") ?? NaN);
    const said = problem?.members["outcome"];
    const outcome: WriteOutcome = !isWrite || said === "not-applied" || (said === undefined && problem !== undefined && response.status < 500) ? "not-applied" : "unknown";
    const message = problem?.detail ?? `${response.url} was answered ${response.status} ${response.statusText}, but not by KvStore. Check the address given to the client, and the proxies on the way to it.`;
    return new KvStoreError(message, { status: response.status, problem, outcome, isTransient, retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : undefined });
}

function problemOf(response: Response, text: string): Problem | undefined {
    if (!response.headers.get("Content-Type")?.startsWith("application/problem+json"))
        return undefined;
    try {
        const members = JSON.parse(text) as Record<string, unknown>;
        const name = String(members["type"]).split("#")[1];
        if (name === undefined || members["status"] !== response.status)
            return undefined;
        const { field } = members;
        return { name, detail: String(members["detail"] ?? members["title"] ?? name), members, ...(typeof field === "string" ? { field } : {}) };
    } catch {
        return undefined;
    }
}
