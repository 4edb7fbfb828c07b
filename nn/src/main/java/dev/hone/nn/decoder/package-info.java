/**
 * What the decoder families share: causal attention with and without a cache, rotary positions, the gated feed-forward
 * layer, and the heads. What a family arranges of them is in its own package.
 */
package dev.hone.nn.decoder;
