/** Phi 1, 1.5 and 2: attention and feed-forward layer side by side, a part of each head turned. */
package dev.hone.nn.phi;
