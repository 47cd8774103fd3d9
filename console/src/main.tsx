// The console begins here.

import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/overview.css";
import { render } from "preact";
import { App } from "./app";
import { watch } from "./state/fleet";
import { listen } from "./state/keys";
import { follow as followMe } from "./state/me";
import { tick } from "./state/now";
import { listenForPalette } from "./state/palette";
import { follow } from "./state/route";
import { followTheme } from "./state/theme";

follow();
followMe();
followTheme();
listen();
listenForPalette();
tick();
watch();

const root = document.getElementById("app");
if (root) render(<App />, root);
