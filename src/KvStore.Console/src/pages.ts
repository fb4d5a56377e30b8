import { clusterPages } from "./cluster/clusterPage.js";
import { dataPages } from "./data/pages.js";
import { mergeablePages } from "./mergeable/mergeablePage.js";
import { originsPages } from "./origins/originsPage.js";
import type { Page } from "./shell/page.js";
import { statusPages } from "./status/statusPage.js";

/** Every page, in the order of the navigation. The first one is where the console begins. */
export const pages: readonly Page[] = [...dataPages, ...statusPages, ...clusterPages, ...originsPages, ...mergeablePages];
