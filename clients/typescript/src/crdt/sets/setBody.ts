import type { DeltaHeader } from "../deltas/header.js";
import type { DeltaReader } from "../deltas/reader.js";
import type { DotRun } from "../deltas/runs.js";
import type { DeltaWriter } from "../deltas/writer.js";

/** What a delta of a set has of one interval. */
export interface SetInterval {
    /** The dots within the interval that have an element, in ascending order. */
    readonly added: (readonly [sequence: number, element: string])[];

    /** The dots before the interval that have none: they were removed. */
    readonly dead: DotRun[];
}

/** Reads what a delta of a set has after its header; undefined if it is malformed. */
export function readSetBody(header: DeltaHeader, reader: DeltaReader): SetInterval[] | undefined {
    const body = header.intervals.map(({ from, to }) => {
        const added: [number, string][] = [];
        let last = from;
        for (let count = reader.readCount(2); count > 0 && !reader.hasFailed; count--) {
            last = readAfter(reader, last, to);
            added.push([last, reader.readText()]);
        }

        const dead: DotRun[] = [];
        last = 0;
        for (let count = header.type === "or-set" ? reader.readCount(2) : 0; count > 0 && !reader.hasFailed; count--) {
            const first = readAfter(reader, last, from);
            last = first + reader.readNumber();
            if (last > from)
                reader.fail();
            dead.push({ first, last });
        }

        return { added, dead };
    });
    return reader.isAtEnd ? body : undefined;
}

export function writeSetBody(header: DeltaHeader, body: readonly SetInterval[], writer: DeltaWriter): void {
    header.intervals.forEach(({ from }, i) => {
        const { added, dead } = body[i]!;
        writer.writeNumber(added.length);
        let last = from;
        for (const [sequence, element] of added) {
            writer.writeNumber(sequence - last - 1);
            writer.writeText(element);
            last = sequence;
        }

        if (header.type !== "or-set")
            return;
        writer.writeNumber(dead.length);
        last = 0;
        for (const run of dead) {
            writer.writeNumber(run.first - last - 1);
            writer.writeNumber(run.last - run.first);
            last = run.last;
        }
    });
}

// Sequences ascend, so each is written as its distance from the one before.
function readAfter(reader: DeltaReader, last: number, max: number): number {
    if (last < max)
        return last + 1 + reader.readNumber(max - last - 1);
    reader.fail();
    return last;
}
