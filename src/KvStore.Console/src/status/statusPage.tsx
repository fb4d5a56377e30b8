import { useSignal } from "@preact/signals";
import type { documents } from "kvstore-client";
import { useEffect } from "preact/hooks";
import { session } from "../session/session.js";
import { formatBytes, formatDuration, formatNumber } from "../shell/format.js";
import type { Page } from "../shell/page.js";

export const statusPages: readonly Page[] = [{ page: "status", title: "Status", component: StatusPage, nav: true }];

const PeriodMs = 1000;

function StatusPage() {
    const status = useSignal<documents.StatusAnswer | undefined>(undefined);
    useEffect(() => {
        const ask = async (): Promise<void> => {
            try {
                if (session.online.peek())
                    status.value = await session.poller.management.status();
            } catch (error) {
                session.report(error);
            }
        };
        void ask();
        const timer = setInterval(() => void ask(), PeriodMs);
        return () => clearInterval(timer);
    }, []);
    const now = status.value;
    return (
        <>
            <h1>Status</h1>
            {now && (
                <table>
                    <tbody>
                        <tr><th scope="row">State</th><td>{now.state}</td></tr>
                        <tr><th scope="row">Version</th><td>{now.version}</td></tr>
                        <tr><th scope="row">Engine</th><td>{now.engine}</td></tr>
                        <tr><th scope="row">Entries</th><td>{formatNumber(now.keys)}</td></tr>
                        <tr><th scope="row">Bytes of keys and values</th><td>{formatBytes(now.bytes)}</td></tr>
                        <tr><th scope="row">Running for</th><td>{formatDuration(now.uptime_seconds)}</td></tr>
                    </tbody>
                </table>
            )}
        </>
    );
}
