import { adapterName, isSoftware } from "./state/adapterName.js";
import { readCatalog, type CatalogModel } from "./state/catalog.js";
import { codeOf, describeFailure, type Failure } from "./state/failures.js";
import { formatCount, formatRate } from "./format.js";
import { contextChoices, SLOW_RATE, usualContext } from "./state/modelState.js";
import { bytesToFetch, type ChatEngine, type Notice } from "./state/ports.js";
import type { Services } from "./services.js";
import { selectedModel, storedFor, type Action, type AppState, type DeviceState } from "./state/state.js";
import type { Store } from "./state/store.js";
import { newId } from "./state/conversations.js";

/** Notices that describe a state and not an event: they are shown with the models and do not pop up. */
const QUIET = new Set<Notice["code"]>(["not-persistent", "f16-missing", "on-processor", "one-thread"]);

/**
 * Opening a stored model may fetch as much without a question: kernels for another device, a changed
 * template.
 */
const UNASKED_BYTES = 1_000_000;

/** Chooses, plans, loads and deletes models. Holds the one engine that is loaded. */
export class ModelController {
  private loaded: ChatEngine | null = null;
  private loading: AbortController | null = null;
  private planRound = 0;
  /** The build of each model that was planned or loaded last: planning it again asks no server. */
  private readonly builds = new Map<string, string | undefined>();

  constructor(
    private readonly store: Store<AppState, Action>,
    private readonly services: Services,
  ) {}

  get engine(): ChatEngine | null {
    return this.loaded;
  }

  /** Reads the list of models and what is stored. May select a model, and start one that is stored. */
  async start(): Promise<void> {
    const probed = this.probe();
    try {
      await this.readStored();
      this.store.dispatch({
        type: "catalog-read",
        models: readCatalog(await this.services.fetchCatalog(), this.services.base),
      });
    } catch (error) {
      this.store.dispatch({ type: "catalog-failed", failure: this.describe(error) });
    }
    await probed.catch((error: unknown) => this.warn(this.describe(error).detail));
    const model = this.preferredModel();
    if (model) await this.startWith(model);
  }

  private async startWith(model: CatalogModel): Promise<void> {
    await this.select(model.name);
    const { plan } = this.store.state.model;
    const stored = storedFor(this.store.state, model);
    if (plan.kind !== "known" || !plan.plan.fits || !stored?.complete) return;
    // A new build at the same address is downloaded where a person wants it, and not without a word.
    if (bytesToFetch(plan.plan) <= UNASKED_BYTES) await this.load();
  }

  /** Selects a model and reads what it would need. None of its weights are downloaded. */
  async select(name: string): Promise<void> {
    const model = this.store.state.catalog?.find((entry) => entry.name === name);
    if (!model || this.store.state.model.status.kind === "loading") return;
    const context = this.rememberedContext(model);
    this.builds.delete(name); // the server may have a newer one by now
    const rate = this.rememberedRate(model);
    this.store.dispatch({ type: "model-selected", name, context, rate });
    this.services.preferences.write("model", name);
    await this.plan();
    await this.shorten(model);
  }

  /** Takes a shorter context where the chosen one does not fit this device. What a person chose is kept. */
  private async shorten(model: CatalogModel): Promise<void> {
    const { plan, selected } = this.store.state.model;
    if (selected !== model.name || plan.kind !== "known" || plan.plan.fits) return;
    const longest = plan.plan.fitting_context;
    if (longest < 1) return;
    const context = contextChoices(model.context).findLast((choice) => choice <= longest) ?? longest;
    this.store.dispatch({ type: "context-chosen", context });
    await this.plan();
    const set = `${model.title} is set to hold ${formatCount(context)} tokens`;
    this.store.dispatch({ type: "noted", note: `${set}: more would not fit this device.` });
  }

  /** Chooses a context length. For a model that is loaded already, it takes effect with the next load. */
  async chooseContext(context: number): Promise<void> {
    const model = selectedModel(this.store.state);
    if (!model || context === this.store.state.model.context) return;
    this.store.dispatch({ type: "context-chosen", context });
    this.services.preferences.write(`context.${model.name}`, context);
    await this.plan();
  }

  /** Loads the chosen model with the chosen context: the build that was planned, or the stored one. */
  async load(build: "planned" | "stored" = "planned"): Promise<void> {
    const model = selectedModel(this.store.state);
    if (!model || this.loading) return;
    const { plan } = this.store.state.model;
    const planned = plan.kind === "known" ? plan.plan.id : undefined;
    const id = build === "stored" ? storedFor(this.store.state, model)?.id : planned;
    if (build === "planned") this.askToKeep();
    const { signal } = (this.loading = new AbortController());
    this.store.dispatch({ type: "load-started" });
    try {
      await this.unload();
      this.loaded = await this.createEngine(model, id, signal);
      this.builds.set(model.name, id);
      this.store.dispatch({ type: "load-ready" });
    } catch (error) {
      this.endLoad(error, model.name);
    } finally {
      this.loading = null;
    }
    await this.readStored();
    await this.plan();
    if (this.store.state.model.rate === null) await this.measure(model);
  }

  /** Notes how fast the loaded model answered, in tokens per second: what to expect of it the next time. */
  noteRate(rate: number): void {
    const { loaded, selected } = this.store.state.model;
    const model = this.store.state.catalog?.find((entry) => entry.name === loaded?.name);
    if (!model || rate <= 0) return;
    this.services.preferences.write(this.rateKey(model), rate);
    if (selected === model.name) this.store.dispatch({ type: "rate-measured", rate });
  }

