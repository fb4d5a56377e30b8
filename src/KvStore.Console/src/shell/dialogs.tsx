import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

/** A button of a dialog. */
export interface Choice {
    readonly id: string;
    readonly label: string;
    readonly kind?: "primary" | "danger";
}

export interface Question {
    readonly title: string;
    readonly body: ComponentChildren;
    readonly choices: readonly Choice[];
}

interface OpenQuestion extends Question {
    readonly id: number;
    readonly answer: (choice: string | undefined) => void;
}

const open = signal<readonly OpenQuestion[]>([]);
let lastId = 0;

/** Asks a question, and gives the id of the choice; undefined if it was closed without one, as by Escape. The rest of the page waits. */
export function ask(question: Question): Promise<string | undefined> {
    return new Promise((resolve) => {
        const id = ++lastId;
        const answer = (choice: string | undefined): void => {
            open.value = open.value.filter((other) => other.id !== id);
            resolve(choice);
        };
        open.value = [...open.value, { ...question, id, answer }];
    });
}

export function Dialogs() {
    return <>{open.value.map((question) => <QuestionDialog key={question.id} question={question} />)}</>;
}

// The dialog of the browser keeps the focus in it, makes the rest inert, closes by Escape, and gives the focus back.
function QuestionDialog({ question }: { readonly question: OpenQuestion }) {
    const dialog = useRef<HTMLDialogElement>(null);
    const title = useId();
    useEffect(() => {
        const element = dialog.current!;
        element.showModal();
        return () => element.close();
    }, []);
    return (
        <dialog ref={dialog} aria-labelledby={title} onCancel={(event) => { event.preventDefault(); question.answer(undefined); }}>
            <h2 id={title}>{question.title}</h2>
            <div class="dialog-body">{question.body}</div>
            <div class="dialog-choices">
                {question.choices.map((choice) => (
                    <button key={choice.id} type="button" class={choice.kind ?? ""} onClick={() => question.answer(choice.id)}>{choice.label}</button>
                ))}
            </div>
        </dialog>
    );
}
