/** What tensors lie in: Java arrays, pooled by scopes, and memory segments, mapped from files. */
package dev.hone.core.memory;
