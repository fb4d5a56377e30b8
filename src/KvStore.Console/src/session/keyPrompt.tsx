import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { session } from "./session.js";

/** Asks for the key of access, in place of a page. */
export function KeyPrompt() {
    const input = useRef<HTMLInputElement>(null);
    const isBusy = useSignal(false);
    useEffect(() => input.current?.focus(), []);

    const use = async (event: Event): Promise<void> => {
        event.preventDefault();
        const key = input.current!.value.trim();
        if (key === "")
            return;
        isBusy.value = true;
        await session.unlock(key);
        isBusy.value = false;
    };
    return (
        <form class="key-prompt card" onSubmit={(event) => void use(event)}>
            <h1>Key of access</h1>
            <p id="key-help">This service has keys. What the console shows and changes is what yours may do. It stays in this tab, and nowhere else.</p>
            <label for="key">Key, or token</label>
            <input ref={input} id="key" type="password" autocomplete="off" spellcheck={false} required aria-describedby="key-help key-error" aria-invalid={session.rejection.value !== undefined} />
            <p id="key-error" class="error" role="alert">{session.rejection.value}</p>
            <button type="submit" class="primary" disabled={isBusy.value}>Use it</button>
        </form>
    );
}
