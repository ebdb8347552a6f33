// The beginning: what is shown is what the address says, to whoever is signed in.

import { render } from "preact";
import { App } from "./app";
import { sweepDrafts } from "./drafts";
import "./style/base.css";
import "./style/parts.css";
import "./style/pages.css";
import "./style/vendor.css";
import { applyTheme } from "./theme";

applyTheme();
sweepDrafts();
render(<App />, document.getElementById("app")!);
