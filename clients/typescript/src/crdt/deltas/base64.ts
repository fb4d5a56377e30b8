/** Base64 with padding, as JSON carries bytes. */
export function toBase64(bytes: Uint8Array): string {
    let text = "";
    for (let at = 0; at < bytes.length; at += 0x2000)
        text += String.fromCharCode(...bytes.subarray(at, at + 0x2000));
    return btoa(text);
}

/** The bytes of base64; undefined if the text is not base64. */
export function fromBase64(text: string): Uint8Array | undefined {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text))
        return undefined;
    try {
        return Uint8Array.from(atob(text), character => character.charCodeAt(0));
    } catch {
        return undefined;
    }
}

/** Base64 in the alphabet of URLs, without padding. */
export function toBase64Url(bytes: Uint8Array): string {
    return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The bytes of base64url without padding; undefined if the text is something else. */
export function fromBase64Url(text: string): Uint8Array | undefined {
    return /^[A-Za-z0-9_-]*$/.test(text) ? fromBase64(text.replaceAll("-", "+").replaceAll("_", "/")) : undefined;
}
