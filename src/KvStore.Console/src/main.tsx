import { render } from "preact";
import { session } from "./session/session.js";
import { Frame } from "./shell/frame.js";
import { applyTheme } from "./shell/theme.js";
import "./shell/base.css";
import "./shell/shell.css";
import "./shell/pages.css";

applyTheme();
session.start();
render(<Frame />, document.getElementById("app")!);
