/** GPT-NeoX and Pythia: attention and feed-forward layer side by side, a part of each head turned. */
package dev.hone.nn.neox;
