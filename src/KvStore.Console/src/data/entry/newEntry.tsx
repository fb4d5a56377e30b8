import { useSignal } from "@preact/signals";
import { session } from "../../session/session.js";
import { goTo, placeHref } from "../place.js";
import { newEntries } from "./newEntries.js";

/** The key of an entry that is to be made. The value is written on the page of the key, so that one that exists already is seen. */
export function NewEntry({ prefix }: { readonly prefix: string }) {
    const name = useSignal(prefix);
    const bytes = new TextEncoder().encode(name.value).length;
    const limit = session.access.value?.key_bytes_max ?? Infinity;
    const problem = problemOf(name.value, bytes, limit);
    const create = (): void => {
        newEntries.add(name.peek());
        goTo({ key: name.peek(), show: "entry" }, { replace: true });
    };
    return (
        <article class="entry">
            <div class="bar">
                <h2>New entry</h2>
                <a class="button close" href={placeHref({ key: undefined, show: "entry" })} aria-label="Close the new entry">×</a>
            </div>
            <form
                onSubmit={event => {
                    event.preventDefault();
                    if (problem === undefined)
                        create();
                }}
            >
                <label for="new-key">Key</label>
                <input id="new-key" class="full mono" value={name.value} autocomplete="off" spellcheck={false} autofocus onInput={event => (name.value = event.currentTarget.value)} aria-invalid={problem !== undefined} aria-describedby="new-key-help" />
                <p id="new-key-help" class="muted" role="status">{problem ?? `${bytes} of at most ${limit} bytes`}</p>
                <button type="submit" class="primary" disabled={problem !== undefined}>Write its value</button>
            </form>
        </article>
    );
}

/** Why a text can be no key of this user. */
function problemOf(name: string, bytes: number, limit: number): string | undefined {
    const prefixes = session.prefixes.value;
    if (name === "")
        return "A key has at least one byte.";
    if (bytes > limit)
        return `A key has at most ${limit} bytes; this one has ${bytes}.`;
    if (/[\u0000-\u001f\u007f-\u009f]/.test(name))
        return "A key has no control characters.";
    if (name.split("/").some(part => part === "." || part === ".."))
        return "No part of a key between slashes is . or .., because clients and proxies rewrite those.";
    if (prefixes !== undefined && !prefixes.some(prefix => name.startsWith(prefix)))
        return `Your key is for keys that begin with ${prefixes.join(" or ")}.`;
    return undefined;
}
