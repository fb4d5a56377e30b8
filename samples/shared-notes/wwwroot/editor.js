// Binds a text area to a text that others edit, too.
import { toScalarPosition, toStringIndex } from "./client/index.js";
import { Caret } from "./caret.js";

/**
 * @param area The text area.
 * @param note What is edited: `text`, `edit(position, count, text)`, `anchorAt(position)` and `positionOf(anchor)`; positions count Unicode scalars.
 * @returns A function that shows the text when others have changed it.
 */
export function bindEditor(area, note) {
    const caret = new Caret(area);
    let shown = area.value = note.text;
    let isComposing = false;
    let selection = anchored();

    area.addEventListener("input", () => {
        if (!isComposing)
            takeInput();
    });

    // What an input method has yet to finish would be torn apart by the text of others.
    area.addEventListener("compositionstart", () => isComposing = true);
    area.addEventListener("compositionend", () => {
        isComposing = false;
        takeInput();
        show();
    });

    document.addEventListener("selectionchange", () => {
        if (!isComposing)
            selection = anchored();
    });

    function takeInput() {
        const { start, end, text } = difference(shown, area.value, area.selectionEnd);
        const position = toScalarPosition(shown, start), count = toScalarPosition(shown, end) - position;
        shown = area.value;
        note.edit(position, count, text);
        selection = anchored();
    }

    /** The selection by the characters that it is between, which others do not move. */
    function anchored() {
        const { selectionStart, selectionEnd } = area;
        return { selectionStart, selectionEnd, anchors: [selectionStart, selectionEnd].map(index => note.anchorAt(toScalarPosition(shown, index))) };
    }

    function show() {
        if (isComposing || note.text === shown)
            return;

        const { selectionStart, selectionEnd, selectionDirection } = area, before = caret.top();
        const { start, end, text } = difference(shown, note.text);
        area.setRangeText(text, start, end, "preserve");
        shown = note.text;
        // The browser has kept the selection roughly. That has to do if it moved since it was anchored, or if its characters have got other names.
        const positions = selection.anchors.map(note.positionOf);
        if (selection.selectionStart === selectionStart && selection.selectionEnd === selectionEnd && !positions.includes(undefined)) {
            const [first, last] = positions.map(position => toStringIndex(shown, position));
            area.setSelectionRange(first, last, selectionDirection);
        }
        // The line with the caret stays where it is on the screen, whatever comes or goes above it.
        if (document.activeElement === area)
            area.scrollTop += caret.top() - before;
        selection = anchored();
    }

    return show;
}

/**
 * What has to be replaced in one string to get another: from start to end, by a text. Where several places would do, as in "aa" to "aaa", it is
 * the one before the caret.
 */
export function difference(before, after, caret = after.length) {
    const rest = after.length - caret;
    let common = 0;
    while (common < Math.min(rest, before.length) && before[before.length - 1 - common] === after[after.length - 1 - common])
        common++;
    const shorter = Math.min(before.length, after.length) - common;
    let start = 0;
    while (start < shorter && before[start] === after[start])
        start++;
    while (common < Math.min(before.length, after.length) - start && before[before.length - 1 - common] === after[after.length - 1 - common])
        common++;

    // Not in the middle of a character.
    if (isHighSurrogate(before, start - 1))
        start--;
    if (isLowSurrogate(before, before.length - common) || isLowSurrogate(after, after.length - common))
        common--;
    return { start, end: before.length - common, text: after.slice(start, after.length - common) };
}

const isHighSurrogate = (text, index) => (text.charCodeAt(index) & 0xfc00) === 0xd800;
const isLowSurrogate = (text, index) => (text.charCodeAt(index) & 0xfc00) === 0xdc00;
