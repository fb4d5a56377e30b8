import { formatNumber } from "../../shell/format.js";

/** A number with its noun, such as "1 entry" and "2 entries". */
export const counted = (count: number, one: string, many: string): string => `${formatNumber(count)} ${count === 1 ? one : many}`;

/** A span of time as the service reads it, such as `90`, `90s`, `1m30s` or `7d`, in whole seconds; undefined for another text. */
export function parseSpan(text: string): number | undefined {
    const compact = text.replaceAll(" ", "").replaceAll("min", "m");
    if (/^\d+$/.test(compact))
        return Number(compact);
    if (!/^(\d+[smhd])+$/.test(compact))
        return undefined;
    const factors = { s: 1, m: 60, h: 3600, d: 86_400 };
    return [...compact.matchAll(/(\d+)([smhd])/g)].reduce((sum, [, number, unit]) => sum + Number(number) * factors[unit as keyof typeof factors], 0);
}
