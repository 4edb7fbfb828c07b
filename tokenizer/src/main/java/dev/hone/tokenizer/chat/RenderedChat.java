package dev.hone.tokenizer.chat;

import java.util.List;

/**
 * A conversation as text.
 *
 * @param text what the template made of it, special tokens included
 * @param generations the parts that the template marks as the assistant's own, in order
 */
public record RenderedChat(String text, List<TextSpan> generations) {
  /** Copies the list. */
  public RenderedChat {
    generations = List.copyOf(generations);
  }
}
