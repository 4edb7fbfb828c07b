/** A service that classifies texts with several adapters on one base, and trains new ones beside its answers. */
package dev.hone.example;
