/** The bytes on a line of the hex view. */
export const bytesPerLine = 16;

/** A line of the hex view: where it begins, its bytes, and their characters where they are printable ASCII. */
export interface HexLine {
    readonly offset: string;
    readonly hex: string;
    readonly text: string;
}

/** A line of the hex view by its number. */
export function hexLine(bytes: Uint8Array, number: number): HexLine {
    const start = number * bytesPerLine;
    const part = bytes.subarray(start, start + bytesPerLine);
    return {
        offset: start.toString(16).padStart(8, "0"), hex: toHex(part),
        text: Array.from(part, byte => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join(""),
    };
}

/** How many lines bytes have. */
export const hexLineCount = (bytes: Uint8Array): number => Math.ceil(bytes.length / bytesPerLine);

/** Two digits a byte, separated by spaces. */
export const toHex = (bytes: Uint8Array): string => Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join(" ");

/** All bytes, in lines, as they are edited and compared. */
export function toHexText(bytes: Uint8Array): string {
    return Array.from({ length: hexLineCount(bytes) }, (_, line) => toHex(bytes.subarray(line * bytesPerLine, (line + 1) * bytesPerLine))).join("\n");
}

/** The bytes of hex digits; white space between them does not matter. An error says where it is. */
export function fromHexText(text: string): Uint8Array<ArrayBuffer> | { readonly offset: number; readonly message: string } {
    const bytes: number[] = [];
    let high: number | undefined;
    let start = 0;
    for (let at = 0; at < text.length; at++) {
        if (/\s/.test(text[at]!))
            continue;
        const digit = /[0-9a-fA-F]/.test(text[at]!) ? parseInt(text[at]!, 16) : undefined;
        if (digit === undefined)
            return { offset: at, message: "This is no hexadecimal digit." };
        if (high === undefined) {
            high = digit;
            start = at;
        } else {
            bytes.push(high * 16 + digit);
            high = undefined;
        }
    }

    return high === undefined ? Uint8Array.from(bytes) : { offset: start, message: "A byte has two digits." };
}
