/** Falcon: attention and feed-forward layer side by side, few heads of keys and values, one projection for all. */
package dev.hone.nn.falcon;
