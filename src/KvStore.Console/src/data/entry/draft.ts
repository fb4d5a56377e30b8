import { mergeTexts, type Merged } from "../diff/merge.js";
import { fromHexText, toHexText } from "../values/hex.js";
import { findJsonError, type JsonError } from "../values/json.js";
import { isJsonType, sameBytes, textOf } from "../values/kinds.js";

/** An entry as it was read. */
export interface Version {
    readonly bytes: Uint8Array;
    readonly contentType: string;
    readonly revision: number;
    readonly expiresAt: Date | undefined;
    readonly modifiedAt: Date | undefined;
    readonly storeId: string | undefined;
}

/** When an entry is to expire: as before, never, or after so many seconds. */
export type ExpiryChoice = "keep" | "none" | number;

/** What a user is about to store. */
export interface Draft {
    /** `file`: the bytes are from a file and not edited. */
    readonly mode: "text" | "hex" | "file";
    readonly text: string;
    readonly file: Uint8Array | undefined;
    readonly contentType: string;
    readonly expiry: ExpiryChoice;

    /** What the text is stored with at the ends of its lines: a text field has only line feeds. */
    readonly lineEnd: "\n" | "\r\n";
}

/** A draft to begin with: of a version, or of an entry that is to be made. */
export function draftOf(version: Version | undefined): Draft {
    const text = version === undefined ? "" : textOf(version.bytes);
    const about = { file: undefined, contentType: version?.contentType ?? "application/json", expiry: "keep" as const };
    if (text === undefined)
        return { ...about, mode: "hex", text: toHexText(version!.bytes), lineEnd: "\n" };
    return { ...about, mode: "text", text: text.replaceAll("\r\n", "\n"), lineEnd: text.includes("\r\n") ? "\r\n" : "\n" };
}

/** Whether a text field would change other line ends than the draft keeps: some lines end with CR LF and others do not. */
export function mixesLineEnds(bytes: Uint8Array): boolean {
    const text = textOf(bytes) ?? "";
    return /\r(?!\n)/.test(text) || (text.includes("\r\n") && /(?<!\r)\n/.test(text));
}

/** What would be stored; undefined if the text is not what its mode demands. */
export function bytesOf(draft: Draft): Uint8Array | undefined {
    if (draft.mode === "file")
        return draft.file;
    if (draft.mode === "text")
        return new TextEncoder().encode(draft.lineEnd === "\n" ? draft.text : draft.text.replaceAll("\n", draft.lineEnd));
    const bytes = fromHexText(draft.text);
    return bytes instanceof Uint8Array ? bytes : undefined;
}

/** What is wrong with a draft, and where. JSON that is none can be stored all the same: the service takes any bytes. */
export function findError(draft: Draft): (JsonError & { readonly isFatal: boolean }) | undefined {
    if (draft.mode === "text" && isJsonType(draft.contentType)) {
        const error = findJsonError(draft.text);
        return error && { ...error, isFatal: false };
    }

    const parsed = draft.mode === "hex" ? fromHexText(draft.text) : undefined;
    if (parsed === undefined || parsed instanceof Uint8Array)
        return undefined;
    const before = draft.text.slice(0, parsed.offset);
    return { ...parsed, line: before.split("\n").length, column: parsed.offset - before.lastIndexOf("\n"), isFatal: true };
}

/** Whether a draft would change anything. */
export function isChanged(draft: Draft, base: Version | undefined): boolean {
    if (base === undefined)
        return draft.text !== "" || draft.mode === "file";
    const bytes = bytesOf(draft);
    return draft.expiry !== "keep" || draft.contentType !== base.contentType || bytes === undefined || !(sameBytes(bytes, base.bytes) || isLineEndChangeOnly(draft, base));
}

// Of a text with mixed line ends the field shows another one from the start, which is no change that a user has made.
function isLineEndChangeOnly(draft: Draft, base: Version): boolean {
    return draft.mode === "text" && mixesLineEnds(base.bytes) && draft.text === draftOf(base).text;
}

/** A draft and what others have stored since, merged by lines; undefined if one of them is not text. */
export function mergeOf(base: Version | undefined, draft: Draft | undefined, theirs: Version | undefined): Merged | undefined {
    if (draft?.mode !== "text" || theirs === undefined || textOf(theirs.bytes) === undefined)
        return undefined;
    return mergeTexts(base === undefined ? "" : draftOf(base).text, draft.text, draftOf(theirs).text);
}
