/** What tensors lie in: Java arrays, pooled by scopes, memory segments, mapped from files, and buffers of other devices. */
package dev.hone.core.memory;
