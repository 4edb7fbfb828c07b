/** Low-rank adapters: configuration, injection, files, merging. */
package dev.hone.lora;
