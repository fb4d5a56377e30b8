import { problemOf, type FailedGuard, type Problem, type ProblemName } from "./problems.js";

/**
 * What is known about a write that failed, over all attempts of the call. `unknown`: it may or may not have been applied, and may even be applied later.
 * `not-applied`: it changed nothing and will not. `applied`: it was applied, but its result did not arrive.
 */
export type WriteOutcome = "unknown" | "not-applied" | "applied";

/** What is known of a call that failed. */
export interface Failure {
    readonly status?: number | undefined;
    readonly problem?: Problem | undefined;
    readonly headers?: Headers | undefined;
    readonly outcome: WriteOutcome;
    readonly isTransient: boolean;
    readonly retryAfterMs?: number | undefined;
    readonly cause?: unknown;
}

/** A call failed: the service rejected it, or no answer of the service arrived. `message` says why and what to do. */
export class KvStoreError extends Error {
    override readonly name: string = "KvStoreError";

    /** The status of the last attempt; undefined if it got no answer. */
    readonly status: number | undefined;

    /** What the service says is wrong; undefined if the last attempt got no answer, or one that is not from the service. */
    readonly problem: Problem | undefined;

    /** The headers of the last answer; undefined if there was none. */
    readonly headers: Headers | undefined;

    /** What became of a write; `not-applied` for reads. */
    outcome: WriteOutcome;

    /** Whether the call may end differently if it is repeated. */
    readonly isTransient: boolean;

    /** How many milliseconds the service asks to wait before that. */
    readonly retryAfterMs: number | undefined;

    constructor(message: string, failure: Failure) {
        super(message, { cause: failure.cause });
        this.status = failure.status;
        this.problem = failure.problem;
        this.headers = failure.headers;
        this.outcome = failure.outcome;
        this.isTransient = failure.isTransient;
        this.retryAfterMs = failure.retryAfterMs;
    }

    /** Whether the service says so by a problem of this name. */
    is(problem: ProblemName): boolean {
        return this.problem?.name === problem;
    }

    /** Of a condition that did not pass: the revision that last wrote the entry; undefined if there is no entry. */
    get currentRevision(): number | undefined {
        const tag = this.headers?.get("ETag");
        return this.status === 412 && tag ? Number(tag.replaceAll("\"", "")) : undefined;
    }

    /** Of a transaction: the guards that did not pass. */
    get failedGuards(): readonly FailedGuard[] {
        return (this.problem?.members["failed"] as readonly FailedGuard[] | undefined) ?? [];
    }

    /** Of a `revision-gone`: the oldest revision that can be read. */
    get oldestRevision(): number | undefined {
        return this.problem?.members["oldest_revision"] as number | undefined;
    }
}

// An origin that failed was called again by the service itself, so another request would only add to that.
const finalProblems = ["origin-failed", "origin-timeout", "origin-write-unknown", "origin-refused-write", "not-cached"];

/** The error that an answer is; one that is not from the service says nothing about entries. */
export function errorOf(response: Response, text: string, isWrite: boolean): KvStoreError {
    const problem = problemOf(response, text);
    const isTransient = [408, 429, 502, 503, 504].includes(response.status) && !finalProblems.includes(problem?.name ?? "");
    const said = problem?.members["outcome"];
    const outcome: WriteOutcome = !isWrite || said === "not-applied" || (said === undefined && problem !== undefined && response.status < 500) ? "not-applied" : "unknown";
    return new KvStoreError(problem?.detail ?? messageOf(response), {
        status: response.status, problem, headers: response.headers, outcome, isTransient, retryAfterMs: retryAfterMsOf(response.headers),
    });
}

// The answer to a HEAD has no body, so the problem that it would have is not known.
function messageOf(response: Response): string {
    const answered = `${response.url} was answered ${response.status} ${response.statusText}`;
    return response.headers.has("KvStore-Store-Id") ? `${answered}.` : `${answered}, but not by KvStore. Check the address given to the client, and the proxies on the way to it.`;
}

/** `Retry-After` in milliseconds: the service gives seconds, a proxy may give a date. */
export function retryAfterMsOf(headers: Headers): number | undefined {
    const text = headers.get("Retry-After");
    if (text === null)
        return undefined;
    const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
    return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
