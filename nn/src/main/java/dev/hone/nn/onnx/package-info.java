/**
 * Weights out of ONNX files: the initialisers of an exported BERT, under the names that Hugging Face gives them.
 *
 * <p>{@link dev.hone.nn.onnx.OnnxBert} opens such a file and can write it as a Hugging Face model directory. The protobuf
 * wire format is read directly from the mapped file; graphs are not run, only searched for what the weights
 * themselves do not say: names, the number of heads, epsilon, the activation.
 */
package dev.hone.nn.onnx;
