import type { Sender } from "../http/sender.js";
import type { Checkpoint, ClusterAnswer, JoinAnswer, Region, Regions, StatusAnswer } from "./documents.js";
import { callOf, pathOf, type CallOptions } from "./options.js";
import { jsonIn } from "./writes.js";

/** What operators ask: health, status, replicas, regions, metrics. Members have the names that the service gives them. */
export class ManagementCalls {
    readonly #sender: Sender;

    /** @internal */
    constructor(sender: Sender) {
        this.#sender = sender;
    }

    /** Whether the process responds. Throws if it does not. */
    async isAlive(options: CallOptions = {}): Promise<boolean> {
        return (await this.#json<{ status: string }>("/livez", options)).status === "alive";
    }

    /** Waits, with the retries of a call, until reads and writes are served. Throws an `unavailable` if they are not. */
    async waitUntilReady(options: CallOptions = {}): Promise<void> {
        await this.#json("/readyz", options);
    }

    async status(options: CallOptions = {}): Promise<StatusAnswer> {
        return await this.#json("/v1/status", options);
    }

    /** The replicas of the store, and the members of etcd behind them. */
    async cluster(options: CallOptions = {}): Promise<ClusterAnswer> {
        return await this.#json("/v1/cluster", options);
    }

    /** What a process needs that joins the cluster. */
    async join(options: CallOptions = {}): Promise<JoinAnswer> {
        return await this.#json("/v1/cluster/join", options);
    }

    /** Removes a replica that has failed from the list. */
    async removeReplica(id: string, options: CallOptions = {}): Promise<void> {
        await this.#sender.send({ method: "DELETE", target: `/v1/cluster/replicas/${pathOf(id)}`, accepts: "", idempotencyKey: "none", ...callOf(options) });
    }

    /** The stores that mergeable values are exchanged with. */
    async regions(options: CallOptions = {}): Promise<readonly Region[]> {
        return (await this.#json<Regions>("/v1/regions", options)).regions;
    }

    /** Waits for a checkpoint of the present state or a later one. Engine `disk` only. */
    async checkpoint(options: CallOptions = {}): Promise<Checkpoint> {
        return jsonIn(await this.#sender.send({ method: "POST", target: "/v1/admin/checkpoint", accepts: json, idempotencyKey: "none", ...callOf(options) }));
    }

    /** The metrics in the text format of Prometheus. */
    async metrics(options: CallOptions = {}): Promise<string> {
        return new TextDecoder().decode((await this.#sender.send({ method: "GET", target: "/metrics", accepts: "text/plain", ...callOf(options) })).bytes);
    }

    async #json<T>(target: string, options: CallOptions): Promise<T> {
        return jsonIn(await this.#sender.send({ method: "GET", target, accepts: json, ...callOf(options) }));
    }
}

const json = "application/json";
