import { readHeader } from "../crdt/deltas/header.js";
import { DeltaReader } from "../crdt/deltas/reader.js";
import { Version, type CrdtType, type ReplicaId } from "../crdt/index.js";
import { KvStoreError } from "../http/errors.js";
import type { MergeableCalls, MergeAnswer } from "./calls.js";
import type { LocalCopy } from "./localCopy.js";

/** After so many refusals in a row, something is wrong that another attempt does not mend. */
const refusalsMax = 5;

/** Brings a copy and the value of the service together. Every method throws a {@link KvStoreError} if that fails. */
export class Exchange<T extends CrdtType> {
    constructor(readonly copy: LocalCopy<T>, readonly calls: MergeableCalls) {
    }

    /** Takes what the service has, and then sends what it lacks. In this order, because deltas made after a collection is followed are never refused. */
    async run(signal: AbortSignal): Promise<void> {
        if (this.copy.needsState) {
            await this.#begin(signal);
        } else {
            const answer = await this.#call(signal, () => this.calls.read(String(this.copy.replica.version), signal));
            if (answer !== "repeat")
                await this.#takeOrRenew(answer ?? failed("not-found", "The value was deleted."), signal);
        }

        await this.send(signal);
    }

    /** Sends what the service lacks, or says what this replica has. Not while it is under way: what is in flight must not be repeated under a new id. */
    async send(signal: AbortSignal): Promise<void> {
        let base = this.copy.base;
        for (let refusals = 0; this.copy.isAuthor && refusals < refusalsMax;) {
            const { replica } = this.copy;
            const version = String(replica.version);
            const delta = this.copy.hasUnsent ? replica.deltaSince(base) : undefined;
            if (delta === undefined && this.copy.hasUnsent) {
                await this.renew(signal);
                base = this.copy.base;
                refusals++;
                continue;
            }

            const mark = await this.copy.beginSending();
            const answer = await this.#call(signal, () => this.calls.merge(replica.self, replica.lineage, version, delta, signal), known => base = known);
            if (answer === "repeat") {
                base = this.copy.replica === replica ? base : this.copy.base;
                refusals++;
                continue;
            }

            this.copy.acknowledge(mark);
            await this.#takeOrRenew(answer, signal);
            base = this.copy.base;
            if (!this.copy.hasUnsent)
                return;
        }

        if (this.copy.isAuthor)
            failed("replica-gap", "The service and this replica do not agree on what it has.");
    }

    /** Goes over to the state of the service under a new id, and repeats there what the service does not have. */
    async renew(signal: AbortSignal): Promise<void> {
        await this.#replaceBy(await this.calls.read(undefined, signal) ?? failed("not-found", "The value was deleted."));
    }

    /** Takes over what came from the service. If it does not fit, an exchange is needed, or, because it never will, a new id. */
    take({ lineage, version, delta }: MergeAnswer): "taken" | "exchange" | "renew" {
        const { replica } = this.copy;
        if (lineage !== undefined && lineage !== replica.lineage)
            return failed("other-lineage", "The value was deleted and made again.");
        this.copy.acknowledgeUpTo(Math.max(version?.of(replica.self) ?? 0, delta === undefined ? 0 : sequenceIn(delta, replica.self)));
        const outcome = delta === undefined ? "unchanged" : replica.merge(delta);
        switch (outcome) {
            case "merged":
                this.copy.onMerged();
                return "taken";
            case "unchanged":
                return "taken";
            case "gap":
                return "exchange";
            case "collected":
            case "outdated":
            case "forked":
                return "renew";
            default:
                return failed(outcome, "What the service sent is no delta of this value.");
        }
    }

    async #begin(signal: AbortSignal): Promise<void> {
        let answer = await this.calls.read(undefined, signal);
        if (answer === undefined) {
            await this.calls.create(this.copy.type, signal);
            answer = await this.calls.read(undefined, signal);
        }

        await this.#replaceBy(answer ?? failed("not-found", "The value was deleted."));
    }

    async #replaceBy(answer: MergeAnswer): Promise<void> {
        if (answer.type !== this.copy.type || answer.delta === undefined || !await this.copy.replaceBy(answer.delta))
            throw failed("other-type", `The value is a ${answer.type}, not a ${this.copy.type}.`);
    }

    async #takeOrRenew(answer: MergeAnswer, signal: AbortSignal): Promise<void> {
        if (this.take(answer) !== "taken")
            await this.renew(signal);
    }

    // Some refusals say what to do instead.
    async #call<A>(signal: AbortSignal, call: () => Promise<A>, onGap?: (known: Version) => void): Promise<A | "repeat"> {
        try {
            return await call();
        } catch (error) {
            if (!(error instanceof KvStoreError))
                throw error;
            const known = error.is("replica-gap") ? Version.parse(String(error.problem?.members["version"])) : undefined;
            if (known !== undefined && onGap !== undefined) {
                onGap(known);
                return "repeat";
            }

            if (!error.is("replica-retired") && !error.is("replica-forked"))
                throw error;
            await this.renew(signal);
            return "repeat";
        }
    }
}

// How many changes of a replica a delta has, or refers to.
function sequenceIn(delta: Uint8Array, replica: ReplicaId): number {
    return readHeader(new DeltaReader(delta))?.intervals.find(interval => interval.replica === replica)?.to ?? 0;
}

function failed(name: string, detail: string): never {
    throw new KvStoreError(detail, { problem: { name, detail, members: {} }, outcome: "not-applied", isTransient: false });
}
