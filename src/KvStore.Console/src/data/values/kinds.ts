import { findJsonError } from "./json.js";

/** How a value can be shown. */
export type View = "json" | "text" | "hex" | "image";

/** The media type without parameters, in lower case. */
export const mediaType = (contentType: string): string => contentType.split(";", 1)[0]!.trim().toLowerCase();

/** Mergeable values are changed by merging only: the service rejects a PUT over one. */
export const isMergeable = (contentType: string): boolean => mediaType(contentType) === "application/vnd.kvstore.crdt";

export const isJsonType = (contentType: string): boolean => /^application\/json$|\+json$/.test(mediaType(contentType));

// What a browser shows as a picture without running it. An SVG in an <img> runs no script and loads nothing.
const images = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon", "image/svg+xml"];

/** Media types that an editor offers. */
export const commonTypes = [
    "application/json", "text/plain; charset=utf-8", "text/markdown", "text/html", "text/csv", "application/xml", "application/yaml", "application/octet-stream", ...images.slice(0, 4), "image/svg+xml",
] as const;

/** The text of bytes that are UTF-8 and have no zero bytes; undefined for others. */
export function textOf(bytes: Uint8Array): string | undefined {
    try {
        const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
        return text.includes("\0") ? undefined : text;
    } catch {
        return undefined;
    }
}

/** The ways to show a value, the best one first. */
export function viewsOf(contentType: string, bytes: Uint8Array): readonly View[] {
    const text = textOf(bytes);
    const image: View[] = images.includes(mediaType(contentType)) ? ["image"] : [];
    if (text === undefined)
        return [...image, "hex"];
    const isJson = isJsonType(contentType) || (text.length > 1 && /^\s*[[{]/.test(text) && findJsonError(text) === undefined);
    return [...image, ...(isJson ? ["json" as const] : []), "text", "hex"];
}

export const sameBytes = (one: Uint8Array, other: Uint8Array): boolean => one.length === other.length && one.every((byte, at) => byte === other[at]);
