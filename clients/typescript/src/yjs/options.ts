import type { Awareness } from "y-protocols/awareness";

export interface KvStoreProviderOptions {
    /** Who is here. Default: a new one, `provider.awareness`. */
    readonly awareness?: Awareness;
    /** Whether to connect at once. Default: true. */
    readonly connect?: boolean;
    /** How long changes are collected into one update, in milliseconds. Default: 50. */
    readonly sendAfter?: number;
    /** Changes are collected up to this size. Default: 256 KiB. */
    readonly batchBytesMax?: number;
    /** The service's `ValueBytesMax`. Default: 1 MiB. */
    readonly valueBytesMax?: number;
    /** Stored updates are merged into the snapshot when there are this many. Default: 64; at least 2. */
    readonly compactAfter?: number;
}

export type Status = "disconnected" | "connecting" | "connected";

export type ProviderEvents = {
    status: [{ status: Status }];
    /** Whether everything that is stored is in the document, and changes arrive. */
    sync: [boolean];
    /** Every change of this client is stored. */
    stored: [];
    /** Another client has deleted the stored document, and this one is disconnected. Connecting again stores it again. */
    deleted: [];
    /** The service refuses something; the document keeps its changes. */
    error: [Error];
};
