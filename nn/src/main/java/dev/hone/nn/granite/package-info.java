/** Granite 3: Llama with scaled embeddings, residuals, scores and logits. */
package dev.hone.nn.granite;
