/** OpenAI's client for Java asks a running {@code hone serve}. */
package dev.hone.example;
