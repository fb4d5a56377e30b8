import { changesOf, linesOf, type Change } from "./diff.js";

/** What became of a merge: the text, and in how many places both sides have changed the same lines. */
export interface Merged {
    readonly text: string;
    readonly conflicts: number;
}

/**
 * Merges two texts that were made from a common one, by lines. Where both have changed the same lines in different ways, both are in the text between the
 * marks that Git uses, for a person to decide.
 */
export function mergeTexts(base: string, mine: string, theirs: string): Merged {
    const [baseLines, mineLines, theirLines] = [linesOf(base), linesOf(mine), linesOf(theirs)];
    const [mineChanges, theirChanges] = [changesOf(baseLines, mineLines), changesOf(baseLines, theirLines)];
    const lines: string[] = [];
    let conflicts = 0;
    let at = 0;
    let [nextMine, nextTheirs] = [0, 0];

    // How far lines of a side lie from those of the base, after the changes so far.
    let [mineShift, theirShift] = [0, 0];
    while (nextMine < mineChanges.length || nextTheirs < theirChanges.length) {
        const [mineFrom, theirFrom] = [nextMine, nextTheirs];
        const start = Math.min(mineChanges[nextMine]?.leftStart ?? Infinity, theirChanges[nextTheirs]?.leftStart ?? Infinity);
        let end = start;

        // Changes that touch each other belong together, because no order of them is certain to be meant.
        const joins = (change: Change | undefined): change is Change => change !== undefined && change.leftStart <= end;
        for (let grew = true; grew;) {
            grew = false;
            for (; joins(mineChanges[nextMine]); nextMine++, grew = true)
                end = Math.max(end, mineChanges[nextMine]!.leftEnd);
            for (; joins(theirChanges[nextTheirs]); nextTheirs++, grew = true)
                end = Math.max(end, theirChanges[nextTheirs]!.leftEnd);
        }

        lines.push(...baseLines.slice(at, start));
        const growth = (changes: readonly Change[]): number => changes.reduce((sum, change) => sum + change.rightEnd - change.rightStart - (change.leftEnd - change.leftStart), 0);
        const [mineGrowth, theirGrowth] = [growth(mineChanges.slice(mineFrom, nextMine)), growth(theirChanges.slice(theirFrom, nextTheirs))];
        const minePart = mineLines.slice(start + mineShift, end + mineShift + mineGrowth);
        const theirPart = theirLines.slice(start + theirShift, end + theirShift + theirGrowth);
        if (nextTheirs === theirFrom || minePart.join("\n") === theirPart.join("\n") && minePart.length === theirPart.length) {
            lines.push(...minePart);
        } else if (nextMine === mineFrom) {
            lines.push(...theirPart);
        } else {
            conflicts++;
            lines.push("<<<<<<< mine", ...minePart, "=======", ...theirPart, ">>>>>>> theirs");
        }

        [mineShift, theirShift, at] = [mineShift + mineGrowth, theirShift + theirGrowth, end];
    }

    lines.push(...baseLines.slice(at));
    return { text: lines.join("\n"), conflicts };
}
