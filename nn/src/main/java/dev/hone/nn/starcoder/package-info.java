/** StarCoder 2: layer norms, biases and a feed-forward layer without gate. */
package dev.hone.nn.starcoder;
