import type { documents } from "kvstore-client";
import { formatBytes, formatNumber } from "../shell/format.js";
import { Share } from "../shell/share.js";

/** What holds memory, each with its bound. */
export function MemoryTable({ memory }: { readonly memory: documents.MemoryStatus }) {
    const accounts = Object.entries(memory.accounts) as [string, documents.MemoryAccount][];
    return (
        <section class="card wide">
            <h2>Memory</h2>
            <p class="muted">All accounts together may have {formatBytes(memory.bytes_max)}.</p>
            <div class="scroll" tabIndex={0} role="region" aria-label="Accounts of the memory">
                <table>
                    <thead><tr><th>Account</th><th class="number">Bytes</th><th class="number">Bound</th><th>Used</th><th class="number">Peak</th><th class="number">Refusals</th></tr></thead>
                    <tbody>
                        {accounts.map(([name, account]) => (
                            <tr key={name}>
                                <th scope="row">{name}</th>
                                <td class="number">{formatBytes(account.bytes)}</td>
                                <td class="number">{formatBytes(account.bytes_max)}</td>
                                <td><Share label={`Used by ${name}`} value={account.bytes} max={account.bytes_max} /></td>
                                <td class="number">{formatBytes(account.peak_bytes)}</td>
                                <td class={`number ${account.refusals > 0 ? "error" : ""}`}>{formatNumber(account.refusals)}</td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
        </section>
    );
}
