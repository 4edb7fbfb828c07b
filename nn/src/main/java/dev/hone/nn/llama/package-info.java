/**
 * Decoders of the Llama kind: Llama, Mistral, Ministral, Qwen 2 and 3, Phi-3. They differ in biases, norms of heads, fused
 * projections, windows and rotary frequencies.
 */
package dev.hone.nn.llama;
