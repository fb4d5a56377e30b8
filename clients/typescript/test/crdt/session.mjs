// The steps of tests/crdt-vectors/README.md, made by this library, in Node.js and in browsers.
import { countScalars, createReplica, isValidText, loadReplica, Version } from "kvstore-client";

const bytes = base64 => Uint8Array.from(atob(base64), character => character.charCodeAt(0));

export const base64 = given => btoa(Array.from(given, byte => String.fromCharCode(byte)).join(""));

/** Replicas by name. */
export class Session {
    replicas = new Map();
    #deltas = [];

    /** Makes a step and returns its result, which is described if that is asked for. */
    execute(step, isFull = false) {
        const before = this.replicas.get(step.replica)?.version;
        const result = this.#make(step);
        this.#deltas.push(result.delta);
        const { version } = this.replicas.get(step.replica);
        if (isFull)
            return { ...result, ...this.describe(step.replica) };
        return before?.equals(version) ? result : { ...result, version: String(version) };
    }

    /** What a replica is. */
    describe(name) {
        const replica = this.replicas.get(name);
        return { version: String(replica.version), state: base64(replica.encode()), value: replica.value?.toString() ?? replica.elements ?? replica.text };
    }

    #make(step) {
        const replica = this.replicas.get(step.replica);
        switch (step.op) {
            case "create":
                this.replicas.set(step.replica, createReplica(step.type, step.id, step.lineage));
                return {};
            case "load":
                this.replicas.set(step.replica, loadReplica(step.from ? this.replicas.get(step.from).encode() : bytes(step.state), step.id));
                return {};
            case "increment":
                return this.#intent(replica, () => replica.increment(BigInt(step.amount)));
            case "change": {
                const { outcome, delta } = replica.change(step.add ?? [], step.remove ?? [], step.context && Version.parse(step.context));
                return { outcome: camel(outcome), ...(delta.length === 0 ? {} : { delta: base64(delta) }) };
            }
            case "edit":
                return this.#intent(replica, () => edit(replica, step.edits));
            case "merge":
                return { outcome: camel(replica.merge(bytes(typeof step.delta === "number" ? this.#deltas[step.delta] : step.delta))) };
            case "deltaSince": {
                const delta = replica.deltaSince(step.to ? this.replicas.get(step.to).version : Version.parse(step.version));
                return { delta: delta === undefined ? null : base64(delta) };
            }
            case "collect":
                return { outcome: replica.collect(step.retired ?? [], Version.parse(step.stable), step.floor) ? "collected" : "unchanged" };
            default:
                throw new Error(`There is no step ${step.op}.`);
        }
    }

    #intent(replica, make) {
        const before = replica.version;
        const outcome = make();
        return { outcome: camel(outcome), ...(outcome === "applied" ? { delta: base64(replica.deltaSince(before)) } : {}) };
    }
}

const camel = outcome => outcome.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

// All edits or none, as the service does it.
function edit(text, edits) {
    let { length } = text;
    for (const { at, insert = "", delete: deleted = 0 } of edits) {
        if (at < 0 || deleted < 0 || at + deleted > length)
            return "out-of-range";
        if (!isValidText(insert))
            return "invalid-text";
        length += countScalars(insert) - deleted;
    }

    const before = text.version;
    for (const { at, insert = "", delete: deleted = 0 } of edits) {
        text.delete(at, deleted);
        text.insert(at, insert);
    }

    return before.equals(text.version) ? "unchanged" : "applied";
}

// Which refusal it is depends on what is checked first.
const comparable = ({ op }, result) =>
    op !== "merge" || ["merged", "unchanged"].includes(result.outcome) ? result : { ...result, outcome: "refused" };

/** Makes the steps of a history, and compares each result, and what the replicas are at the end, with those that it has. */
export function follow({ name, steps, end }, compare) {
    const session = new Session();
    steps.forEach(({ result, ...step }, i) => compare(comparable(step, session.execute(step)), comparable(step, result), `${name}, step ${i}: ${JSON.stringify(step)}`));
    for (const { replicas, ...expected } of end) {
        for (const replica of replicas)
            compare(session.describe(replica), expected, `${name}, the end of ${replica}`);
    }
}
