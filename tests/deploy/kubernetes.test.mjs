// The manifests as kustomize makes them, against the schemas of Kubernetes: values by its validators, names of members by its types.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { compilerErrorsOf, moduleOf, read } from "./manifests.mjs";

const manifests = read(process.env.KVSTORE_MANIFESTS);
const one = kind => manifests.find(manifest => manifest.kind === kind);

test("the kinds are those of one node", () =>
    assert.deepEqual(manifests.map(manifest => manifest.kind).sort(), ["Namespace", "NetworkPolicy", "PodDisruptionBudget", "Secret", "Service", "Service", "ServiceAccount", "StatefulSet"]));

for (const manifest of manifests) {
    test(`${manifest.kind} ${manifest.metadata.name} has valid values`, async () => {
        const Model = (await import(moduleOf(manifest)))[manifest.kind];
        new Model(manifest).validate();
    });
}

test("every member is one that Kubernetes has", () => assert.equal(compilerErrorsOf("manifests", manifests), ""));

test("an unknown member and a wrong value are found", async () => {
    const misspelt = structuredClone(one("StatefulSet"));
    misspelt.spec.template.spec.containers[0].readinesProbe = {};
    assert.match(compilerErrorsOf("misspelt", [misspelt]), /readinesProbe/);

    const { StatefulSet } = await import("kubernetes-models/apps/v1");
    const wrong = structuredClone(one("StatefulSet"));
    wrong.spec.replicas = "one";
    assert.throws(() => new StatefulSet(wrong).validate(), /replicas/);
});

test("selectors select the pod, and ports that are named exist", () => {
    const { template, selector, serviceName } = one("StatefulSet").spec;
    const selects = labels => Object.entries(labels).every(([name, value]) => template.metadata.labels[name] === value);
    const ports = new Set(template.spec.containers[0].ports.map(port => port.name));
    const services = manifests.filter(manifest => manifest.kind === "Service");

    assert.ok(selects(selector.matchLabels));
    assert.ok(selects(one("PodDisruptionBudget").spec.selector.matchLabels));
    assert.ok(selects(one("NetworkPolicy").spec.podSelector.matchLabels));
    for (const service of services) {
        assert.ok(selects(service.spec.selector));
        for (const port of service.spec.ports) assert.ok(ports.has(port.targetPort), port.targetPort);
    }
    for (const rule of one("NetworkPolicy").spec.ingress) for (const { port } of rule.ports) assert.ok(ports.has(port), port);
    assert.equal(services.find(service => service.spec.clusterIP === "None").metadata.name, serviceName);
});

test("Prometheus reaches the metrics as its shipped configuration says", () => {
    const [, host, port] = readFileSync(new URL("../../deploy/prometheus/prometheus.yml", import.meta.url), "utf8").match(/with\n\s*# deploy\/kubernetes, "([^":]+):(\d+)"/);
    const [name, namespace, suffix] = host.split(".");
    const service = manifests.find(manifest => manifest.kind === "Service" && manifest.metadata.name === name && manifest.metadata.namespace === namespace);
    const { name: operations } = service.spec.ports.find(each => each.port === Number(port));
    const { env } = one("StatefulSet").spec.template.spec.containers[0];
    const setting = wanted => env.find(({ name }) => name === `KvStore__${wanted}`).value;

    assert.equal(suffix, "svc");
    assert.ok(setting("AllowedHosts").split(";").includes(host));
    assert.ok(setting("OperationsUrls").endsWith(`:${port}`));
    assert.ok(one("NetworkPolicy").spec.ingress.some(rule => rule.from.some(from => from.namespaceSelector.matchLabels?.["kubernetes.io/metadata.name"] === "monitoring")
        && rule.ports.some(each => each.port === operations)));
});

test("the pod meets the restricted standard, with a read-only root", () => {
    const { spec } = one("StatefulSet").spec.template;
    const [container] = spec.containers;
    assert.equal(spec.securityContext.runAsNonRoot, true);
    assert.deepEqual(spec.securityContext.seccompProfile, { type: "RuntimeDefault" });
    assert.deepEqual(container.securityContext, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } });
    assert.equal(spec.automountServiceAccountToken, false);
    const names = new Set(spec.volumes.map(volume => volume.name).concat(one("StatefulSet").spec.volumeClaimTemplates.map(claim => claim.metadata.name)));
    for (const mount of container.volumeMounts) assert.ok(names.has(mount.name), mount.name);
    assert.ok(spec.volumes.some(volume => volume.secret?.secretName === one("Secret").metadata.name));
    assert.equal(container.resources.requests.memory, container.resources.limits.memory);
});
