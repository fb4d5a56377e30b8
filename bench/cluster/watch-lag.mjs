// How long an event takes from the answer-to-be of a write through one replica to a watcher of another: writes at a steady rate, one watcher.
//
//   node watch-lag.mjs WRITE_URL WATCH_URL [WRITES_PER_SECOND] [SECONDS]
//
// Prints the median, p99 and the longest, in milliseconds, from the moment that the request was sent. Both on one machine, by its clock.
import http from 'node:http';

const [writeUrl, watchUrl, rate = '2000', seconds = '10'] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
const lags = [];
const count = rate * seconds;

const watching = new Promise((resolve, reject) => {
    http.get(`${watchUrl}/v1/watch?prefix=lag/&values=true`, response => {
        let rest = '';
        response.setEncoding('utf8');
        response.on('data', text => {
            const now = performance.now();
            const lines = (rest + text).split('\n');
            rest = lines.pop();
            for (const line of lines) {
                for (const [, sent] of line.matchAll(/sent=([\d.]+);/g)) {
                    lags.push(now - sent);
                    if (lags.length === count)
                        resolve(response.destroy());
                }
            }
        });
        response.on('error', reject);
        setTimeout(() => reject(new Error(`${lags.length} of ${count} events came.`)), (Number(seconds) + 20) * 1000).unref();
        write();
    });
});

function write() {
    const start = performance.now();
    let sent = 0;
    const timer = setInterval(() => {
        for (const due = Math.min(count, Math.floor((performance.now() - start) / 1000 * rate)); sent < due; sent++) {
            const request = http.request(`${writeUrl}/v1/kv/lag/${sent % 1000}`, { method: 'PUT', agent, headers: { 'Content-Type': 'text/plain' } }, response => response.resume());
            request.on('error', error => { throw error; });
            request.end(`sent=${performance.now()};`);
        }
        if (sent === count)
            clearInterval(timer);
    }, 1);
}

await watching;
lags.sort((a, b) => a - b);
const at = share => lags[Math.min(lags.length - 1, Math.floor(lags.length * share))].toFixed(1);
console.log(`watch lag at ${rate} writes/s: median ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)} ms (${lags.length} events)`);
process.exit(0);
