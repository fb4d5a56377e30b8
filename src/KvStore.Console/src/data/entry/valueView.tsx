import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { formatBytes } from "../../shell/format.js";
import { toast } from "../../shell/toasts.js";
import { download, fileName } from "../transfer/files.js";
import { HexView } from "../values/hexView.js";
import { formatJson, tokensOf } from "../values/json.js";
import { isJsonType, textOf, viewsOf, type View } from "../values/kinds.js";
import type { Version } from "./draft.js";

const names: Record<View, string> = { json: "JSON", text: "Text", hex: "Hex", image: "Image" };

// Colours are one element for each token: beyond this they make the page slow.
const colouredCharactersMax = 100_000;

/** A value, in the ways in which it can be shown. */
export function ValueView({ name, version }: { readonly name: string; readonly version: Pick<Version, "bytes" | "contentType"> }) {
    const views = useMemo(() => viewsOf(version.contentType, version.bytes), [version]);
    const chosen = useSignal<View | undefined>(undefined);
    const view = chosen.value !== undefined && views.includes(chosen.value) ? chosen.value : views[0]!;
    const text = useMemo(() => textOf(version.bytes), [version]);
    const copy = async (): Promise<void> => {
        try {
            await navigator.clipboard.writeText(text!);
            toast("Copied the value.");
        } catch {
            toast("The browser does not let this page copy.", { kind: "error" });
        }
    };
    return (
        <div class="value">
            <div class="bar">
                <div class="views" role="group" aria-label="Show the value as">
                    {views.map(each => <button key={each} type="button" aria-pressed={each === view} onClick={() => (chosen.value = each)}>{names[each]}</button>)}
                </div>
                {text !== undefined && isSecureContext && <button type="button" onClick={() => void copy()}>Copy</button>}
                <button type="button" onClick={() => download(new Blob([version.bytes as Uint8Array<ArrayBuffer>]), fileName(name, ""))}>Download</button>
            </div>
            {version.bytes.length === 0 ? <p class="muted">The value is empty.</p> : view === "image" ? <ImageView version={version} /> : view === "hex" ? <HexView bytes={version.bytes} />
                : view === "json" ? <JsonView text={text!} /> : <pre class="text" tabIndex={0} aria-label="Value as text">{text}</pre>}
            {isJsonType(version.contentType) && !views.includes("json") && <p class="muted">The media type says JSON, but the value is none.</p>}
        </div>
    );
}

function JsonView({ text }: { readonly text: string }) {
    const formatted = useMemo(() => formatJson(text, 2), [text]);
    const isColoured = formatted !== undefined && formatted.length <= colouredCharactersMax;
    return (
        <>
            {formatted === undefined && <p class="muted">The media type says JSON, but the value is none. It is shown as it is.</p>}
            <pre class="text json" tabIndex={0} aria-label="Value as JSON">{isColoured ? <Coloured text={formatted} /> : formatted ?? text}</pre>
        </>
    );
}

function Coloured({ text }: { readonly text: string }) {
    const parts: preact.ComponentChild[] = [];
    let at = 0;
    for (const { kind, start, end } of tokensOf(text) ?? []) {
        if (kind === "mark")
            continue;
        parts.push(text.slice(at, start), <span key={start} class={`token-${kind}`}>{text.slice(start, end)}</span>);
        at = end;
    }

    return <>{parts}{text.slice(at)}</>;
}

function ImageView({ version }: { readonly version: Pick<Version, "bytes" | "contentType"> }) {
    const url = useSignal<string | undefined>(undefined);
    const isBroken = useSignal(false);
    const size = useSignal("");
    useEffect(() => {
        isBroken.value = false;
        const made = URL.createObjectURL(new Blob([version.bytes as Uint8Array<ArrayBuffer>], { type: version.contentType }));
        url.value = made;
        return () => URL.revokeObjectURL(made);
    }, [version]);
    if (isBroken.value)
        return <p class="error">The browser cannot show this image. Its bytes are under Hex.</p>;
    return (
        <figure>
            {url.value && <img src={url.value} alt="The value as an image" onError={() => (isBroken.value = true)} onLoad={event => (size.value = `${event.currentTarget.naturalWidth} × ${event.currentTarget.naturalHeight} pixels, `)} />}
            <figcaption class="muted">{size.value}{formatBytes(version.bytes.length)}</figcaption>
        </figure>
    );
}
