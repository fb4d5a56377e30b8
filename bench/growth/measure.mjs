// Measures one part of run.sh on services that run: node measure.mjs PART ROUNDS SECONDS RESULTS FOLDER SERVICE...
//
// A SERVICE is NAME:PORT:PID:DIALECT:SIZE. Each result is a line of JSON with the name of its series, the place on the axis, the round, and
// figures. Within a round every place of every series has its time, so that a machine that gets slower does not bend a curve.
import { appendFileSync } from "node:fs";
import { parts } from "./parts.mjs";

const [part, rounds, seconds, results, folder, ...named] = process.argv.slice(2);
const services = named.map(text => {
    const [name, port, pid, dialect, size] = text.split(":");
    return { name, port: Number(port), pid: Number(pid), dialect, size: Number(size) };
});

const { prepare, places } = parts[part];
const context = { services, seconds: Number(seconds), folder, service: name => services.find(service => service.name === name) };

if (prepare !== undefined)
    await prepare(context);
for (let round = 1; round <= Number(rounds); round++) {
    process.stderr.write(`${part}, round ${round} of ${rounds}\n`);
    // Every other round goes the other way.
    const order = places(context);
    for (const { series, x, measure } of round % 2 === 0 ? order.reverse() : order)
        for (const [name, figures] of Object.entries(await measure(context)))
            appendFileSync(results, JSON.stringify({ part, series: series ?? name, x, round, ...figures }) + "\n");
}
