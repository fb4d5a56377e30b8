import { indexOf, type Level, type Segment } from "./level.js";

/** Lines that follow each other in one segment. */
export interface Run {
    readonly level: Level;
    readonly segment: Segment;
    readonly from: number;
    readonly count: number;
    readonly start: number;
}

/** The lines of a level and of what is open in it. */
export function runsOf(root: Level): readonly Run[] {
    const runs: Run[] = [];
    let start = 0;
    const add = (level: Level, segment: Segment, from: number, count: number): void => {
        if (count > 0)
            runs.push({ level, segment, from, count, start });
        start += count;
    };
    const visit = (level: Level): void => {
        for (const segment of level.segments) {
            let from = 0;
            const { rows } = segment;
            if (rows !== undefined && level.children.size > 0) {
                const open = [...level.children.values()].map(child => ({ child, at: indexOf(rows, child.prefix) })).filter(({ child, at }) => rows[at]?.name === child.prefix);
                for (const { child, at } of open.sort((one, other) => one.at - other.at)) {
                    add(level, segment, from, at + 1 - from);
                    visit(child);
                    from = at + 1;
                }
            }

            add(level, segment, from, (rows?.length ?? segment.expected) - from);
        }
    };
    visit(root);
    return runs;
}
