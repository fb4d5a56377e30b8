/** Lines of two texts side by side. Undefined: the other side has a line that this one does not have. */
export interface DiffRow {
    readonly kind: "same" | "changed" | "removed" | "added";
    readonly left: string | undefined;
    readonly right: string | undefined;
    readonly leftLine: number | undefined;
    readonly rightLine: number | undefined;
}

/** A range of lines of one text that another text has otherwise, each up to but without its end. */
export interface Change {
    readonly leftStart: number;
    readonly leftEnd: number;
    readonly rightStart: number;
    readonly rightEnd: number;
}

// Two texts that have little in common need a search of quadratic time and memory. Beyond this many differing lines all that lies between the common
// beginning and the common end is one change, which is what people would see anyway.
const differencesMax = 1500;

export const linesOf = (text: string): readonly string[] => text === "" ? [] : text.split("\n");

/** The differences of two lists of lines, by Myers' algorithm ("An O(ND) Difference Algorithm and Its Variations", 1986). */
export function changesOf(left: readonly string[], right: readonly string[]): readonly Change[] {
    let start = 0;
    while (start < left.length && start < right.length && left[start] === right[start])
        start++;
    let tail = 0;
    while (tail < left.length - start && tail < right.length - start && left[left.length - 1 - tail] === right[right.length - 1 - tail])
        tail++;
    const [leftEnd, rightEnd] = [left.length - tail, right.length - tail];
    if (start === leftEnd && start === rightEnd)
        return [];
    const kept = start === leftEnd || start === rightEnd ? [] : commonLines(left.slice(start, leftEnd), right.slice(start, rightEnd));

    // The gaps between the common lines are the changes.
    const changes: Change[] = [];
    let [atLeft, atRight] = [start, start];
    for (const [keptLeft, keptRight] of [...kept.map(([x, y]) => [x + start, y + start] as const), [leftEnd, rightEnd] as const]) {
        if (atLeft < keptLeft || atRight < keptRight)
            changes.push({ leftStart: atLeft, leftEnd: keptLeft, rightStart: atRight, rightEnd: keptRight });
        [atLeft, atRight] = [keptLeft + 1, keptRight + 1];
    }

    return changes;
}

/** Pairs of equal lines, as many as possible. */
function commonLines(left: readonly string[], right: readonly string[]): readonly (readonly [number, number])[] {
    const most = Math.min(left.length + right.length, differencesMax);
    const offset = most + 1;
    const reached = new Int32Array(2 * most + 3);
    const steps: Int32Array[] = [];
    for (let differences = 0; differences <= most; differences++) {
        // Only the diagonals that this step can reach are needed to find the way back.
        steps.push(reached.slice(offset - differences - 1, offset + differences + 2));
        for (let diagonal = -differences; diagonal <= differences; diagonal += 2) {
            const isDown = diagonal === -differences || (diagonal !== differences && reached[offset + diagonal - 1]! < reached[offset + diagonal + 1]!);
            let x = isDown ? reached[offset + diagonal + 1]! : reached[offset + diagonal - 1]! + 1;
            while (x < left.length && x - diagonal < right.length && left[x] === right[x - diagonal])
                x++;
            reached[offset + diagonal] = x;
            if (x >= left.length && x - diagonal >= right.length)
                return wayBack(steps, left.length, right.length);
        }
    }

    return [];
}

function wayBack(steps: readonly Int32Array[], leftLength: number, rightLength: number): readonly (readonly [number, number])[] {
    const pairs: [number, number][] = [];
    let [x, y] = [leftLength, rightLength];
    for (let differences = steps.length - 1; differences >= 0; differences--) {
        const before = (diagonal: number): number => steps[differences]![diagonal + differences + 1]!;
        const diagonal = x - y;
        const isDown = diagonal === -differences || (diagonal !== differences && before(diagonal - 1) < before(diagonal + 1));
        const from = isDown ? diagonal + 1 : diagonal - 1;
        const [fromX, fromY] = differences === 0 ? [0, 0] : [before(from), before(from) - from];
        while (x > fromX && y > fromY)
            pairs.push([--x, --y]);
        [x, y] = [fromX, fromY];
    }

    return pairs.reverse();
}

/** Two texts side by side, all of their lines. */
export function diffRows(leftText: string, rightText: string): readonly DiffRow[] {
    const [left, right] = [linesOf(leftText), linesOf(rightText)];
    const rows: DiffRow[] = [];
    let [atLeft, atRight] = [0, 0];
    for (const change of [...changesOf(left, right), { leftStart: left.length, leftEnd: left.length, rightStart: right.length, rightEnd: right.length }]) {
        for (; atLeft < change.leftStart; atLeft++, atRight++)
            rows.push({ kind: "same", left: left[atLeft], right: right[atRight], leftLine: atLeft + 1, rightLine: atRight + 1 });
        while (atLeft < change.leftEnd || atRight < change.rightEnd) {
            const [hasLeft, hasRight] = [atLeft < change.leftEnd, atRight < change.rightEnd];
            rows.push({
                kind: hasLeft && hasRight ? "changed" : hasLeft ? "removed" : "added",
                left: hasLeft ? left[atLeft] : undefined, right: hasRight ? right[atRight] : undefined,
                leftLine: hasLeft ? ++atLeft : undefined, rightLine: hasRight ? ++atRight : undefined,
            });
        }
    }

    return rows;
}

/** The part of a changed line that differs on each side, between what both begin and end with. */
export function differingParts(left: string, right: string): { readonly start: number; readonly leftEnd: number; readonly rightEnd: number } {
    let start = 0;
    while (start < left.length && start < right.length && left[start] === right[start])
        start++;
    let tail = 0;
    while (tail < left.length - start && tail < right.length - start && left[left.length - 1 - tail] === right[right.length - 1 - tail])
        tail++;
    return { start, leftEnd: left.length - tail, rightEnd: right.length - tail };
}
