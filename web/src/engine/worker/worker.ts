/** The worker that `createWorkerEngine` starts. */

import { serveEngines } from "./serveEngines.js";

serveEngines();
