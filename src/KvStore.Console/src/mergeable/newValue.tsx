import type { CrdtType } from "kvstore-client";
import { useRef } from "preact/hooks";
import { session } from "../session/session.js";
import { navigate } from "../shell/router.js";
import { toast } from "../shell/toasts.js";

const types: readonly (readonly [CrdtType, string])[] = [
    ["pn-counter", "Counter, up and down"], ["g-counter", "Counter, up only"], ["or-set", "Set"], ["g-set", "Set that only grows"], ["text", "Text"],
];

/** Makes an empty mergeable value. */
export function NewValue({ prefix }: { readonly prefix: string }) {
    const key = useRef<HTMLInputElement>(null);
    const type = useRef<HTMLSelectElement>(null);
    const make = async (event: Event): Promise<void> => {
        event.preventDefault();
        const name = key.current!.value;
        try {
            await makeEmpty(name, type.current!.value as CrdtType);
            toast(`${name} is there, empty.`);
            navigate("mergeable", { prefix, key: name });
        } catch (error) {
            session.report(error);
        }
    };
    return (
        <details>
            <summary>Make a new one</summary>
            <form onSubmit={(event) => void make(event)}>
                <label for="mergeable-key">Key</label>
                <input ref={key} id="mergeable-key" class="mono" defaultValue={prefix} required spellcheck={false} autocomplete="off" />
                <label for="mergeable-type">Type</label>
                <select ref={type} id="mergeable-type">{types.map(([id, name]) => <option key={id} value={id}>{name}</option>)}</select>
                <p><button type="submit">Make it</button></p>
            </form>
        </details>
    );
}

async function makeEmpty(key: string, type: CrdtType): Promise<void> {
    const { mergeable } = session.client.value;

    if (type === "pn-counter" || type === "g-counter")
        await mergeable.increment(key, 0, { type });
    else if (type === "or-set" || type === "g-set")
        await mergeable.change(key, { add: [] }, { type });
    else
        await mergeable.edit(key, [], { type });
}
