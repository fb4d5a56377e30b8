import type { TextEdit } from "kvstore-client";

/** The one edit that makes one text of another: what differs between what both begin with and what both end with. Undefined if nothing does. */
export function editBetween(before: string, after: string): TextEdit | undefined {
    // In scalars, as the service counts: a surrogate pair is one.
    const from = [...before];
    const to = [...after];
    let start = 0;
    while (start < from.length && start < to.length && from[start] === to[start])
        start++;
    let end = 0;
    while (end < from.length - start && end < to.length - start && from[from.length - 1 - end] === to[to.length - 1 - end])
        end++;
    const removed = from.length - start - end;
    const insert = to.slice(start, to.length - end).join("");
    if (removed === 0 && insert === "")
        return undefined;
    return { at: start, ...(removed > 0 && { delete: removed }), ...(insert !== "" && { insert }) };
}
