/** ModernBERT (Warner and others 2024): norms first, rotary positions, most layers see a window, gated feed-forward layers. */
package dev.hone.nn.modernbert;
