/** SmolLM3: Llama with layers without positions. */
package dev.hone.nn.smollm;
