package dev.hone.train.task;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a model is tuned for: the words of {@code --task}. */
public enum TaskName {
  /** Texts to labels. */
  CLASSIFY("a text classifier"),
  /** Texts to what follows them. */
  GENERATE("a language model"),
  /** Texts to vectors. */
  EMBED("an embedding model"),
  /** Pairs of texts to how well they fit. */
  RERANK("a reranker"),
  /** Words to labels. */
  TAG("a tagger of words"),
  /** Answers that people prefer. */
  PREFER("a language model that prefers the better answer"),
  /** What a larger model knows. */
  DISTIL("a small model taught by a large one");

  private final String words;

  TaskName(String words) {
    this.words = words;
  }

  /** Its name as users write it. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** What is made, with its article. */
  public String model() {
    return words;
  }

  /** All names, separated as a flag's values are. */
  public static String all() {
    return Arrays.stream(values()).map(TaskName::word).collect(Collectors.joining("|"));
  }

  /**
   * The task of a name.
   *
   * @throws IllegalArgumentException naming all that there are
   */
  public static TaskName named(String word) {
    return Arrays.stream(values()).filter(task -> task.word().equals(word)).findFirst().orElseThrow(() ->
        new IllegalArgumentException("--task must be " + all().replace("|", ", ").replaceFirst(", (?=\\w+$)", " or ") + ", is '"
            + word + "'"));
  }
}
