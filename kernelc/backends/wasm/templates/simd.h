/* Instructions of WebAssembly in place of what the prelude spells out. */
#include <wasm_simd128.h>
