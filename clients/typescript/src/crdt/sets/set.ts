import type { CrdtType, DeltaHeader, Interval } from "../deltas/header.js";
import { compareIds, type ReplicaId } from "../deltas/ids.js";
import type { DeltaReader } from "../deltas/reader.js";
import { complement } from "../deltas/runs.js";
import type { Version } from "../deltas/version.js";
import type { DeltaWriter } from "../deltas/writer.js";
import { isValidText } from "../deltas/unicode.js";
import type { IntentOutcome, MergeOutcome } from "../replicas/outcomes.js";
import { CrdtReplica, type Mark } from "../replicas/replica.js";
import { LiveDots, type Dot } from "./liveDots.js";
import { readSetBody, writeSetBody } from "./setBody.js";

/**
 * A replica of a set of strings. An addition is a dot; a removal covers the dots that it has seen and no others, so that an addition at once wins.
 * There are no tombstones: a dot that the version includes and that has no element was removed.
 */
export class SetReplica extends CrdtReplica {
    readonly #live = new LiveDots();

    /** @internal */
    constructor(type: CrdtType & ("g-set" | "or-set"), lineage: string, self: ReplicaId) {
        super(type, lineage, self);
    }

    /** The elements in the order of their UTF-16 code units. */
    get elements(): string[] {
        return [...this.#live.elements].sort();
    }

    /** The number of elements. */
    get size(): number {
        return this.#live.count;
    }

    /** Whether an element is in the set. */
    has(element: string): boolean {
        return this.#live.ofElement(element).length > 0;
    }

    /**
     * Adds elements and removes others, in one change.
     * @param add Elements to add. One that is there is added anew, so that removals that have not seen this win no more; a set that only grows ignores it.
     * @param remove Elements to remove that are not added.
     * @param context What the removals have seen; by default all that this replica has.
     * @returns The outcome, and the change as a delta, whose size does not depend on that of the set; it is empty if nothing changed.
     */
    change(add: Iterable<string>, remove: Iterable<string> = [], context?: Version): { outcome: IntentOutcome; delta: Uint8Array } {
        const nothing = new Uint8Array();
        const onlyGrows = this.type === "g-set";
        const toAdd = new Set(add);
        const toRemove = new Set(remove);
        if (onlyGrows && toRemove.size > 0)
            return { outcome: "unsupported", delta: nothing };
        if (![...toAdd, ...toRemove].every(isValidText))
            return { outcome: "invalid-text", delta: nothing };

        const added = [...toAdd].filter(element => !onlyGrows || !this.has(element));
        const removed = [...toRemove].filter(element => !toAdd.has(element)).flatMap(element => this.#live.ofElement(element))
            .filter(dot => context === undefined || dot.sequence <= context.of(dot.replica));
        const dead = added.flatMap(element => this.#live.ofElement(element)).concat(removed);
        if (added.length === 0 && removed.length === 0)
            return { outcome: "unchanged", delta: nothing };

        // A removal has a sequence too: otherwise the version would not say that something changed.
        const first = this.takeSequences(added.length + (removed.length > 0 ? 1 : 0));
        for (const { replica, sequence } of dead)
            this.#live.remove(replica, sequence);
        added.forEach((element, i) => this.#live.add({ replica: this.self, sequence: first + i }, element));
        return { outcome: "applied", delta: this.#encodeChange(first - 1, dead) };
    }

    /** @internal */
    override repeatOn(target: SetReplica, since: Mark): void {
        const added = [...this.#live.ofReplica(this.self)].filter(([sequence]) => sequence > since.sequence).map(([, element]) => element);

        // What the target still has of what this replica had: this one removed it.
        const { version } = this;
        const removed = target.elements.filter(element => !this.has(element) && target.#live.ofElement(element).some(dot => dot.sequence <= version.of(dot.replica)));
        target.change(added, removed, version);
    }

    protected override mergeBody(header: DeltaHeader, reader: DeltaReader): MergeOutcome {
        const body = readSetBody(header, reader);
        if (body === undefined)
            return "malformed";
        for (const [i, { replica }] of header.intervals.entries()) {
            const live = this.#live.ofReplica(replica);
            if (body[i]!.added.some(([sequence, element]) => (live.get(sequence) ?? element) !== element))
                return "forked";
        }

        // A removal is a change of its replica. Only a forged delta can remove something without one, and the version would not say that the set has changed.
        if (!this.lacks(header))
            return "unchanged";

        // Against the version before this delta: what it includes is either here, or was removed.
        for (const [i, { replica, from, to }] of header.intervals.entries()) {
            if (this.isDropped(replica))
                continue;
            const { added, dead } = body[i]!;
            if (from < this.seen(replica)) {
                const alive = new Set(added.map(([sequence]) => sequence));
                for (const sequence of [...this.#live.ofReplica(replica).keys()]) {
                    if (sequence > from && sequence <= to && !alive.has(sequence))
                        this.#live.remove(replica, sequence);
                }
            }

            this.#live.removeRuns(replica, dead);
            for (const [sequence, element] of added) {
                if (sequence > this.seen(replica))
                    this.#live.add({ replica, sequence }, element);
            }
        }

        return "unchanged";
    }

    protected override writeBody(header: DeltaHeader, writer: DeltaWriter): void {
        const body = header.intervals.map(({ replica, from }) => {
            const live = this.#live.ofReplica(replica);
            return { added: [...live].filter(([sequence]) => sequence > from), dead: complement(live.keys(), from) };
        });
        writeSetBody(header, body, writer);
    }

    // Dots that the receiver has may have been removed since, whether or not their replica changed anything.
    protected override referredSince(version: Version): Set<ReplicaId> {
        return new Set(this.type === "or-set" ? [...version.entries].map(([replica]) => replica) : []);
    }

    protected override tryDrop(replica: ReplicaId): boolean {
        return this.#live.ofReplica(replica).size === 0;
    }

    protected override remove(replica: ReplicaId): void {
        for (const sequence of [...this.#live.ofReplica(replica).keys()])
            this.#live.remove(replica, sequence);
    }

    // The change names the dots that it removed, and not, as a delta since a version does, every dot that is gone.
    #encodeChange(from: number, dead: readonly Dot[]): Uint8Array {
        const named = new Map<ReplicaId, number[]>([[this.self, []]]);
        for (const { replica, sequence } of dead)
            named.set(replica, [...(named.get(replica) ?? []), sequence]);
        const intervals: Interval[] = [];
        const runs: { first: number; last: number }[][] = [];
        for (const [replica, sequences] of [...named].sort(([left], [right]) => compareIds(left, right))) {
            sequences.sort((left, right) => left - right);
            intervals.push(replica === this.self
                ? { replica, from, to: this.seen(replica) }
                : { replica, from: sequences.at(-1)!, to: sequences.at(-1)! });
            runs.push(sequences.map(sequence => ({ first: sequence, last: sequence })));
        }

        const added = [...this.#live.ofReplica(this.self)].filter(([sequence]) => sequence > from);
        return this.encodeIntervals(intervals, false, (header, writer) => writeSetBody(
            header, runs.map((dead, i) => ({ added: intervals[i]!.replica === this.self ? added : [], dead })), writer));
    }
}
