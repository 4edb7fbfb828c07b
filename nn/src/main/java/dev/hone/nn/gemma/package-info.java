/**
 * Gemma 2 and Gemma 3 (text): norms before and after attention and feed-forward layer with weights around zero, scaled
 * embeddings, soft caps, alternating windows.
 */
package dev.hone.nn.gemma;
