// A picture of ratios, as one SVG without a library: a line for each row, and on it a dot for each contender. Readable in light and dark pages.

const left = 250, width = 860, lineHeight = 30, top = 62, bottom = 46, right = 24;
const ticks = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50];
const style = `
:root{--paper:#fff;--ink:#1f2328;--dim:#59636e;--grid:#d8dee4;--one:#59636e;--c0:#8250df;--c1:#bc4c00;--c2:#1a7f37;--c3:#0969da}
@media(prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--dim:#9198a1;--grid:#30363d;--one:#9198a1;--c0:#bc8cff;--c1:#f0883e;--c2:#3fb950;--c3:#58a6ff}}
text{font:13px system-ui,sans-serif;fill:var(--dim)}.title{font-weight:600;font-size:14px;fill:var(--ink)}.name{fill:var(--ink)}
.grid{stroke:var(--grid)}.one{stroke:var(--one);stroke-width:2}`;

const escape = text => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

// A shape for each contender, so that no one depends on colours.
const shapes = [
    (x, y) => `<path d="M${x - 6} ${y}L${x} ${y - 6}L${x + 6} ${y}L${x} ${y + 6}Z"`,
    (x, y) => `<circle cx="${x}" cy="${y}" r="5.5"`,
    (x, y) => `<rect x="${x - 5}" y="${y - 5}" width="10" height="10"`,
    (x, y) => `<path d="M${x - 6} ${y + 5}L${x} ${y - 6}L${x + 6} ${y + 5}Z"`,
];
const mark = (i, x, y) => `${shapes[i](x, y)} fill="var(--c${i})"/>`;

/** Rows are {name, ratios}, a ratio for each of the contenders or undefined. Ratios beyond the axis stand at its end. */
export function dots(title, contenders, rows) {
    const [least, most] = [ticks[0] * 0.8, ticks.at(-1) * 1.3].map(Math.log);
    const x = ratio => Math.round(left + ((Math.min(Math.max(Math.log(ratio), least), most) - least) / (most - least)) * (width - left - right));
    const height = top + rows.length * lineHeight + bottom;
    const floor = height - bottom;
    let body = `<text class="title" x="12" y="22">${escape(title)}</text>`;
    contenders.reduce((at, name, i) => {
        body += `${mark(i, at + 6, 42)}<text class="name" x="${at + 18}" y="46">${escape(name)}</text>`;
        return at + 44 + name.length * 7;
    }, 12);
    for (const tick of ticks)
        body += `<line class="${tick === 1 ? "one" : "grid"}" x1="${x(tick)}" x2="${x(tick)}" y1="${top}" y2="${floor}"/><text x="${x(tick)}" y="${floor + 18}" text-anchor="middle">${tick}x</text>`;
    body += `<text x="${x(1) - 8}" y="${floor + 38}" text-anchor="end">KvStore is slower</text><text x="${x(1) + 8}" y="${floor + 38}">KvStore is faster</text>`;
    rows.forEach(({ name, ratios }, at) => {
        const y = top + (at + 0.5) * lineHeight;
        body += `<text class="name" x="${left - 12}" y="${y + 4}" text-anchor="end">${escape(name)}</text><line class="grid" x1="${left}" x2="${width - right}" y1="${y}" y2="${y}"/>`;
        body += ratios.map((ratio, i) => (ratio === undefined ? "" : mark(i, x(ratio), y))).join("");
    });
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"><title>${escape(title)}</title>`
        + `<style>${style}</style><rect width="100%" height="100%" fill="var(--paper)"/>\n${body}\n</svg>\n`;
}
