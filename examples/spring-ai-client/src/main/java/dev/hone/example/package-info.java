/** Spring AI asks a running {@code hone serve}. */
package dev.hone.example;
