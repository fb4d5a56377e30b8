// With the flag u, a pair of surrogates is one character, and only half of one is of the category Cs.
const halfOfAPair = /\p{Cs}/u;

/** Whether a text is valid Unicode, that is, has no half of a surrogate pair. */
export function isValidText(text: string): boolean {
    return !halfOfAPair.test(text);
}

/** The position in Unicode scalars, as a replica of a text counts, of an index in UTF-16 code units, as strings and text areas count. */
export function toScalarPosition(text: string, index: number): number {
    let position = 0;
    for (let at = 0; at < index && at < text.length; position++)
        at += isPair(text, at) ? 2 : 1;
    return position;
}

/** The index in UTF-16 code units of a position in Unicode scalars. */
export function toStringIndex(text: string, position: number): number {
    let index = 0;
    for (let count = 0; count < position && index < text.length; count++)
        index += isPair(text, index) ? 2 : 1;
    return index;
}

/** The number of Unicode scalars of a text. */
export function countScalars(text: string): number {
    return toScalarPosition(text, text.length);
}

/** The scalars of a text that is valid Unicode. */
export function toScalars(text: string): Int32Array {
    const scalars = new Int32Array(text.length);
    let count = 0;
    for (let index = 0; index < text.length; count++) {
        const scalar = text.codePointAt(index)!;
        scalars[count] = scalar;
        index += scalar > 0xffff ? 2 : 1;
    }

    return scalars.subarray(0, count);
}

/** The text of scalars. */
export function fromScalars(scalars: Int32Array): string {
    let text = "";
    for (let at = 0; at < scalars.length; at += 0x2000)
        text += String.fromCodePoint(...scalars.subarray(at, at + 0x2000));
    return text;
}

function isPair(text: string, index: number): boolean {
    return (text.charCodeAt(index) & 0xfc00) === 0xd800 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00;
}
