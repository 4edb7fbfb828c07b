/** Tensors and the memory they live in. */
package dev.hone.core;
