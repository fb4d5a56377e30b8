import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { session } from "../session/session.js";
import { Chart } from "../shell/chart.js";
import { formatBytes, formatDuration, formatNumber, formatShort } from "../shell/format.js";
import { NeedsAdmin } from "../shell/needsAdmin.js";
import type { Page } from "../shell/page.js";
import { usePolled } from "../shell/polling.js";
import { Connections } from "./connections.js";
import { LogTable } from "./logTable.js";
import { MemoryTable } from "./memoryTable.js";
import { momentOf, sampleOf, type Moment, type Sample } from "./samples.js";
import { Tiles } from "./tiles.js";

export const statusPages: readonly Page[] = [{ page: "status", title: "Status", component: StatusPage, nav: true, keys: "g s" }];

// Every request that needs the right to administer is a line in the log of the service, and a sample takes two.
const PeriodMs = 2_000;

// From one minute on the lines become denser, up to five minutes.
const SamplesMin = 30;
const SamplesMax = 150;

function StatusPage() {
    return <NeedsAdmin title="Status"><LiveStatus /></NeedsAdmin>;
}

function LiveStatus() {
    const before = useRef<Moment | undefined>(undefined);
    const samples = useSignal<readonly Sample[]>([]);
    usePolled(async (signal) => {
        const { management } = session.poller;
        const [status, metrics] = await Promise.all([management.status({ signal }), management.metrics({ signal })]);
        const moment = momentOf(status, metrics, performance.now());
        samples.value = [...samples.peek(), sampleOf(before.current ?? moment, moment)].slice(-SamplesMax);
        before.current = moment;
    }, PeriodMs);
    const latest = samples.value.at(-1);
    if (latest === undefined)
        return <p class="empty">Asking the service …</p>;
    const { status } = latest;
    return (
        <>
            <Tiles status={status} />
            <div class="charts"><Charts samples={samples.value} /></div>
            <div class="panels">
                <MemoryTable memory={status.memory} />
                <Connections status={status} />
                {status.log && <LogTable log={status.log} />}
            </div>
        </>
    );
}

function Charts({ samples }: { readonly samples: readonly Sample[] }) {
    const length = Math.max(SamplesMin, samples.length);
    const series = (label: string, value: (sample: Sample) => number | undefined) => ({ label, values: samples.map(value) });
    return (
        <>
            <Chart title="Requests per second" help="Without those of this page" length={length} format={formatShort} series={[
                series("reads", (sample) => sample.reads), series("writes", (sample) => sample.writes),
                series("refused (4xx)", (sample) => sample.refused), series("failed (5xx)", (sample) => sample.failed),
            ]} />
            <Chart title="Latency" help="How long requests took in the service, without those whose client chose to wait" length={length} format={formatDuration} series={[
                series("50 %", (sample) => sample.latency50), series("95 %", (sample) => sample.latency95), series("99 %", (sample) => sample.latency99),
            ]} />
            <Chart title="Queue" help="Writes that wait to be committed" length={length} format={formatNumber} series={[series("writes", (sample) => sample.status.queue.operations)]} />
            <Chart title="Batch size" help="Writes that are committed and flushed at once" length={length} format={formatShort} series={[series("mean", (sample) => sample.batch)]} />
            <Chart title="Flush time" help="How long the disk took for a flush of the log" length={length} format={formatDuration} series={[
                series("50 %", (sample) => sample.flush50), series("99 %", (sample) => sample.flush99),
            ]} />
            <Chart title="Heap" help="With garbage that is not collected yet" length={length} format={formatBytes} isBytes series={[series("bytes", (sample) => sample.status.memory.heap_bytes)]} />
            <Chart title="Watchers" help="Clients that watch or wait for a change" length={length} format={formatNumber} series={[series("watchers", (sample) => sample.status.watchers)]} />
            <Chart title="Entries" help="Keys that have a value" length={length} format={formatNumber} series={[series("entries", (sample) => sample.status.keys)]} />
        </>
    );
}
