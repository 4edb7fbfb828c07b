/** Random numbers from a counter: any element of any stream can be drawn alone, in any order, on any thread. */
package dev.hone.core.random;
