package dev.hone.tokenizer.chat;

import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Encoding;
import dev.hone.tokenizer.Tokenizer;

/**
 * Turns rendered text into tokens. It must not add special tokens: the template has written them into the text, and a
 * second {@code <s>} in front is a mistake that trains quietly.
 */
@FunctionalInterface
public interface ChatEncoder {
  /** {@return the tokens of {@code text}, without any that the text does not spell out} */
  TokenizedText encode(String text);

  /** {@return an encoder that asks a tokenizer for the text's own tokens and nothing else} */
  static ChatEncoder of(Tokenizer tokenizer) {
    return text -> {
      Encoding encoding = tokenizer.encode(text, EncodeOptions.PLAIN);
      return new TokenizedText(encoding.ids(), encoding.starts(), encoding.ends());
    };
  }
}