  /** Measures a model that has not answered on this device yet, and says where it is slow. */
  private async measure(model: CatalogModel): Promise<void> {
    const rate = await this.loaded?.measure?.().catch(() => null); // the engine may be put away meanwhile
    if (!rate || this.store.state.model.loaded?.name !== model.name) return;
    this.noteRate(rate);
    if (rate >= SLOW_RATE) return;
    const words = `${model.title} writes about ${formatRate(rate)} on this device`;
    this.warn(`${words}: more slowly than people read. A smaller model, or another browser, may be faster.`);
  }

  private rateKey(model: CatalogModel): string {
    const { device, settings } = this.store.state;
    const adapter = device.kind === "usable" ? device.name : "";
    return `rate.${model.name}.${settings.device}.${adapter}`;
  }

  private rememberedRate(model: CatalogModel): number | null {
    const rate = this.services.preferences.read(this.rateKey(model));
    return typeof rate === "number" && rate > 0 ? rate : null;
  }

  /** Asks the browser to keep what is stored. It may ask the person, so only where they start a download. */
  private askToKeep(): void {
    const { plan } = this.store.state.model;
    const downloads = plan.kind !== "known" || bytesToFetch(plan.plan) > 0;
    // A notice of the engine says whether it agreed.
    if (downloads) void this.services.requestPersistence().catch(() => undefined);
  }

  cancel(): void {
    this.loading?.abort();
  }

  /** Releases the engine and its memory. Stored files stay. */
  async unload(): Promise<void> {
    const engine = this.loaded;
    this.loaded = null;
    if (!engine) return;
    this.store.dispatch({ type: "unloaded" });
    await engine.dispose().catch((error: unknown) => console.warn("the engine did not close", error));
  }

  /** After an error that the engine does not survive: releases it and shows the error. */
  async abandon(failure: Failure): Promise<void> {
    await this.unload();
    this.store.dispatch({ type: "load-failed", failure });
  }

  async delete(id: string): Promise<void> {
    try {
      await this.services.deleteModel(id);
    } catch (error) {
      this.warn(`The stored model could not be deleted: ${this.describe(error).detail}`);
    }
    await this.readStored();
    await this.plan();
  }

  private createEngine(
    model: CatalogModel,
    build: string | undefined,
    signal: AbortSignal,
  ): Promise<ChatEngine> {
    return this.services.createEngine(model.url, {
      context: this.store.state.model.context,
      ...(build === undefined ? {} : { build }),
      ...(model.warm ? { warm: model.warm } : {}),
      device: this.store.state.settings.device,
      signal,
      onProgress: (progress) => this.store.dispatch({ type: "load-progress", progress }),
      onNotice: (notice) => this.tell(notice),
    });
  }

  private endLoad(error: unknown, name: string): void {
    this.builds.delete(name); // the server's files may be those of another build by now
    if (codeOf(error) === "aborted") this.store.dispatch({ type: "load-cancelled" });
    else this.store.dispatch({ type: "load-failed", failure: this.describe(error) });
  }

  /** Reads again what the chosen model would need. */
  async plan(): Promise<void> {
    const model = selectedModel(this.store.state);
    if (!model) return;
    this.planRound += 1;
    const round = this.planRound; // the answer to a later choice may arrive before that to an earlier one
    this.store.dispatch({ type: "plan-reading" });
    try {
      const { model: { context }, settings } = this.store.state;
      const choices = { device: settings.device, build: this.builds.get(model.name) };
      const plan = await this.services.planArtifact(model.url, context, choices);
      if (round !== this.planRound) return;
      this.builds.set(model.name, plan.id);
      this.store.dispatch({ type: "plan-known", plan });
    } catch (error) {
      if (round === this.planRound)
        this.store.dispatch({ type: "plan-failed", failure: this.describe(error) });
    }
  }

  private async probe(): Promise<void> {
    const { code, reasons, adapter } = await this.services.probe();
    const device: DeviceState = adapter
      ? { kind: "usable", name: adapterName(adapter), slow: adapter.fallback || isSoftware(adapter) }
      : { kind: "unusable", failure: this.describe(Object.assign(new Error(reasons.join(" ")), { code })) };
    this.store.dispatch({ type: "device-probed", device });
  }

  private async readStored(): Promise<void> {
    // Where storage is blocked, nothing is stored. Loading reports it.
    const stored = await this.services.storedModels().catch(() => []);
    this.store.dispatch({ type: "stored-read", stored });
  }

  private preferredModel(): CatalogModel | null {
    const { catalog } = this.store.state;
    const last = this.services.preferences.read("model");
    return catalog?.find((model) => model.name === last) ?? catalog?.[0] ?? null;
  }

  private rememberedContext(model: CatalogModel): number {
    const remembered = this.services.preferences.read(`context.${model.name}`);
    const ok =
      typeof remembered === "number" &&
      Number.isInteger(remembered) &&
      remembered >= 1 &&
      remembered <= model.context;
    return ok ? remembered : usualContext(model.context);
  }

  private tell(notice: Notice): void {
    if (QUIET.has(notice.code)) return this.store.dispatch({ type: "noted", note: notice.message });
    const tone = notice.code === "device-restored" ? "info" : "warning";
    this.store.dispatch({ type: "toast-shown", toast: { id: newId(), tone, text: notice.message } });
  }

  private warn(text: string): void {
    this.store.dispatch({ type: "toast-shown", toast: { id: newId(), tone: "warning", text } });
  }

  private describe(error: unknown): Failure {
    return describeFailure(error, this.services.surroundings);
  }
}
