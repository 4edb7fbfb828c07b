/**
 * Models and data sets of a hub by name: its protocol, downloads that go on where they stopped and are checked, uploads, and the
 * cache, which is the one that {@code huggingface_hub} of Python keeps, so that both find what the other fetched.
 */
package dev.hone.train.source.hub;
