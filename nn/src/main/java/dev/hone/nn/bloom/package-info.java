/** BLOOM: linear biases of attention in place of positions, a norm behind the embeddings. */
package dev.hone.nn.bloom;
