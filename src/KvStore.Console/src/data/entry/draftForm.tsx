import { useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { session } from "../../session/session.js";
import { formatBytes } from "../../shell/format.js";
import { parseSpan } from "../values/figures.js";
import { toHexText } from "../values/hex.js";
import { formatJson } from "../values/json.js";
import { commonTypes, isJsonType, textOf } from "../values/kinds.js";
import { bytesOf, findError, mixesLineEnds, type Draft } from "./draft.js";
import type { Editor } from "./editor.js";

/** The form in which an entry is written. */
export function DraftForm({ editor, save }: { readonly editor: Editor; readonly save: () => Promise<void> }) {
    const draft = editor.draft.value!;
    const base = editor.base.value;
    const bytes = bytesOf(draft);
    const error = findError(draft);
    const limit = session.access.value?.value_bytes_max ?? Infinity;
    const isTooLarge = bytes !== undefined && bytes.length > limit;
    return (
        <form
            class="draft" onSubmit={event => {
                event.preventDefault();
                void save();
            }}
        >
            <div class="fields">
                <div>
                    <label for="type">Media type</label>
                    <input id="type" list="types" value={draft.contentType} maxLength={256} required onInput={event => editor.change({ contentType: event.currentTarget.value })} />
                    <datalist id="types">{commonTypes.map(type => <option key={type} value={type} />)}</datalist>
                </div>
                <ExpiryField editor={editor} draft={draft} />
            </div>
            <ValueField editor={editor} draft={draft} />
            {base !== undefined && draft.mode === "text" && mixesLineEnds(base.bytes) && <p class="muted">The lines of this value end in different ways. As text, all are saved with a line feed; as hex, each stays as it is.</p>}
            <p class={error?.isFatal ? "error" : "muted"} id="value-error" role="status">
                {error === undefined ? (draft.mode === "text" && isJsonType(draft.contentType) ? "This is JSON." : "") : <>{error.isFatal ? "" : "This is not JSON. "}<a href="#value" class="error-place" onClick={event => { event.preventDefault(); showPlace(error.offset); }}>Line {error.line}, column {error.column}</a>: {error.message}</>}
            </p>
            <div class="bar">
                <button type="submit" class="primary" disabled={editor.isSaving.value || isTooLarge || error?.isFatal === true || (base !== undefined && !editor.isDirty.value)}>
                    {editor.isSaving.value ? "Saving…" : base === undefined ? "Create" : "Save"}
                </button>
                <button type="button" onClick={() => editor.discard()}>Discard</button>
                {draft.mode === "text" && isJsonType(draft.contentType) && (
                    <>
                        <button type="button" disabled={error !== undefined} onClick={() => editor.change({ text: formatJson(draft.text, 2)! })}>Format</button>
                        <button type="button" disabled={error !== undefined} onClick={() => editor.change({ text: formatJson(draft.text, 0)! })}>On one line</button>
                    </>
                )}
                <ModeButtons editor={editor} draft={draft} bytes={bytes} />
                <span class={isTooLarge ? "error" : "muted"}>{bytes === undefined ? "" : `${formatBytes(bytes.length)}${limit === Infinity ? "" : ` of at most ${formatBytes(limit)}`}`}</span>
            </div>
        </form>
    );
}

function ValueField({ editor, draft }: { readonly editor: Editor; readonly draft: Draft }) {
    if (draft.mode === "file")
        return <p>The value is from a file of {formatBytes(draft.file!.length)}.</p>;
    return (
        <>
            <label for="value">{draft.mode === "hex" ? "Value in hexadecimal digits" : "Value"}</label>
            <textarea id="value" class="value-field" spellcheck={false} rows={16} value={draft.text} aria-describedby="value-error" aria-invalid={findError(draft) !== undefined} onInput={event => editor.change({ text: event.currentTarget.value })} />
        </>
    );
}

function ModeButtons({ editor, draft, bytes }: { readonly editor: Editor; readonly draft: Draft; readonly bytes: Uint8Array | undefined }) {
    const file = useRef<HTMLInputElement>(null);
    const text = bytes && textOf(bytes);
    const take = async (): Promise<void> => {
        const chosen = file.current!.files?.[0];
        if (chosen === undefined)
            return;
        const limit = session.access.peek()?.value_bytes_max ?? Infinity;
        if (chosen.size > limit) {
            session.report(new Error(`${chosen.name} has ${formatBytes(chosen.size)}, and a value at most ${formatBytes(limit)}.`));
            return;
        }

        editor.change({ mode: "file", text: "", file: new Uint8Array(await chosen.arrayBuffer()), contentType: chosen.type || draft.contentType });
    };
    return (
        <>
            {draft.mode !== "hex" && bytes !== undefined && bytes.length <= hexBytesMax && <button type="button" onClick={() => editor.change({ mode: "hex", text: toHexText(bytes), file: undefined })}>As hex</button>}
            {draft.mode !== "text" && text !== undefined && <button type="button" onClick={() => editor.change({ mode: "text", text: text.replaceAll("\r\n", "\n"), file: undefined, lineEnd: text.includes("\r\n") ? "\r\n" : "\n" })}>As text</button>}
            <button type="button" onClick={() => file.current!.click()}>From a file…</button>
            <input ref={file} type="file" hidden aria-label="A file with the value" onChange={() => void take()} />
        </>
    );
}

// Three characters a byte in a text field: more than this makes typing slow.
const hexBytesMax = 256 * 1024;

function ExpiryField({ editor, draft }: { readonly editor: Editor; readonly draft: Draft }) {
    const typed = useSignal(typeof draft.expiry === "number" ? String(draft.expiry) : "1h");
    const seconds = parseSpan(typed.value);
    const hasExpiry = editor.base.value?.expiresAt !== undefined;
    return (
        <div>
            <label for="draft-expiry">Expiry</label>
            <select
                id="draft-expiry" value={typeof draft.expiry === "number" ? "in" : draft.expiry}
                onChange={event => editor.change({ expiry: event.currentTarget.value === "in" ? seconds ?? 3600 : event.currentTarget.value as "keep" | "none" })}
            >
                <option value="keep">{hasExpiry ? "as it is" : "does not expire"}</option>
                {hasExpiry && <option value="none">does not expire</option>}
                <option value="in">expires in…</option>
            </select>
            {typeof draft.expiry === "number" && (
                <input
                    class="short" aria-label="Expires in" value={typed.value} aria-invalid={seconds === undefined}
                    onInput={event => {
                        typed.value = event.currentTarget.value;
                        const next = parseSpan(typed.value);
                        if (next !== undefined && next > 0)
                            editor.change({ expiry: next });
                    }}
                />
            )}
        </div>
    );
}

/** Puts the caret where an error is. */
function showPlace(offset: number): void {
    const field = document.getElementById("value") as HTMLTextAreaElement | null;
    field?.focus();
    field?.setSelectionRange(offset, offset + 1);
}
