export * from "./crdt/index.js";
