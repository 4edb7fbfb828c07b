package dev.hone.train.task.embed;

import dev.hone.train.infer.EmbeddingTokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns rows of texts into tokens as the tuning of an embedding model takes them: one prompt before anchors, another before all
 * other texts, each cut at the same length. Needs no weights.
 *
 * @param texts tokenizer, prompts and length
 * @param settings which say what prompts are
 */
public record EmbeddingEncoder(EmbeddingTokenizer texts, EmbeddingSettings settings) {
  /** Tokens that texts are cut to where the model would take more. */
  public static final int USUAL_LENGTH = 512;
  private static final String QUERY = "query";
  private static final List<String> DOCUMENT = List.of("document", "passage", "corpus");

  /** The name of a model's prompt for queries, or null. */
  static String query(Map<String, String> prompts) {
    return prompts.containsKey(QUERY) ? QUERY : null;
  }

  /** The name of a model's prompt for documents, or null. */
  static String document(Map<String, String> prompts) {
    return DOCUMENT.stream().filter(prompts::containsKey).findFirst().orElse(null);
  }

  /** A model's prompts with those of the settings. */
  static Map<String, String> prompts(Map<String, String> prompts, EmbeddingSettings settings) {
    Map<String, String> all = new LinkedHashMap<>(prompts);
    if (!settings.queryPrompt().equals(EmbeddingSettings.AUTO)) {
      all.put(QUERY, settings.queryPrompt());
    }
    if (!settings.documentPrompt().equals(EmbeddingSettings.AUTO)) {
      all.put(DOCUMENT.getFirst(), settings.documentPrompt());
    }
    return all;
  }

  /** As rows are encoded without a model: with the prompts of the settings, and cut at {@code maxLength} or, if 0, as usual. */
  public static EmbeddingEncoder of(EmbeddingTokenizer texts, EmbeddingSettings settings, int maxLength) {
    EmbeddingTokenizer prompted = texts.withPrompts(prompts(texts.prompts(), settings));
    return new EmbeddingEncoder(prompted.withMaxLength(maxLength == 0 ? Math.min(USUAL_LENGTH, texts.maxLength()) : maxLength),
        settings);
  }

  /** The name of the prompt before anchors, or null. */
  String anchorPrompt(boolean scored) {
    return !scored || !settings.queryPrompt().equals(EmbeddingSettings.AUTO) ? query(texts.prompts()) : null;
  }

  /** The name of the prompt before all other texts, or null. */
  String otherPrompt(boolean scored) {
    return !scored || !settings.documentPrompt().equals(EmbeddingSettings.AUTO) ? document(texts.prompts()) : null;
  }

  private String text(String prompt) {
    return prompt == null ? "" : texts.prompt(prompt);
  }

  /**
   * The tokens of each text of a row.
   *
   * @param scored whether rows have scores, or pairs are made of texts with labels
   */
  public List<int[]> tokens(List<String> row, boolean scored) {
    List<int[]> ids = new ArrayList<>(texts.tokens(row.subList(0, 1), text(anchorPrompt(scored))));
    ids.addAll(texts.tokens(row.subList(1, row.size()), text(otherPrompt(scored))));
    return ids;
  }

  /** As {@link #tokens}, before texts are cut. */
  public List<int[]> uncut(List<String> row, boolean scored) {
    List<int[]> ids = new ArrayList<>(texts.uncut(row.subList(0, 1), text(anchorPrompt(scored))));
    ids.addAll(texts.uncut(row.subList(1, row.size()), text(otherPrompt(scored))));
    return ids;
  }
}
