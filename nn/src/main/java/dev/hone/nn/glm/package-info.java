/** GLM-4: norms behind attention and feed-forward layer, neighbours in a half of each head turned. */
package dev.hone.nn.glm;
