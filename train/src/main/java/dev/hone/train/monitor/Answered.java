package dev.hone.train.monitor;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * One answer of a served model: a choice of a generation, or what was said of one text.
 *
 * @param id the answer's id, which clients got; with the number of the choice or text behind a slash where there are several
 * @param time when the request came
 * @param route such as {@code chat.completions} or {@code classify}
 * @param model the name that the request gave: of a model, or of an adapter on it
 * @param version the version that answered where there are several; else empty
 * @param input the text, or of a conversation its JSON; null in a log without texts
 * @param output the text that was written, or the label; null where it is a text in a log without texts
 * @param labels of a classifier, else empty
 * @param probabilities of all labels in their order; empty for texts
 * @param promptTokens tokens of the input
 * @param unknownTokens how many of them stand for something that the tokenizer does not know; -1 if nobody counted
 * @param outputTokens tokens that were written
 * @param millis from the request to the end of the answer
 * @param finish {@code stop}, {@code length}, {@code tool_calls}, or what went wrong
 * @param metadata what the request said about itself
 */
public record Answered(String id, Instant time, String route, String model, String version, String input, String output,
    List<String> labels, float[] probabilities, int promptTokens, int unknownTokens, int outputTokens, long millis, String finish,
    Map<String, String> metadata) {
  /** Copies lists. */
  public Answered {
    labels = List.copyOf(labels);
    metadata = Map.copyOf(metadata);
  }

  /** The largest probability; NaN where there is none. */
  public double confidence() {
    double most = Double.NaN;
    for (float p : probabilities) {
      most = Double.isNaN(most) || p > most ? p : most;
    }
    return most;
  }
}
