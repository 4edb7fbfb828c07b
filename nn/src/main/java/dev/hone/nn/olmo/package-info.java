/**
 * OLMo 1, 2 and 3: layer norms without weights in the first; norms behind attention and feed-forward layer, and of queries and
 * keys as a whole, in the later ones; windows in the third.
 */
package dev.hone.nn.olmo;
