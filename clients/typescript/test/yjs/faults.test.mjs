// Clients that edit one document over connections that break, lose answers, and end, while all of them merge what is stored.
import assert from "node:assert/strict";
import { test } from "node:test";
import { forSeeds } from "../random.mjs";
import { equal, join, joined, link, newName, service, until } from "./clients.mjs";

const rounds = process.env.KVSTORE_TEST_LONG ? 60 : 2;

test("nothing is lost and nothing comes twice, whatever happens to the connections", () => forSeeds(rounds, async random => {
    const name = newName(), written = new Map();
    const cables = await Promise.all([1, 2, 3].map(link));
    const clients = cables.map(({ url }) => join(name, { url, compactAfter: 4, valueBytesMax: 2_000 }));
    for (let step = 0; step < 60; step++) {
        const at = random.below(clients.length), client = clients[at], cable = cables[at];
        switch (random.below(10)) {
            case 0:
                cable.cut();
                break;
            case 1:
                cable.mend();
                break;
            case 2:
                cable.loseAnswers(1 + random.below(2));
                break;
            case 3:
                client.provider.disconnect();
                client.provider.connect();
                break;
            case 4:
                if (client.text.length > 0)
                    client.text.delete(random.below(client.text.length), 1);
                break;
            case 5:
                await new Promise(resolve => setTimeout(resolve, random.below(50)));
                break;
            default:
                written.set(`${at}.${step}`, random.text(200));
                client.doc.getMap("map").set(`${at}.${step}`, written.get(`${at}.${step}`));
                client.text.insert(random.below(client.text.length + 1), random.text(20));
        }
    }

    cables.forEach(cable => cable.mend());
    await Promise.all(clients.map(({ provider }) => provider.whenStored()));
    await equal(...clients);
    const late = await joined(name, { url: service.url });
    for (const client of [...clients, late]) {
        await until(() => client.doc.getMap("map").size === written.size, client);
        assert.deepEqual(client.doc.getMap("map").toJSON(), Object.fromEntries(written));
        assert.equal(client.text.toString(), clients[0].text.toString());
        assert.deepEqual(client.errors, []);
    }

    await Promise.all(clients.map(client => client.close()));
}));
