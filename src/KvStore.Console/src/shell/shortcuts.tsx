import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "./dialogs.js";

/** Keys that do something on a page. */
export interface Shortcut {
    /** One key, or several after each other with spaces between them: `n`, `g b`, `mod+s` (Control, or Command on a Mac). */
    readonly keys: string;
    readonly label: string;
    readonly run: () => void;
}

const SequenceMs = 1_500;
const isMac = /mac/i.test(navigator.platform);
const registered = signal<readonly Shortcut[]>([]);
let typed = "";
let typedAt = 0;

/** Makes keys work while a component is there. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
    useEffect(() => {
        registered.value = [...registered.peek(), ...shortcuts];
        return () => {
            registered.value = registered.peek().filter((shortcut) => !shortcuts.includes(shortcut));
        };
    }, [shortcuts]);
}

/** Lists what keys work at present. */
export async function showShortcuts(): Promise<void> {
    const rows = [...registered.peek(), { keys: "?", label: "This list" }];
    await ask({
        title: "Keys",
        body: (
            <table class="keys">
                <tbody>{rows.map(({ keys, label }) => <tr key={keys}><th scope="row">{nameOf(keys)}</th><td>{label}</td></tr>)}</tbody>
            </table>
        ),
        choices: [{ id: "close", label: "Close" }],
    });
}

function nameOf(keys: string) {
    return keys.split(" ").map((key, index) => <kbd key={index}>{key.replace("mod", isMac ? "⌘" : "Ctrl")}</kbd>);
}

window.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.key === "Shift" || event.key === "Control" || event.key === "Meta" || document.querySelector("dialog[open]") !== null)
        return;
    const isMod = isMac ? event.metaKey : event.ctrlKey;

    // What is typed into a field is text, except with a modifier.
    if (!isMod && isField(event.target))
        return;
    const key = isMod ? `mod+${event.key.toLowerCase()}` : event.key;
    typed = event.timeStamp - typedAt < SequenceMs && typed !== "" ? `${typed} ${key}` : key;
    typedAt = event.timeStamp;
    if (key === "?") {
        event.preventDefault();
        typed = "";
        void showShortcuts();
        return;
    }

    const found = find(typed) ?? find(key);
    if (found !== undefined) {
        event.preventDefault();
        typed = "";
        found.run();
    } else if (!registered.peek().some((shortcut) => shortcut.keys.startsWith(`${typed} `))) {
        typed = registered.peek().some((shortcut) => shortcut.keys.startsWith(`${key} `)) ? key : "";
    }
});

// The latest has precedence: it is of what is on top.
function find(keys: string): Shortcut | undefined {
    return registered.peek().findLast((shortcut) => shortcut.keys === keys);
}

function isField(target: EventTarget | null): boolean {
    return target instanceof HTMLElement && (target.isContentEditable || (target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type)) || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement);
}
