import { fromBase64Url, toBase64Url } from "./base64.js";
import { compareIds, type ReplicaId } from "./ids.js";
import { DeltaReader } from "./reader.js";
import { DeltaWriter } from "./writer.js";

/** How many changes of each replica a value includes, and how many collections. Immutable. */
export class Version {
    /** The version before every change. */
    static readonly empty = new Version(0, []);

    readonly #entries: ReadonlyMap<ReplicaId, number>;

    /**
     * @param epoch How many collections of garbage it has had.
     * @param entries Replicas in ascending order, none with 0.
     * @internal
     */
    constructor(readonly epoch: number, entries: Iterable<readonly [ReplicaId, number]>) {
        this.#entries = new Map(entries);
    }

    /** The number of replicas that it names. */
    get count(): number {
        return this.#entries.size;
    }

    /** Its replicas in ascending order, each with the number of its changes. */
    get entries(): Iterable<[ReplicaId, number]> {
        return this.#entries.entries();
    }

    /** The number of changes of a replica that are included; 0 for a replica that is not named. */
    of(replica: ReplicaId): number {
        return this.#entries.get(replica) ?? 0;
    }

    /** Whether every change that another version includes is included. */
    covers(other: Version): boolean {
        for (const [replica, sequence] of other.#entries) {
            if (this.of(replica) < sequence)
                return false;
        }

        return true;
    }

    equals(other: Version): boolean {
        return this.epoch === other.epoch && this.count === other.count && this.covers(other) && other.covers(this);
    }

    /** What either includes. */
    join(other: Version): Version {
        const joined = new Map(this.#entries);
        for (const [replica, sequence] of other.#entries)
            joined.set(replica, Math.max(this.of(replica), sequence));
        return new Version(Math.max(this.epoch, other.epoch), [...joined].sort(([left], [right]) => compareIds(left, right)));
    }

    /** @internal This version with another number of changes of a replica. */
    with(replica: ReplicaId, sequence: number): Version {
        const others = this.without(replica);
        return sequence === 0 ? others : others.join(new Version(0, [[replica, sequence]]));
    }

    /** @internal */
    without(replica: ReplicaId): Version {
        return new Version(this.epoch, [...this.#entries].filter(([other]) => other !== replica));
    }

    /** @internal */
    static read(reader: DeltaReader): Version {
        const epoch = reader.readNumber();
        const entries = new Map<ReplicaId, number>();
        let last = "";
        for (let count = reader.readCount(9); count > 0 && !reader.hasFailed; count--) {
            const replica = reader.readFixed();
            const sequence = reader.readNumber();
            if (sequence === 0 || replica <= last)
                reader.fail();
            entries.set(replica, sequence);
            last = replica;
        }

        return reader.hasFailed ? Version.empty : new Version(epoch, entries);
    }

    /** @internal */
    write(writer: DeltaWriter): void {
        writer.writeNumber(this.epoch);
        writer.writeNumber(this.count);
        for (const [replica, sequence] of this.#entries) {
            writer.writeFixed(replica);
            writer.writeNumber(sequence);
        }
    }

    /** Parses what {@link toString} wrote; undefined if the text is no version. */
    static parse(text: string): Version | undefined {
        const bytes = fromBase64Url(text);
        if (bytes === undefined)
            return undefined;
        const reader = new DeltaReader(bytes);
        const version = Version.read(reader);
        return reader.isAtEnd ? version : undefined;
    }

    /** The version as base64url, for headers and queries. */
    toString(): string {
        const writer = new DeltaWriter();
        this.write(writer);
        return toBase64Url(writer.written);
    }
}
