/** Where there is no WebGPU, an artifact's WebAssembly computes what numpy says that it should. */
import { compareOnProcessor } from "./reference";

compareOnProcessor("tiny");
