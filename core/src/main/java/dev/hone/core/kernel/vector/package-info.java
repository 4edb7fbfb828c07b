/** Loops on the Vector API: the only package that knows its types. Loaded only where the module is there. */
package dev.hone.core.kernel.vector;
