import { signal } from "@preact/signals";
import { KvStoreError, type FailedGuard } from "kvstore-client";
import { session } from "../../session/session.js";
import { announce } from "../../shell/announce.js";
import { ValueView } from "../entry/valueView.js";
import { counted } from "../values/figures.js";
import { describe, guardKinds, guardProblem, newGuard, newOperation, operationKinds, operationProblem, toTransaction, type GuardRow, type OperationRow } from "./form.js";

// Of the page, so that what was filled in is still there after a visit elsewhere.
const guards = signal<readonly GuardRow[]>([]);
const operations = signal<readonly OperationRow[]>([newOperation()]);
const failed = signal<readonly FailedGuard[]>([]);
const result = signal<{ readonly text: string; readonly isError: boolean; readonly lines: readonly ReturnType<typeof describe>[] } | undefined>(undefined);
const isBusy = signal(false);

const rowsMax = 100;

/** Several operations at one revision, or none of them. */
export function TransactionPage() {
    const problems = [...guards.value.map(guardProblem), ...operations.value.map(operationProblem)].filter(problem => problem !== undefined);
    return (
        <>
            <h1>Transaction</h1>
            <p>All operations are applied at one revision if every guard passes. Otherwise nothing changes.</p>
            <form
                onSubmit={event => {
                    event.preventDefault();
                    void run();
                }}
            >
                <fieldset class="card">
                    <legend>Guards</legend>
                    {guards.value.map((guard, index) => <GuardFields key={guard.id} guard={guard} index={index} />)}
                    <button type="button" disabled={guards.value.length >= rowsMax} onClick={() => (guards.value = [...guards.value, newGuard()])}>Add a guard</button>
                </fieldset>
                <fieldset class="card">
                    <legend>Operations</legend>
                    {operations.value.map((operation, index) => <OperationFields key={operation.id} operation={operation} index={index} />)}
                    <button type="button" disabled={operations.value.length >= rowsMax} onClick={() => (operations.value = [...operations.value, newOperation()])}>Add an operation</button>
                </fieldset>
                <div class="bar">
                    <button type="submit" class="primary" disabled={isBusy.value || problems.length > 0 || operations.value.length === 0 || (session.isReadOnly.value && changes(operations.value))}>Run the transaction</button>
                    <span class="muted" role="status">{session.isReadOnly.value && changes(operations.value) ? "The console is read-only: a transaction may only read." : problems[0] ?? ""}</span>
                </div>
            </form>
            {result.value && (
                <section class="card transfer" aria-label="Result">
                    <p id="transaction-result" class={result.value.isError ? "error" : ""}>{result.value.text}</p>
                    <ol>{result.value.lines.map(({ text, entry }, index) => <li key={index}>{text}{entry && <ValueView name={entry.key} version={entry} />}</li>)}</ol>
                </section>
            )}
        </>
    );
}

const changes = (rows: readonly OperationRow[]): boolean => rows.some(({ kind }) => kind !== "get");

async function run(): Promise<void> {
    const rows = operations.peek();
    isBusy.value = true;
    failed.value = [];
    try {
        const { revision, results } = await session.client.peek().transact(toTransaction(guards.peek(), rows));
        result.value = { text: `Applied at revision ${revision}.`, isError: false, lines: rows.map((row, index) => describe(row, results[index])) };
    } catch (error) {
        if (!(error instanceof KvStoreError))
            throw error;
        failed.value = error.failedGuards;
        const field = error.problem?.field === undefined ? "" : ` (${error.problem.field})`;
        const text = error.failedGuards.length > 0 ? `Nothing was changed: ${counted(error.failedGuards.length, "guard has", "guards have")} failed.` : `${error.message}${field}`;
        result.value = { text, isError: true, lines: [] };
        if (error.status === 401)
            session.report(error);
    } finally {
        isBusy.value = false;
    }

    announce(result.value?.text ?? "");
}

function GuardFields({ guard, index }: { readonly guard: GuardRow; readonly index: number }) {
    const name = `Guard ${index + 1}`;
    const failure = failed.value.find(({ field }) => field === `guards[${index}]`);
    const change = (part: Partial<GuardRow>): void => {
        failed.value = failed.peek().filter(({ field }) => field !== `guards[${index}]`);
        guards.value = guards.peek().map(each => (each.id === guard.id ? { ...each, ...part } : each));
    };
    return (
        <div class={`fields step ${failure === undefined ? "" : "failed"}`} role="group" aria-label={name}>
            <input class="grow mono" aria-label={`${name}: key`} placeholder="key" value={guard.key} spellcheck={false} onInput={event => change({ key: event.currentTarget.value })} />
            <select aria-label={`${name}: must`} value={guard.must} onChange={event => change({ must: event.currentTarget.value as GuardRow["must"] })}>
                {guardKinds.map(kind => <option key={kind} value={kind}>must {kind}</option>)}
            </select>
            {guard.must === "be at revision" && <input class="short" aria-label={`${name}: revision`} inputMode="numeric" value={guard.revision} onInput={event => change({ revision: event.currentTarget.value })} />}
            <button type="button" class="plain" aria-label={`Remove guard ${index + 1}`} onClick={() => { failed.value = []; guards.value = guards.peek().filter(each => each.id !== guard.id); }}>×</button>
            {failure !== undefined && (
                <p class="error whole">
                    It failed: {failure.revision === null ? "there is no such entry" : `the entry is at revision ${failure.revision}`}.{" "}
                    {failure.revision !== null && guard.must === "be at revision" && <button type="button" onClick={() => change({ revision: String(failure.revision) })}>Use revision {failure.revision}</button>}
                </p>
            )}
        </div>
    );
}

function OperationFields({ operation, index }: { readonly operation: OperationRow; readonly index: number }) {
    const name = `Operation ${index + 1}`;
    const change = (part: Partial<OperationRow>): void => {
        operations.value = operations.peek().map(each => (each.id === operation.id ? { ...each, ...part } : each));
    };
    return (
        <div class="fields step" role="group" aria-label={name}>
            <select aria-label={`${name}: what`} value={operation.kind} onChange={event => change({ kind: event.currentTarget.value as OperationRow["kind"] })}>
                {operationKinds.map(kind => <option key={kind} value={kind}>{kind}</option>)}
            </select>
            <input class="grow mono" aria-label={`${name}: key`} placeholder={operation.kind === "move" ? "from" : "key"} value={operation.key} spellcheck={false} onInput={event => change({ key: event.currentTarget.value })} />
            {operation.kind === "move" && <input class="grow mono" aria-label={`${name}: to`} placeholder="to" value={operation.to} spellcheck={false} onInput={event => change({ to: event.currentTarget.value })} />}
            {operation.kind === "put" && (
                <>
                    <select aria-label={`${name}: form of the value`} value={operation.form} onChange={event => change({ form: event.currentTarget.value as OperationRow["form"] })}>
                        <option value="json">JSON</option>
                        <option value="text">text</option>
                    </select>
                    <input class="short" aria-label={`${name}: expires in`} placeholder="no expiry" value={operation.ttl} onInput={event => change({ ttl: event.currentTarget.value })} />
                </>
            )}
            <button type="button" class="plain" aria-label={`Remove operation ${index + 1}`} onClick={() => (operations.value = operations.peek().filter(each => each.id !== operation.id))}>×</button>
            {operation.kind === "put" && <textarea class="whole value-field" rows={3} aria-label={`${name}: value`} spellcheck={false} value={operation.value} onInput={event => change({ value: event.currentTarget.value })} />}
        </div>
    );
}
