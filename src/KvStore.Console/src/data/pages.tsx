import type { Page } from "../shell/page.js";
import { BrowsePage } from "./browse/browsePage.js";
import "./data.css";
import { TransactionPage } from "./transactions/transactionPage.js";
import { TransferPage } from "./transfer/transferPage.js";

/** The pages of the entries. */
export const dataPages: readonly Page[] = [
    { page: "data/browse", title: "Keys", component: BrowsePage, nav: true, keys: "g k" },
    { page: "data/transaction", title: "Transaction", component: TransactionPage, nav: true, keys: "g t" },
    { page: "data/transfer", title: "Export and import", component: TransferPage, nav: true, keys: "g e" },
];
