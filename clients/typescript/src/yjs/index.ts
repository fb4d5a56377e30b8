export type { KvStoreProviderOptions, ProviderEvents, Status } from "./options.js";
export { KvStoreProvider } from "./provider.js";
