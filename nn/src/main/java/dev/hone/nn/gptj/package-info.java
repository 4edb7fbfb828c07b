/** GPT-J: attention and feed-forward layer side by side, neighbours in a part of each head turned. */
package dev.hone.nn.gptj;
