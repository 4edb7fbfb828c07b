/** A training loop written out, with an operator of its own. */
package dev.hone.example.loop;
