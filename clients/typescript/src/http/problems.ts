/** The names of the problems that the service answers with. Its documentation of the HTTP API explains each under "Errors". */
export const problemNames = [
    "malformed-request", "malformed-key", "unauthorized", "forbidden", "foreign-origin", "unknown-proxy", "not-found", "no-such-resource", "no-such-replica",
    "no-outbox", "no-such-origin", "method-not-allowed", "body-too-slow", "engine-without-files", "replica-alive", "origin-needs-keys",
    "origin-refuses-writes", "origin-takes-single-writes", "mergeable-value", "not-mergeable", "other-type", "replica-gap", "replica-forked",
    "other-lineage", "replica-retired", "unsupported-intent", "out-of-range", "revision-gone", "other-store", "precondition-failed",
    "load-token-outdated", "too-large", "target-too-long", "unsupported-media-type", "expectation-failed", "not-a-number", "overflow", "not-json",
    "too-many-entries", "misdirected-request", "idempotency-key-reused", "queue-full", "too-many-watchers", "too-many-loads", "outbox-full",
    "rate-limited", "headers-too-large", "internal-error", "origin-failed", "origin-refused-write", "origin-unavailable", "unavailable",
    "revision-not-reached", "unreachable", "overloaded", "not-cached", "origin-write-unknown", "origin-timeout", "unknown-outcome", "no-space",
    "memory-full",
] as const;

/** The name of a problem. */
export type ProblemName = typeof problemNames[number];

/** A guard of a transaction that did not pass. */
export interface FailedGuard {
    /** Which one, such as `guards[0]`. */
    readonly field: string;
    readonly key: string;

    /** The revision of the entry; null if there is none. */
    readonly revision: number | null;
}

/** What an error of the service says of itself. */
export interface Problem {
    /** The stable name; a later version of the service may have names that this client does not know. */
    readonly name: ProblemName | (string & {});
    readonly detail: string;

    /** The part of the request that is wrong. */
    readonly field?: string;

    /** Every member of the problem, also those that only some have. */
    readonly members: Readonly<Record<string, unknown>>;
}

/** The problem in an answer; undefined if it has none, and so is not from the service. */
export function problemOf(response: Response, text: string): Problem | undefined {
    if (!response.headers.get("Content-Type")?.startsWith("application/problem+json"))
        return undefined;
    try {
        const members = JSON.parse(text) as Record<string, unknown>;
        return members["status"] === response.status ? toProblem(members) : undefined;
    } catch {
        return undefined;
    }
}

/** A problem from its members; undefined if it has no name. */
export function toProblem(members: Readonly<Record<string, unknown>>): Problem | undefined {
    const name = String(members["type"]).split("#")[1];
    if (name === undefined)
        return undefined;
    const { field } = members;
    return { name, detail: String(members["detail"] ?? members["title"] ?? name), members, ...(typeof field === "string" ? { field } : {}) };
}
