import type { documents } from "kvstore-client";
import { session } from "../session/session.js";
import { Facts } from "../shell/facts.js";
import { formatBytes, formatDuration, formatNumber, formatTime } from "../shell/format.js";
import { NeedsAdmin } from "../shell/needsAdmin.js";
import type { Page } from "../shell/page.js";
import { usePolled } from "../shell/polling.js";
import { RemoveReplica } from "./removeReplica.js";

export const clusterPages: readonly Page[] = [{ page: "cluster", title: "Cluster", component: ClusterPage, nav: true, keys: "g c" }];

const PeriodMs = 2_000;

const kinds: Readonly<Record<string, string>> = { ready: "ok", joining: "warn", draining: "warn", unknown: "warn", failed: "danger" };

function ClusterPage() {
    return <NeedsAdmin title="Cluster"><LiveCluster /></NeedsAdmin>;
}

function LiveCluster() {
    const cluster = usePolled(async (signal) => await session.poller.management.cluster({ signal }), PeriodMs).value.value;
    if (cluster === undefined)
        return <p class="empty">Asking the service …</p>;
    return (
        <>
            {cluster.etcd.length === 0 && (
                <p class="card">This service is one node: its engine keeps the entries itself, and there are no other replicas. With the engine <code>etcd</code> any number of replicas share one store, and this page shows them.</p>
            )}
            {cluster.alarms.length > 0 && <p class="card error" role="alert">etcd has raised alarms: {cluster.alarms.join(", ")}.</p>}
            <Replicas replicas={cluster.replicas} />
            {cluster.etcd.length > 0 && <Members members={cluster.etcd} quorum={cluster.quorum} asOf={cluster.as_of} />}
        </>
    );
}

function Replicas({ replicas }: { readonly replicas: readonly documents.Replica[] }) {
    return (
        <section class="card block">
            <h2>Replicas</h2>
            <div class="scroll" tabIndex={0} role="region" aria-label="Replicas">
                <table>
                    <thead><tr><th>Name</th><th>State</th><th class="number">Revision</th><th class="number">Lag in revisions</th><th>Address</th><th>Version</th><th>Last heard</th><td /></tr></thead>
                    <tbody>
                        {replicas.map((replica) => (
                            <tr key={replica.id}>
                                <th scope="row">{replica.name}</th>
                                <td><span class={`tag ${kinds[replica.state] ?? ""}`}>{replica.state}</span></td>
                                <td class="number">{formatNumber(replica.revision)}</td>
                                <td class="number">{replica.lag === null ? "–" : formatNumber(replica.lag)}</td>
                                <td>{replica.url}</td>
                                <td>{replica.version}</td>
                                <td>{replica.last_seen_seconds < 1 ? "now" : `${formatDuration(replica.last_seen_seconds)} ago`}</td>
                                <td>{replica.state === "failed" && !session.isReadOnly.value && <RemoveReplica replica={replica} />}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </section>
    );
}

function Members({ members, quorum, asOf }: { readonly members: readonly documents.EtcdMember[]; readonly quorum: documents.Quorum; readonly asOf: string }) {
    return (
        <section class="card block">
            <h2>Members of etcd</h2>
            <Facts facts={[
                ["Healthy", `${quorum.healthy} of ${members.length}`],
                ["Needed for a write", formatNumber(quorum.needed)],
                ["More that may fail", formatNumber(quorum.tolerates)],
                ["As of", formatTime(asOf)],
            ]} />
            <div class="scroll" tabIndex={0} role="region" aria-label="Members of etcd">
                <table>
                    <thead><tr><th>Name</th><th>State</th><th class="number">Database</th><th class="number">In use</th><th>Addresses</th><th>Version</th></tr></thead>
                    <tbody>
                        {members.map((member) => (
                            <tr key={member.name}>
                                <th scope="row">{member.name}</th>
                                <td>
                                    <span class={`tag ${member.reachable ? "ok" : "danger"}`}>{member.reachable ? "reachable" : "not reachable"}</span>
                                    {member.leader && <> <span class="tag">leader</span></>}
                                </td>
                                <td class="number">{member.size === null ? "–" : formatBytes(member.size)}</td>
                                <td class="number">{member.size_in_use === null ? "–" : formatBytes(member.size_in_use)}</td>
                                <td>{member.urls.join(", ")}</td>
                                <td>{member.version ?? "–"}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </section>
    );
}
