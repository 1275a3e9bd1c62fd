/**
 * The files of a build: addresses relative to the page's folder ("./" is the page itself), and their
 * fingerprint.
 */
export interface Precache {
  readonly version: string;
  readonly files: readonly string[];
}

/** What a service worker uses of its environment; tests pass in their own. */
export interface Surroundings {
  /** Absolute address of the page's folder. The worker handles nothing outside of it. */
  readonly scope: string;
  readonly caches: CacheStorage;
  fetch(request: Request): Promise<Response>;
}

/** The list of models is written after the build, so it is stored when it is first read. */
const CATALOG = "models.json";
const PAGE = "./";
/** How long to wait for the network where a copy is stored. */
const PATIENCE_MS = 4_000;

/**
 * Keeps the page itself, so that it starts without a network. Its built files are stored at installation, the
 * list of models when it is read. The models themselves are kept by `weights/`.
 */
export class PageWorker {
  private readonly around: Surroundings;
  private readonly files: ReadonlySet<string>;
  private readonly prefix: string;
  private readonly current: string;
  private readonly data: string;

  constructor(around: Surroundings, precache: Precache) {
    this.around = around;
    this.files = new Set([PAGE, ...precache.files]);
    // Several sites may share an origin: each handles only the caches of its own path.
    this.prefix = `kernelc-page ${new URL(around.scope).pathname} `;
    this.current = `${this.prefix}${precache.version}`;
    this.data = `${this.prefix}data`;
  }

  /** Stores the page, completely or not at all. */
  async install(): Promise<void> {
    const fetched = await Promise.all(Array.from(this.files, (file) => this.fetchFresh(file)));
    const cache = await this.around.caches.open(this.current);
    await Promise.all(fetched.map(([url, response]) => cache.put(url, response)));
    await this.fetchCatalog();
  }

  /** Removes what earlier versions of this page stored. */
  async activate(): Promise<void> {
    const names = await this.around.caches.keys();
    const old = names.filter(
      (name) => name.startsWith(this.prefix) && name !== this.current && name !== this.data,
    );
    await Promise.all(old.map((name) => this.around.caches.delete(name)));
  }

  /**
   * The answer to a request of the page; undefined where the browser is to ask the server as usual. It
   * isolates the page, whatever server it is from: only then may threads share memory.
   */
  respond(request: Request): Promise<Response> | undefined {
    return this.answer(request)?.then(isolated);
  }

  private answer(request: Request): Promise<Response> | undefined {
    const file = this.fileOf(request);
    if (file === undefined) return undefined;
    if (file === CATALOG) return this.networkFirst(request, CATALOG, this.data);
    if (file === PAGE) return this.networkFirst(request, PAGE, this.current);
    return this.files.has(file) ? this.cacheFirst(request, file) : undefined;
  }

  private fileOf(request: Request): string | undefined {
    const url = request.url.replace(/[?#].*$/s, "");
    if (request.method !== "GET" || request.headers.has("range") || !url.startsWith(this.around.scope)) {
      return undefined;
    }
    const file = url.slice(this.around.scope.length);
    return file === "" || file === "index.html" ? PAGE : file;
  }

  /**
   * From the store, where it is there: a file named by its hash never changes, the others belong to this
   * version.
   */
  private async cacheFirst(request: Request, file: string): Promise<Response> {
    return (await this.match(file, this.current)) ?? this.around.fetch(request);
  }

  private async networkFirst(request: Request, file: string, cacheName: string): Promise<Response> {
    const stored = await this.match(file, cacheName);
    if (!stored) return this.keepCatalog(file, await this.around.fetch(request));
    try {
      const response = await withPatience(this.around.fetch(request));
      return response.status >= 500 ? stored : await this.keepCatalog(file, response);
    } catch {
      return stored;
    }
  }

  private async match(file: string, cacheName: string): Promise<Response | undefined> {
    const cache = await this.around.caches.open(cacheName);
    return cache.match(this.url(file));
  }

  /**
   * Stores the list of models. A newer page is not stored: the next worker stores it, together with its
   * files.
   */
  private async keepCatalog(file: string, response: Response): Promise<Response> {
    if (file === CATALOG && response.ok) {
      const cache = await this.around.caches.open(this.data);
      await cache.put(this.url(CATALOG), response.clone());
    }
    return response;
  }

  private async fetchCatalog(): Promise<void> {
    try {
      const request = new Request(this.url(CATALOG), { cache: "no-cache" });
      await this.keepCatalog(CATALOG, await this.around.fetch(request));
    } catch {
      // A page may be installed before it has models; the list is stored when it is read.
    }
  }

  private async fetchFresh(file: string): Promise<[string, Response]> {
    const url = this.url(file);
    const response = await this.around.fetch(new Request(url, { cache: "no-cache" }));
    if (!response.ok) throw new Error(`${url}: the server answered ${response.status}`);
    return [url, await unredirected(response)];
  }

  private url(file: string): string {
    return new URL(file, this.around.scope).href;
  }
}

/**
 * The same answer with the headers that isolate a page and its workers from other origins.
 *
 * Source: HTML Standard, "Cross-origin opener policies" and "Cross-origin embedder policies".
 */
function isolated(response: Response): Response {
  if (response.type === "opaqueredirect" || response.type === "error") return response;
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  return new Response(response.body, { status, statusText, headers });
}

/** Browsers refuse to open a page from an answer that came by a redirect (of index.html to ./, say). */
async function unredirected(response: Response): Promise<Response> {
  if (!response.redirected) return response;
  const { status, statusText, headers } = response;
  return new Response(await response.blob(), { status, statusText, headers });
}

async function withPatience<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the network is slow")), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
