import type { documents } from "kvstore-client";
import { between, histogramOf, parseMetrics, percentile, sumOf, type Histogram, type Measurement } from "./prometheus.js";

/** What the service answered at one moment. */
export interface Moment {
    readonly at: number;
    readonly status: documents.StatusAnswer;
    readonly reads: number;
    readonly writes: number;
    readonly refused: number;
    readonly failed: number;
    readonly latency: Histogram;
    readonly batches: Histogram;
    readonly batchedOperations: number;
    readonly flushes: Histogram;
}

/** What is drawn of the time between two moments; undefined where nothing is known. */
export interface Sample {
    readonly at: number;
    readonly status: documents.StatusAnswer;
    readonly reads: number | undefined;
    readonly writes: number | undefined;
    readonly refused: number | undefined;
    readonly failed: number | undefined;
    readonly latency50: number | undefined;
    readonly latency95: number | undefined;
    readonly latency99: number | undefined;
    readonly batch: number | undefined;
    readonly flush50: number | undefined;
    readonly flush99: number | undefined;
}

const durations = "http_server_request_duration_seconds";

// What the console itself asks for each sample would be all that an idle service seems to do.
const isOwn = (route: string | undefined): boolean => route === "/metrics" || route === "/v1/status" || route?.startsWith("/ui") === true;
const ownOperations = ["getMetrics", "getStatus", "other"];
const isRead = (labels: Measurement["labels"]): boolean => ["GET", "HEAD"].includes(labels["http_request_method"]!) || labels["http_route"] === "/v1/batch/get";

export function momentOf(status: documents.StatusAnswer, metrics: string, at: number): Moment {
    const all = parseMetrics(metrics);
    const requests = (passes: (labels: Measurement["labels"]) => boolean): number => sumOf(all, `${durations}_count`, (labels) => !isOwn(labels["http_route"]) && passes(labels));
    const answers = (first: string): number => sumOf(all, "kvstore_http_requests_total", (labels) => labels["status"]!.startsWith(first) && !ownOperations.includes(labels["operation"]!));
    return {
        at, status,
        reads: requests(isRead),
        writes: requests((labels) => !isRead(labels)),
        refused: answers("4"),
        failed: answers("5"),
        latency: histogramOf(all, durations, (labels) => !isOwn(labels["http_route"])),
        batches: histogramOf(all, "kvstore_batch_operations"),
        batchedOperations: sumOf(all, "kvstore_batch_operations_sum"),
        flushes: histogramOf(all, "kvstore_log_flush_duration_seconds"),
    };
}

export function sampleOf(before: Moment, after: Moment): Sample {
    const seconds = (after.at - before.at) / 1000;
    const isSameProcess = before.status.started_at === after.status.started_at;
    const rate = (from: number, to: number): number | undefined => isSameProcess && seconds > 0 ? Math.max(0, to - from) / seconds : undefined;
    const latency = between(before.latency, after.latency);
    const batches = between(before.batches, after.batches);
    const flushes = between(before.flushes, after.flushes);
    return {
        at: after.at, status: after.status,
        reads: rate(before.reads, after.reads),
        writes: rate(before.writes, after.writes),
        refused: rate(before.refused, after.refused),
        failed: rate(before.failed, after.failed),
        latency50: latency && percentile(latency, .5),
        latency95: latency && percentile(latency, .95),
        latency99: latency && percentile(latency, .99),
        batch: batches && isSameProcess ? (after.batchedOperations - before.batchedOperations) / batches.counts.at(-1)! : undefined,
        flush50: flushes && percentile(flushes, .5),
        flush99: flushes && percentile(flushes, .99),
    };
}
