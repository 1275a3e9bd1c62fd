"""The words of this project, each explained in a sentence or two."""

from __future__ import annotations

TERMS: dict[str, str] = {
    "WebGPU": "WebGPU is a standard that lets a web page run programs on the graphics card.",
    "WGSL": "WGSL is the language in which programs for WebGPU are written.",
    "a kernel": "A kernel is a small program that many threads of a GPU run at the same time.",
    "a shader": "A shader is a program that runs on the GPU, first made for drawing pictures.",
    "a GPU": "A GPU is a chip that does very many simple sums at once.",
    "a CPU": "A CPU is the main chip of a computer. It does one thing after another, very fast.",
    "int4 quantisation": "Int4 quantisation stores each weight as a number of four bits with a scale for "
    "each group. "
    "The model gets about four times smaller than in f16.",
    "quantisation": "Quantisation stores numbers with fewer bits, so that a model gets smaller and faster.",
    "a scale": "A scale is the number that a group of small integers is multiplied by to get the weights "
    "back.",
    "the KV cache": "The KV cache keeps the keys and values of earlier tokens, so that they are not "
    "computed again.",
    "a symbolic dimension": "A symbolic dimension is a size that is a name with bounds instead of a fixed "
    "number.",
    "a rotary embedding": "A rotary embedding turns queries and keys by an angle that grows with the "
    "position.",
    "a token": "A token is a piece of text, such as a word or a part of one, that the model reads as a "
    "number.",
    "a tokenizer": "A tokenizer cuts text into tokens and joins tokens back into text.",
    "a tensor": "A tensor is a block of numbers with any count of dimensions.",
    "a matrix": "A matrix is a table of numbers with rows and columns.",
    "a vector": "A vector is a row of numbers.",
    "attention": "Attention lets each token look at the earlier tokens and take what it needs from them.",
    "grouped-query attention": "Grouped-query attention lets several query heads share one pair of key and "
    "value heads, "
    "so that the KV cache is smaller.",
    "a transformer": "A transformer is a neural network built of layers with attention and a feed-forward "
    "part.",
    "a language model": "A language model is a program that predicts the next token of a text.",
    "a weight": "A weight is a number that a model has learned.",
    "a layer": "A layer is one of the equal steps that a model is stacked of.",
    "an embedding": "An embedding is the vector that stands for a token.",
    "softmax": "Softmax turns any numbers into shares that are positive and add up to one.",
    "a logit": "A logit is the score that a model gives to a token before softmax.",
    "sampling": "Sampling picks the next token at random, by the shares that the model gives.",
    "temperature": "Temperature says how daring sampling is. At zero the best token is always taken.",
    "top-k": "Top-k sampling picks only among the k best tokens.",
    "top-p": "Top-p sampling picks only among the best tokens that together have the share p.",
    "a compiler": "A compiler turns a program from one language into another that a machine can run.",
    "an intermediate representation": "An intermediate representation is the form of a program inside a "
    "compiler.",
    "kernel fusion": "Kernel fusion joins several steps into one kernel, so that less memory is read and "
    "written.",
    "a workgroup": "A workgroup is a team of GPU threads that can share memory and wait for each other.",
    "a subgroup": "A subgroup is a small set of GPU threads that run in step and can trade values directly.",
    "shared memory": "Shared memory is a small fast memory that the threads of a workgroup have in common.",
    "a barrier": "A barrier is a point where all threads of a workgroup wait for each other.",
    "a buffer": "A buffer is a piece of memory on the GPU.",
    "prefill": "Prefill is the step that reads the whole prompt at once.",
    "decoding": "Decoding makes the answer, one token after another.",
    "a prompt": "A prompt is the text that a model is given to answer.",
    "the context": "The context is all the text that the model can look back at.",
    "perplexity": "Perplexity measures how surprised a model is by a text. Lower is better.",
    "RMSNorm": "RMSNorm divides a vector by its root mean square, so that its size stays steady.",
    "a residual connection": "A residual connection adds the input of a step to its output.",
    "SPIR-V": "SPIR-V is the binary form of GPU programs that Vulkan reads.",
    "CUDA": "CUDA is the way to program the GPUs that NVIDIA makes.",
    "Vulkan": "Vulkan is a standard for using GPUs of every maker.",
    "a checkpoint": "A checkpoint is the folder of files that holds the weights of a trained model.",
    "safetensors": "Safetensors is a simple and safe file format for weights.",
    "f16": "F16 is a number format with 16 bits, half of the usual 32.",
    "a chat template": "A chat template turns the turns of a chat into one prompt for the model.",
    "greedy decoding": "Greedy decoding always takes the token with the highest score.",
    "matrix multiplication": "Matrix multiplication combines rows of one matrix with columns of another. "
    "Most of the work of a model is this.",
    "kernelc": "Kernelc is a compiler that turns a language model into GPU kernels and packed weights.",
}
"""A term, with its article, and its explanation."""
