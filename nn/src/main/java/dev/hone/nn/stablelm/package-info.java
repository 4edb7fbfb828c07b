/** StableLM: Llama with layer norms, of which a part of each head is turned. */
package dev.hone.nn.stablelm;
