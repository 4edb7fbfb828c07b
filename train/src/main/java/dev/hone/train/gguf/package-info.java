/**
 * What files of llama.cpp say besides the model: tokenizers in both directions, and a directory of Hugging Face made of a file.
 * The format itself, and names and order of tensors, are {@code dev.hone.nn.gguf}.
 */
package dev.hone.train.gguf;
