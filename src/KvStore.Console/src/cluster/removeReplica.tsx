import type { documents } from "kvstore-client";
import { session } from "../session/session.js";
import { ask } from "../shell/dialogs.js";
import { toast } from "../shell/toasts.js";

/** Takes a replica that has failed from the list. */
export function RemoveReplica({ replica }: { readonly replica: documents.Replica }) {
    return <button type="button" aria-label={`Remove ${replica.name}`} onClick={() => void remove(replica)}>Remove</button>;
}

async function remove(replica: documents.Replica): Promise<void> {
    const choice = await ask({
        title: `Remove ${replica.name} from the list?`,
        body: <p>It has failed, and nothing is lost with it. If it starts again, it joins as a new replica.</p>,
        choices: [{ id: "keep", label: "Keep it" }, { id: "remove", label: "Remove it", kind: "danger" }],
    });
    if (choice !== "remove")
        return;
    try {
        await session.client.value.management.removeReplica(replica.id);
        toast(`${replica.name} is no longer listed.`);
    } catch (error) {
        session.report(error);
    }
}
