/**
 * kernelc in the browser: language models that were compiled to WebGPU kernels, with no server.
 *
 *     const engine = await createWorkerEngine("models/demo/", { onProgress: console.log });
 *     const stream = await engine.chat.completions.create({ messages, stream: true });
 *     for await (const chunk of stream) show(chunk.choices[0].delta.content ?? "");
 */

export * from "./engine/api.js";
export { createEngine } from "./engine/createEngine.js";
export { createExtensionEngine, createServiceWorkerEngine } from "./engine/clients/clientEngine.js";
export { fetchModelList } from "./engine/models/modelList.js";
export { serveEngines, type ServedOptions } from "./engine/worker/serveEngines.js";
export { createWorkerEngine, EngineWorker, type WorkerChoice } from "./engine/worker/workerEngine.js";
export { planArtifact, probe } from "./engine/models/plan.js";
export { loadTranscript, saveTranscript } from "./text/transcript.js";
export {
  deleteModel,
  deletePrefixes,
  requestPersistence,
  storageEstimate,
  storedModels,
  type StoredModel,
} from "./weights/models.js";
