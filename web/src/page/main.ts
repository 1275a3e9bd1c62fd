import { registerServiceWorker } from "../service/register.js";
import { App } from "./app.js";
import { realServices } from "./realServices.js";

const app = new App(await realServices());
void app.start(document.body);
// In development vite serves files as they are, and there is no sw.js.
if (import.meta.env.PROD) void registerServiceWorker();
