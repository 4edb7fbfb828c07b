/** The training loop and its configuration. */
package dev.hone.train;
