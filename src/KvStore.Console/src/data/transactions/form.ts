import type { Guard, KvEntry, Operation, Transaction } from "kvstore-client";
import { parseSpan } from "../values/figures.js";
import { findJsonError } from "../values/json.js";

/** A guard as it is filled in. */
export interface GuardRow {
    readonly id: number;
    readonly key: string;
    readonly must: "exist" | "be absent" | "be at revision";
    readonly revision: string;
}

/** An operation as it is filled in. */
export interface OperationRow {
    readonly id: number;
    readonly kind: "put" | "delete" | "get" | "move";
    readonly key: string;
    readonly to: string;
    readonly value: string;
    readonly form: "json" | "text";
    readonly ttl: string;
}

export const guardKinds = ["exist", "be absent", "be at revision"] as const;
export const operationKinds = ["put", "delete", "get", "move"] as const;

let lastId = 0;

export const newGuard = (): GuardRow => ({ id: ++lastId, key: "", must: "exist", revision: "" });
export const newOperation = (): OperationRow => ({ id: ++lastId, kind: "put", key: "", to: "", value: "", form: "json", ttl: "" });

/** What is wrong with a guard; undefined if nothing is. */
export function guardProblem({ key, must, revision }: GuardRow): string | undefined {
    if (key === "")
        return "The guard needs a key.";
    return must === "be at revision" && !/^\d{1,15}$/.test(revision) ? "A revision is a whole number." : undefined;
}

/** What is wrong with an operation; undefined if nothing is. */
export function operationProblem({ kind, key, to, value, form, ttl }: OperationRow): string | undefined {
    if (key === "")
        return "The operation needs a key.";
    if (kind === "move" && to === "")
        return "Where is it to be moved to?";
    if (kind !== "put")
        return undefined;
    const error = form === "json" ? findJsonError(value) : undefined;
    if (error !== undefined)
        return `Line ${error.line}, column ${error.column}: ${error.message}`;
    return ttl !== "" && !(parseSpan(ttl)! > 0) ? "An expiry is a span of time, such as 90s or 7d." : undefined;
}

/** The transaction that was filled in. JSON is sent as the text that it is, so that numbers and white space stay as they were typed. */
export function toTransaction(guards: readonly GuardRow[], operations: readonly OperationRow[]): Transaction<readonly Operation[]> {
    return {
        guards: guards.map(({ key, must, revision }): Guard => must === "be at revision" ? { key, revision: Number(revision) } : { key, exists: must === "exist" }),
        operations: operations.map(({ kind, key, to, value, form, ttl }): Operation => {
            switch (kind) {
                case "put":
                    return { put: { key, text: value, contentType: form === "json" ? "application/json" : undefined, ttlSeconds: ttl === "" ? undefined : parseSpan(ttl) } };
                case "move":
                    return { move: { from: key, to } };
                case "delete":
                    return { delete: { key } };
                case "get":
                    return { get: { key } };
            }
        }),
    };
}

/** What an operation has done, for people. */
export function describe({ kind, key, to }: OperationRow, result: unknown): { readonly text: string; readonly entry: KvEntry | undefined } {
    switch (kind) {
        case "put":
            return { text: `${(result as { created: boolean }).created ? "Created" : "Replaced"} ${key}.`, entry: undefined };
        case "delete":
            return { text: (result as { deleted: boolean }).deleted ? `Deleted ${key}.` : `There was no ${key} to delete.`, entry: undefined };
        case "move":
            return { text: `Moved ${key} to ${to}.`, entry: undefined };
        case "get":
            return { text: result === undefined ? `There was no ${key}.` : `Read ${key} as it was before the transaction, at revision ${(result as KvEntry).revision}.`, entry: result as KvEntry | undefined };
    }
}
