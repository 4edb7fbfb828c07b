/**
 * Decoders with RMS norms before attention and feed-forward layer: Llama, Mistral, Qwen 2 and 3, Phi-3. They differ in
 * biases, norms of heads, fused projections, windows and rotary frequencies, all switches of one configuration.
 */
package dev.hone.nn.llama;
