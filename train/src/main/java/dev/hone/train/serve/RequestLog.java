package dev.hone.train.serve;

import java.time.Instant;

/**
 * Is told of every answer that a server gives, by the thread that gave it, after the answer is out. What it throws changes
 * nothing.
 */
@FunctionalInterface
public interface RequestLog {
  /** Nobody listens. */
  RequestLog NONE = answered -> { };

  /** An answer was given. */
  void answered(Answered answered);

  /**
   * One answer: a choice of a generation, or what was said of one text.
   *
   * @param id the answer's id, which clients got; with the number of the choice or text behind a slash where there are several
   * @param time when the request came
   * @param route such as {@code chat.completions} or {@code classify}
   * @param model the name that the request gave: of a model, or of an adapter on it
   * @param input the text, or of a conversation its JSON
   * @param output the text that was written, or the label
   * @param probabilities of all labels in their order; empty for texts
   * @param promptTokens tokens of the input
   * @param outputTokens tokens that were written
   * @param millis from the request to the end of the answer
   * @param finish {@code stop}, {@code length}, {@code tool_calls}, or what went wrong
   */
  record Answered(String id, Instant time, String route, String model, String input, String output, float[] probabilities,
      int promptTokens, int outputTokens, long millis, String finish) {}
}
