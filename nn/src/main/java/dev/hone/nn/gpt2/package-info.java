/**
 * GPT-2: learnt positions, layer norms before attention and feed-forward layer, weights stored [inputs, outputs].
 */
package dev.hone.nn.gpt2;
