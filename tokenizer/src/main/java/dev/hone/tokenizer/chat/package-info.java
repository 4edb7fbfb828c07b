/**
 * Chat templates: from a list of messages to the text, the tokens and the loss mask that a model is trained on.
 *
 * <p>{@link dev.hone.tokenizer.chat.ChatTemplates} finds the template of a model directory,
 * {@link dev.hone.tokenizer.chat.ChatTemplate} renders it. The template language itself, a sandboxed part of Jinja, is in
 * the package {@code jinja} below, which is not exported.
 */
package dev.hone.tokenizer.chat;
