/**
 * The files of llama.cpp: {@link dev.hone.nn.gguf.GgufWriter} and {@link dev.hone.nn.gguf.GgufFile} write and read the format
 * (version 3), {@link dev.hone.nn.gguf.GgufModel} says what it calls the parts of a model. Source: the format's description in
 * the documents of ggml.
 */
package dev.hone.nn.gguf;
