import { PageWorker, type Precache } from "./pageWorker.js";

/** Filled in by plugin.ts when the page is built. */
declare const __PRECACHE__: Precache;

// The project's types are those of a window, but here the global object is that of a service worker.
const worker = globalThis as unknown as ServiceWorkerGlobalScope;
const page = new PageWorker(
  { scope: worker.registration.scope, caches: worker.caches, fetch: (request) => worker.fetch(request) },
  __PRECACHE__,
);

worker.addEventListener("install", (event) => event.waitUntil(page.install()));

// A new worker waits until no page of the old one is open, so that a page and its files are of the same
// version.
worker.addEventListener("activate", (event) => {
  event.waitUntil(page.activate().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  const answer = page.respond(event.request);
  if (answer) event.respondWith(answer);
});
