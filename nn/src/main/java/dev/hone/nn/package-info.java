/** Layers that every model family shares. */
package dev.hone.nn;
