/** One number of an answer of `/metrics`. */
export interface Measurement {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
}

/** A histogram: how many observations were at most as large as each bound, the last of which is infinite. */
export interface Histogram {
    readonly bounds: readonly number[];
    readonly counts: readonly number[];
}

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const label = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Reads the text format of Prometheus. */
export function parseMetrics(text: string): readonly Measurement[] {
    const measurements: Measurement[] = [];
    for (const each of text.split("\n")) {
        const found = each.startsWith("#") ? null : line.exec(each);
        if (found === null)
            continue;
        const labels: Record<string, string> = {};
        for (const [, name, value] of (found[2] ?? "").matchAll(label))
            labels[name!] = value!;
        measurements.push({ name: found[1]!, labels, value: Number(found[3]) });
    }

    return measurements;
}

/** The sum of those with a name that pass. */
export function sumOf(measurements: readonly Measurement[], name: string, passes: (labels: Measurement["labels"]) => boolean = () => true): number {
    let sum = 0;
    for (const each of measurements) {
        if (each.name === name && passes(each.labels))
            sum += each.value;
    }

    return sum;
}

/** Histograms of one name as one. */
export function histogramOf(measurements: readonly Measurement[], name: string, passes: (labels: Measurement["labels"]) => boolean = () => true): Histogram {
    const counts = new Map<number, number>();
    for (const each of measurements) {
        if (each.name !== `${name}_bucket` || !passes(each.labels))
            continue;
        const bound = each.labels["le"] === "+Inf" ? Infinity : Number(each.labels["le"]);
        counts.set(bound, (counts.get(bound) ?? 0) + each.value);
    }

    const bounds = [...counts.keys()].sort((one, other) => one - other);
    return { bounds, counts: bounds.map((bound) => counts.get(bound)!) };
}

/** What was observed between two moments; undefined if nothing was, or if the program began anew in between. */
export function between(before: Histogram, after: Histogram): Histogram | undefined {
    const earlier = new Map(before.bounds.map((bound, index) => [bound, before.counts[index]!]));
    const counts = after.bounds.map((bound, index) => after.counts[index]! - (earlier.get(bound) ?? 0));
    return counts.some((count) => count < 0) || (counts.at(-1) ?? 0) === 0 ? undefined : { bounds: after.bounds, counts };
}

/** The value that a part of the observations does not exceed. Within a bucket observations are taken for evenly spread. */
export function percentile(histogram: Histogram, part: number): number {
    const { bounds, counts } = histogram;
    const wanted = part * counts.at(-1)!;
    const index = counts.findIndex((count) => count >= wanted);
    const lower = index === 0 ? 0 : bounds[index - 1]!;

    // Nothing is known of what is above the last bound but that.
    if (bounds[index] === Infinity)
        return lower;
    const below = index === 0 ? 0 : counts[index - 1]!;
    return lower + (bounds[index]! - lower) * (wanted - below) / (counts[index]! - below);
}
