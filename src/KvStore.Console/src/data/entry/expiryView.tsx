import { useSignal } from "@preact/signals";
import { session } from "../../session/session.js";
import { parseSpan } from "../values/figures.js";
import { isMergeable } from "../values/kinds.js";
import { Countdown } from "./countdown.js";
import type { Version } from "./draft.js";
import type { Editor } from "./editor.js";
import { reportWrite } from "./entryPane.js";

/** When an entry expires, and what changes that without its value. */
export function ExpiryView({ editor, version }: { readonly editor: Editor; readonly version: Version }) {
    const isOpen = useSignal(false);
    const typed = useSignal("1h");
    const seconds = parseSpan(typed.value);
    const set = async (expiry: number | "none"): Promise<void> => {
        try {
            await editor.setExpiry(expiry);
            isOpen.value = false;
        } catch (error) {
            reportWrite(error);
        }
    };
    return (
        <div class="expiry">
            <span>{version.expiresAt === undefined ? "Does not expire." : <>Expires in <Countdown to={version.expiresAt} />.</>}</span>{" "}
            {session.canWrite.value && !isMergeable(version.contentType) && <button type="button" aria-expanded={isOpen.value} onClick={() => (isOpen.value = !isOpen.value)}>Change the expiry</button>}
            {isOpen.value && (
                <form
                    class="bar" onSubmit={event => {
                        event.preventDefault();
                        if (seconds !== undefined)
                            void set(seconds);
                    }}
                >
                    <label class="inline" for="expiry">Expires in</label>
                    <input id="expiry" class="short" value={typed.value} onInput={event => (typed.value = event.currentTarget.value)} aria-invalid={seconds === undefined} aria-describedby="expiry-help" />
                    <button type="submit" class="primary" disabled={!(seconds! > 0)}>Set</button>
                    {version.expiresAt !== undefined && <button type="button" onClick={() => void set("none")}>Never expire</button>}
                    <span id="expiry-help" class="muted">such as 90s, 1h30m or 7d</span>
                </form>
            )}
        </div>
    );
}
