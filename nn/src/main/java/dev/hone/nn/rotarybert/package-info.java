/**
 * Encoders for embeddings that are BERT with rotary positions: NomicBERT (Nussbaum and others 2024), GTE (Zhang and others 2024)
 * and Jina's third (Sturua and others 2024). Norms stand after the sums; the feed-forward layer is gated but for Jina's.
 */
package dev.hone.nn.rotarybert;
