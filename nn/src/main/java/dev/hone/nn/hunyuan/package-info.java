/** Hunyuan without experts: Llama with norms of heads behind the rotation. */
package dev.hone.nn.hunyuan;
