import { registerServiceWorker } from "../service/register.js";
import { App } from "./app.js";
import { realServices } from "./realServices.js";

const app = new App(await realServices());
const started = app.start(document.body);
// In development vite serves files as they are, and there is no sw.js. (PROD would follow a NODE_ENV of
// whoever builds.)
if (import.meta.env.MODE === "production") {
  const [stored] = await Promise.all([registerServiceWorker(), started]);
  if (stored && !crossOriginIsolated && app.waitsForThreads && firstTime()) location.reload();
}

/** Whether this tab was not loaded again before; false where nothing can be remembered. */
function firstTime(): boolean {
  try {
    const before = sessionStorage.getItem("kernelc.reloaded");
    sessionStorage.setItem("kernelc.reloaded", "1");
    return before === null;
  } catch {
    return false;
  }
}
