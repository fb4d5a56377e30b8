import type { DeltaHeader } from "../deltas/header.js";
import { sequenceMax } from "../deltas/ids.js";
import type { DeltaReader } from "../deltas/reader.js";
import { indexFrom, normalize, type DotRun } from "../deltas/runs.js";
import { toScalars } from "../deltas/unicode.js";
import { TextCollection } from "./collection.js";
import { insertionMax, runKind, TextRun } from "./run.js";

/** What a delta of a text has after its header. */
export interface TextDelta {
    /** By interval, the changes in it. */
    readonly runs: TextRun[][];

    /** By interval, the elements of its replica that the changes delete, ascending and apart. */
    readonly deleted: DotRun[][];

    /** What is inserted and not deleted. */
    readonly scalars: Int32Array;

    /** What the collections dropped and condemned; nothing if the delta has no collection. */
    readonly collected: TextCollection;
}

/** Undefined if the bytes are malformed. */
export function readTextDelta(header: DeltaHeader, reader: DeltaReader): TextDelta | undefined {
    const cursors = header.intervals.map(() => 0);
    const runs = header.intervals.map(({ from, to }, author) => {
        const read: TextRun[] = [];
        for (let next = from + 1; next <= to && !reader.hasFailed; next = read.at(-1)!.last + 1)
            read.push(readRun(reader, author, next, to, cursors));
        return read;
    });
    const text = reader.readText();
    const collected = header.collection === undefined ? TextCollection.none : TextCollection.read(reader);
    if (!reader.isAtEnd)
        return undefined;

    const deleted = findDeleted(runs);
    const scalars = toScalars(text);
    return assignContent(runs, deleted) === scalars.length ? { runs, deleted, scalars, collected } : undefined;
}

/** Divides consecutive elements into those that are deleted and those that are not. The deleted runs ascend and are apart. */
export function divide({ first, last }: DotRun, deleted: readonly DotRun[]): (DotRun & { readonly isDeleted: boolean })[] {
    const parts = [];
    for (let i = indexFrom(deleted, first); i < deleted.length && deleted[i]!.first <= last; i++) {
        const run = deleted[i]!;
        if (run.first > first)
            parts.push({ first, last: run.first - 1, isDeleted: false });
        parts.push({ first: Math.max(first, run.first), last: Math.min(last, run.last), isDeleted: true });
        first = run.last + 1;
    }

    if (first <= last)
        parts.push({ first, last, isDeleted: false });
    return parts;
}

function readRun(reader: DeltaReader, author: number, first: number, to: number, cursors: number[]): TextRun {
    const head = reader.readPacked(3, Math.floor(sequenceMax / 8));
    const length = head.rest + 1;
    if (head.low > runKind.gap || length > to - first + 1 || (head.low <= runKind.insertAtStart && length > insertionMax))
        reader.fail();
    const run = head.low === runKind.gap || head.low === runKind.insertAtStart
        ? new TextRun(head.low, first, length, author, 0)
        : readReference(reader, head.low, first, length, author, cursors);
    if (run.isInsertion)
        cursors[author] = run.last;
    return run;
}

function readReference(reader: DeltaReader, kind: number, first: number, length: number, author: number, cursors: number[]): TextRun {
    const distance = reader.readPacked(2, sequenceMax);
    const isOfOther = (distance.low & 1) === 1;
    const reference = isOfOther ? reader.readNumber(cursors.length - 1) : author;
    const sequence = cursors[reference]! + (distance.low < 2 ? distance.rest : -distance.rest - 1);
    const run = new TextRun(kind, first, length, reference, sequence);
    const targets = run.isDeletion ? run.targets : { first: sequence, last: sequence };

    // An element of the run's own replica precedes the run.
    const max = reference === author ? first - 1 : sequenceMax;
    if (targets.first < 1 || targets.last > max || (isOfOther && reference === author))
        reader.fail();
    cursors[reference] = kind === runKind.deleteUpwards ? targets.last : targets.first;
    return run;
}

function findDeleted(runs: readonly TextRun[][]): DotRun[][] {
    const deleted: DotRun[][] = runs.map(() => []);
    for (const run of runs.flat()) {
        if (run.isDeletion)
            deleted[run.reference]!.push(run.targets);
    }

    return deleted.map(normalize);
}

// Returns how many scalars there must be.
function assignContent(runs: readonly TextRun[][], deleted: readonly DotRun[][]): number {
    let total = 0;
    runs.forEach((ofAuthor, author) => {
        for (const run of ofAuthor) {
            if (!run.isInsertion)
                continue;
            run.content = total;
            for (const part of divide(run, deleted[author]!))
                total += part.isDeleted ? 0 : part.last - part.first + 1;
        }
    });
    return total;
}
