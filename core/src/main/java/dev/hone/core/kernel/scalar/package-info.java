/** Loops in plain Java: the twin of every vector loop, and what runs without the Vector API. */
package dev.hone.core.kernel.scalar;
