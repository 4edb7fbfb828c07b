/**
 * A model behind HTTP: the routes of OpenAI and of text-embeddings-inference on the JDK's server, with limits, metrics and a
 * page.
 * {@link dev.hone.train.serve.ModelServer} is the way in; {@code hone serve} does nothing else. What answers are is decided in
 * {@code train.infer} and {@code nn.generate}.
 */
package dev.hone.train.serve;
