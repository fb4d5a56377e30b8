import { useRef } from "preact/hooks";
import { session } from "../session/session.js";
import { formatNumber } from "../shell/format.js";
import { change } from "./change.js";

// As many as a page shows without becoming slow; the number of all is said.
const ShownMax = 1000;

/** A set. */
export function SetForm({ name, elements, canChange }: { readonly name: string; readonly elements: readonly string[]; readonly canChange: boolean }) {
    const input = useRef<HTMLInputElement>(null);
    const add = async (event: Event): Promise<void> => {
        event.preventDefault();
        if (await change(() => session.client.value.mergeable.change(name, { add: [input.current!.value] })))
            input.current!.value = "";
    };
    return (
        <>
            <p class="muted">{formatNumber(elements.length)} {elements.length === 1 ? "element" : "elements"}{elements.length > ShownMax && `, of which the first ${formatNumber(ShownMax)} are shown`}</p>
            <ul class="elements" aria-label="Elements">
                {elements.slice(0, ShownMax).map((element) => (
                    <li key={element}>
                        <span class="mono">{element}</span>
                        {canChange && (
                            <button type="button" class="plain" aria-label={`Remove ${element}`}
                                onClick={() => void change(() => session.client.value.mergeable.change(name, { remove: [element] }))}>×</button>
                        )}
                    </li>
                ))}
            </ul>
            {canChange && (
                <form class="row" onSubmit={(event) => void add(event)}>
                    <div class="grow">
                        <label for="set-element">New element</label>
                        <input ref={input} id="set-element" class="mono" autocomplete="off" spellcheck={false} />
                    </div>
                    <button type="submit">Add</button>
                </form>
            )}
        </>
    );
}
