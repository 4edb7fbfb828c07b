package dev.hone.tokenizer.chat;

/**
 * Turns rendered text into tokens. It must not add special tokens: the template has written them into the text, and a
 * second {@code <s>} in front is a mistake that trains quietly.
 */
@FunctionalInterface
public interface ChatEncoder {
  /** {@return the tokens of {@code text}, without any that the text does not spell out} */
  TokenizedText encode(String text);
}
