/**
 * Registers the service worker that the build put beside the page, so that the page starts without a network
 * after this visit. Where that is not possible (private windows, blocked storage), the page works all the
 * same.
 *
 * @param base - absolute address of the page's folder.
 * @returns whether the page is stored now.
 */
export async function registerServiceWorker(base: string = document.baseURI): Promise<boolean> {
  const container: ServiceWorkerContainer | undefined = navigator.serviceWorker;
  if (!container) return false;
  try {
    await container.register(new URL("sw.js", base), { scope: new URL("./", base).pathname });
    await container.ready;
    return true;
  } catch {
    return false;
  }
}
