import { useSignal } from "@preact/signals";
import { KvImportError, type ImportReport } from "kvstore-client";
import { session } from "../../session/session.js";
import { announce } from "../../shell/announce.js";
import { formatBytes, formatNumber } from "../../shell/format.js";
import { route } from "../../shell/router.js";
import { counted } from "../values/figures.js";
import { canStream, chooseTarget, fileName, heldBytesMax } from "./files.js";
import { exportTo, importFile, lastReport, running, type Progress } from "./transfer.js";

/** Many entries at once, from and to files. A transfer continues while other pages are shown. */
export function TransferPage() {
    return (
        <>
            <h1>Export and import</h1>
            <div class="columns">
                <ExportForm />
                {session.canWrite.value && <ImportForm />}
            </div>
            <RunningView />
            <LastView />
        </>
    );
}

function ExportForm() {
    const prefix = useSignal(route.value.query.get("prefix") ?? session.prefixes.value?.[0] ?? "");
    const begin = async (): Promise<void> => {
        try {
            const target = await chooseTarget(fileName(prefix.peek(), ".ndjson"));
            if (target === undefined)
                return;
            const abort = start("export", prefix.peek() === "" ? "all keys" : prefix.peek());
            const done = await finish(abort, () => exportTo(session.client.peek(), target, prefix.peek(), progressOf(abort), abort.signal));
            if (done !== undefined)
                end(`Exported ${counted(done.entries, "entry", "entries")}, ${formatBytes(done.bytes)}.`);
        } catch (error) {
            session.report(error);
        }
    };
    return (
        <form class="card" onSubmit={event => { event.preventDefault(); void begin(); }}>
            <h2>Export</h2>
            <label for="export-prefix">Prefix</label>
            <input id="export-prefix" class="full mono" value={prefix.value} spellcheck={false} autocomplete="off" onInput={event => (prefix.value = event.currentTarget.value)} aria-describedby="export-help" />
            <p id="export-help" class="muted">
                Every entry whose key begins with it, of one state of the store, one line of JSON each. {prefix.value === "" ? "Without a prefix: every entry. " : ""}
                {canStream() ? "The file is written as it arrives." : `This browser holds the file until it is whole, so it can have at most ${formatBytes(heldBytesMax)}.`}
            </p>
            <button type="submit" class="primary" disabled={running.value !== undefined}>Export</button>
        </form>
    );
}

function ImportForm() {
    const file = useSignal<File | undefined>(undefined);
    const isOver = useSignal(false);
    const begin = async (): Promise<void> => {
        const source = file.peek()!;
        const abort = start("import", source.name);
        const report = await finish(abort, () => importFile(session.client.peek(), source, (progress, report) => progressOf(abort)(progress, report), abort.signal));
        if (report !== undefined)
            end(`Imported ${counted(report.imported, "entry", "entries")} from ${source.name}.`, report, report.failed > 0);
    };
    return (
        <form
            class={`card ${isOver.value ? "drop" : ""}`} onSubmit={event => { event.preventDefault(); void begin(); }}
            onDragOver={event => { event.preventDefault(); isOver.value = true; }} onDragLeave={() => (isOver.value = false)}
            onDrop={event => { event.preventDefault(); isOver.value = false; file.value = event.dataTransfer?.files[0]; }}
        >
            <h2>Import</h2>
            <label for="import-file">File with lines of JSON</label>
            <input id="import-file" type="file" accept=".ndjson,.jsonl,.json,.txt" onChange={event => (file.value = event.currentTarget.files?.[0])} aria-describedby="import-help" />
            <p id="import-help" class="muted">
                As an export has them; the file can have any size, and can also be dropped here. {file.value && `Chosen: ${file.value.name}, ${formatBytes(file.value.size)}. `}
                Entries of the same keys are replaced, others stay. An import is not a transaction: entries are visible as they are stored.
            </p>
            <button type="submit" class="primary" disabled={file.value === undefined || running.value !== undefined}>Import</button>
        </form>
    );
}

function start(what: "export" | "import", name: string): AbortController {
    const abort = new AbortController();
    lastReport.value = undefined;
    running.value = { what, name, progress: { bytes: 0, entries: 0, part: undefined }, abort };
    return abort;
}

const progressOf = (abort: AbortController) => (progress: Progress, _?: ImportReport): void => {
    if (running.peek()?.abort === abort)
        running.value = { ...running.peek()!, progress };
};

/** Runs a transfer to its end, and says how it ended if it did so early. */
async function finish<T>(abort: AbortController, transfer: () => Promise<T>): Promise<T | undefined> {
    const what = running.peek()!.what;
    try {
        return await transfer();
    } catch (error) {
        const report = error instanceof KvImportError ? error.report : undefined;
        const stored = what === "export" ? "No file was made." : `${formatNumber((report ?? { imported: running.peek()?.progress.entries ?? 0 }).imported)} entries or more were stored; to import the whole file again is safe.`;
        end(abort.signal.aborted ? `The ${what} was cancelled. ${stored}` : `The ${what} ended early: ${(error as Error).message} ${stored}`, report, !abort.signal.aborted);
        return undefined;
    } finally {
        running.value = undefined;
    }
}

function end(text: string, report?: ImportReport, isError = false): void {
    lastReport.value = { text, isError, ...(report && { report }) };
    announce(text);
}

function RunningView() {
    const now = running.value;
    if (now === undefined)
        return null;
    const { part, bytes, entries } = now.progress;
    return (
        <section class="card transfer" aria-label="In progress">
            <p>{now.what === "export" ? "Exporting" : "Importing"} <code>{now.name}</code>: {counted(entries, "entry", "entries")}, {formatBytes(bytes)}</p>
            <progress aria-label="Progress" max={1} {...(part === undefined ? {} : { value: part })} />
            <button type="button" onClick={() => now.abort.abort()}>Cancel</button>
        </section>
    );
}

function LastView() {
    const last = lastReport.value;
    if (last === undefined)
        return null;
    const { report } = last;
    return (
        <section class="card transfer" aria-label="The last transfer">
            <p class={last.isError ? "error" : ""} id="transfer-result">{last.text}</p>
            {report !== undefined && (report.failed > 0 || report.expired > 0) && (
                <p>{report.failed > 0 && `${counted(report.failed, "line", "lines")} could not be stored. `}{report.expired > 0 && `${counted(report.expired, "entry", "entries")} had expired.`}</p>
            )}
            {report !== undefined && report.errors.length > 0 && (
                <table>
                    <thead><tr><th scope="col">Line</th><th scope="col">Why</th></tr></thead>
                    <tbody>{report.errors.map(({ line, detail }) => <tr key={line}><td>{formatNumber(line)}</td><td>{detail}</td></tr>)}</tbody>
                </table>
            )}
            {report !== undefined && report.failed > report.errors.length && <p class="muted">The first {report.errors.length} are listed.</p>}
        </section>
    );
}
