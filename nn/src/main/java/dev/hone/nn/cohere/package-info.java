/**
 * Command R (Cohere) 1 and 2: layer norms without bias, attention and feed-forward layer side by side, scaled logits; the
 * second has windows, and positions only where they are.
 */
package dev.hone.nn.cohere;
