/**
 * Gemma 1, 2 and 3: norms with weights around one, scaled embeddings; norms behind attention and feed-forward layer, soft
 * caps and alternating windows in the later ones.
 */
package dev.hone.nn.gemma;
