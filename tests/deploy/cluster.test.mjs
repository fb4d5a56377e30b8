// The manifests of replicas on etcd, as kustomize makes them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { compilerErrorsOf, moduleOf, read } from "./manifests.mjs";

const manifests = read(process.env.KVSTORE_CLUSTER_MANIFESTS);
const find = (kind, name) => manifests.find(manifest => manifest.kind === kind && manifest.metadata.name === name);
const replicas = find("Deployment", "kvstore").spec;
const etcd = find("StatefulSet", "etcd").spec;
const settingOf = (spec, wanted) => spec.template.spec.containers[0].env.find(({ name }) => name === wanted)?.value;

test("the kinds are those of a cluster", () =>
    assert.deepEqual(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort(), [
        "Deployment kvstore", "Namespace kvstore", "NetworkPolicy etcd", "NetworkPolicy kvstore", "PodDisruptionBudget etcd", "PodDisruptionBudget kvstore",
        "Secret kvstore-etcd", "Secret kvstore-keys", "Service etcd-pods", "Service kvstore", "Service kvstore-pods", "ServiceAccount kvstore", "StatefulSet etcd",
    ]));

for (const manifest of manifests) {
    test(`${manifest.kind} ${manifest.metadata.name} has valid values`, async () => {
        const Model = (await import(moduleOf(manifest)))[manifest.kind];
        new Model(manifest).validate();
    });
}

test("every member is one that Kubernetes has", () => assert.equal(compilerErrorsOf("cluster", manifests), ""));

test("selectors select the pods, and ports that are named exist", () => {
    for (const [name, spec] of [["kvstore", replicas], ["etcd", etcd]]) {
        const selects = labels => Object.entries(labels).every(([label, value]) => spec.template.metadata.labels[label] === value);
        const ports = new Set(spec.template.spec.containers[0].ports.map(port => port.name));
        assert.ok(selects(spec.selector.matchLabels));
        assert.ok(selects(find("PodDisruptionBudget", name).spec.selector.matchLabels));
        assert.ok(selects(find("NetworkPolicy", name).spec.podSelector.matchLabels));
        for (const service of manifests.filter(({ kind, metadata }) => kind === "Service" && metadata.name.startsWith(name))) {
            assert.ok(selects(service.spec.selector));
            for (const port of service.spec.ports) assert.ok(ports.has(port.targetPort), port.targetPort);
        }
        for (const rule of find("NetworkPolicy", name).spec.ingress) for (const { port } of rule.ports) assert.ok(ports.has(port), port);
    }
    assert.equal(find("Service", etcd.serviceName).spec.clusterIP, "None");
});

test("replicas and members know the members by the names that the StatefulSet gives them", () => {
    const names = Array.from({ length: etcd.replicas }, (_, at) => `etcd-${at}`);
    assert.equal(settingOf(replicas, "KvStore__Etcd"), names.map(name => `http://${name}.${etcd.serviceName}:2379`).join(","));
    assert.equal(settingOf(etcd, "ETCD_INITIAL_CLUSTER"), names.map(name => `${name}=http://${name}.${etcd.serviceName}:2380`).join(","));
    assert.ok(settingOf(etcd, "ETCD_INITIAL_ADVERTISE_PEER_URLS").endsWith(`.${etcd.serviceName}:2380`));
    assert.ok(find("NetworkPolicy", "kvstore").spec.egress.some(rule => rule.to?.[0].podSelector.matchLabels["app.kubernetes.io/name"] === "etcd"));
});

test("growth is refused before etcd is full, and the volume has room for a defragmentation", () => {
    const quota = Number(settingOf(etcd, "ETCD_QUOTA_BACKEND_BYTES"));
    assert.equal(parseInt(settingOf(replicas, "KvStore__EtcdBytesMax")) * 2 ** 30, quota * 7 / 8);
    assert.ok(parseInt(etcd.volumeClaimTemplates[0].spec.resources.requests.storage) * 2 ** 30 >= 2 * quota);
});

test("pods meet the restricted standard, keep apart, and one may leave at a time", () => {
    for (const [name, spec] of [["kvstore", replicas], ["etcd", etcd]]) {
        const pod = spec.template.spec;
        assert.equal(pod.securityContext.runAsNonRoot, true);
        assert.deepEqual(pod.securityContext.seccompProfile, { type: "RuntimeDefault" });
        assert.deepEqual(pod.containers[0].securityContext, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } });
        assert.equal(pod.automountServiceAccountToken, false);
        assert.equal(pod.containers[0].resources.requests.memory, pod.containers[0].resources.limits.memory);
        assert.ok(pod.affinity.podAntiAffinity);
        assert.equal(find("PodDisruptionBudget", name).spec.maxUnavailable, 1);
        const volumes = new Set((pod.volumes ?? []).concat(spec.volumeClaimTemplates?.map(claim => claim.metadata) ?? []).map(volume => volume.name));
        for (const mount of pod.containers[0].volumeMounts) assert.ok(volumes.has(mount.name), mount.name);
        for (const { secret } of pod.volumes ?? []) assert.ok(find("Secret", secret.secretName), secret.secretName);
    }
    assert.ok(replicas.template.spec.terminationGracePeriodSeconds > parseInt(settingOf(replicas, "KvStore__DrainTime")));
});

test("etcd is not restarted because of an alarm", () => {
    const [{ livenessProbe, readinessProbe }] = etcd.template.spec.containers;
    assert.equal(livenessProbe.httpGet, undefined);
    assert.match(readinessProbe.httpGet.path, /exclude=NOSPACE/);
});

test("the password is where the replicas look for it", () => {
    assert.ok("password" in find("Secret", "kvstore-etcd").data);
    const mount = replicas.template.spec.containers[0].volumeMounts.find(({ name }) => name === "etcd");
    assert.equal(settingOf(replicas, "KvStore__EtcdPasswordFile"), `${mount.mountPath}/password`);
});

test("Prometheus finds all replicas under the name that its shipped configuration has", () => {
    const [, host, port] = readFileSync(new URL("../../deploy/prometheus/prometheus.yml", import.meta.url), "utf8").match(/with\n\s*# deploy\/kubernetes, "([^":]+):(\d+)"/);
    assert.equal(find("Service", host.split(".")[0]).spec.ports[0].port, Number(port));
    assert.ok(settingOf(replicas, "KvStore__AllowedHosts").split(";").includes(host));
});
