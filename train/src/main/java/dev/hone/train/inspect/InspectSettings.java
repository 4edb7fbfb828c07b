package dev.hone.train.inspect;

import dev.hone.train.data.DataOptions;
import dev.hone.train.task.embed.EmbeddingSettings;
import java.nio.file.Path;
import java.util.List;

/**
 * What is inspected, and how.
 *
 * @param training files to train on
 * @param heldOut files to evaluate on; may be empty
 * @param data how files are read
 * @param task what rows are for
 * @param labels what labels are
 * @param config the model's {@code config.json}; null to look at texts without tokens
 * @param tokenizer the directory of its tokenizer and chat template; null as {@code config}
 * @param template the Jinja source of another chat template than the tokenizer's; null for its own
 * @param maxLength tokens that rows are cut to; 0 for what training takes
 * @param withPrompts whether prompts are learnt, too
 * @param embedding which prompts an embedding model puts before texts, for {@link Task#EMBED}
 * @param likeness Jaccard's likeness from which on rows are near copies, above 0 and at most 1
 */
public record InspectSettings(List<Path> training, List<Path> heldOut, DataOptions data, Task task, Labels labels, Path config,
    Path tokenizer, String template, int maxLength, boolean withPrompts, double likeness, EmbeddingSettings embedding) {
  /** The likeness from which on rows are near copies unless something else is asked for. */
  public static final double USUAL_LIKENESS = 0.8;

  /** What rows are for. */
  public enum Task {
    /** What their columns say. */
    DETECT(""),
    /** Texts with labels. */
    CLASSIFY("the label is learnt from all of the text"),
    /** What a language model learns. */
    GENERATE(""),
    /** Texts that belong together, for an embedding model. */
    EMBED("that texts belong together, or how much alike they are, is learnt from all of them"),
    /** Queries with documents, for a reranker. */
    RERANK("how well a document fits its query is learnt from both"),
    /** Words with tags. */
    TAG("at the first token of a word its tag is learnt"),
    /** Answers that are preferred to others. */
    PREFER("what is learnt is which answer is the better one");

    private final String learnt;

    Task(String learnt) {
      this.learnt = learnt;
    }

    /** What is learnt, where that is not the text itself; else empty. */
    String learnt() {
      return learnt;
    }

    /** Whether texts are answers, token by token. */
    boolean isLanguage() {
      return this == GENERATE || this == PREFER;
    }
  }

  /** What labels are. */
  public enum Labels {
    /** One class a row. */
    ONE,
    /** Several labels a row. */
    SEVERAL,
    /** A number a row. */
    NUMBERS
  }

  /** Checks that there is a file, and that the likeness can be met. */
  public InspectSettings {
    training = List.copyOf(training);
    heldOut = List.copyOf(heldOut);
    if (training.isEmpty()) {
      throw new IllegalArgumentException("inspect: there is no file to look at");
    }
    if (!(likeness > 0 && likeness <= 1)) {
      throw new IllegalArgumentException("inspect: the likeness of near copies must be above 0 and at most 1, is " + likeness);
    }
  }

  /** Looks at a file, without a model; what its rows are for is told by their columns. */
  public static InspectSettings of(Path training) {
    return new InspectSettings(List.of(training), List.of(), DataOptions.DETECT, Task.DETECT, Labels.ONE, null, null, null, 0,
        false, USUAL_LIKENESS, EmbeddingSettings.USUAL);
  }

  /** These settings with a file to evaluate on. */
  public InspectSettings withHeldOut(Path file) {
    return new InspectSettings(training, List.of(file), data, task, labels, config, tokenizer, template, maxLength,
        withPrompts, likeness, embedding);
  }

  /** These settings with tokens, by a model's directory; its weights are not read. */
  public InspectSettings withModel(Path directory) {
    return withModel(directory.resolve("config.json"), directory, maxLength, withPrompts);
  }

  /** These settings with tokens of a model of which there is a configuration and a tokenizer. */
  public InspectSettings withModel(Path configuration, Path directory, int length, boolean prompts) {
    return new InspectSettings(training, heldOut, data, task, labels, configuration, directory, template, length, prompts,
        likeness, embedding);
  }

  /** These settings with another chat template, by its Jinja source. */
  public InspectSettings withTemplate(String source) {
    return new InspectSettings(training, heldOut, data, task, labels, config, tokenizer, source, maxLength, withPrompts,
        likeness, embedding);
  }

  /** These settings with other prompts before texts. */
  public InspectSettings withEmbedding(EmbeddingSettings other) {
    return new InspectSettings(training, heldOut, data, task, labels, config, tokenizer, template, maxLength, withPrompts,
        likeness, other);
  }

  /** These settings with files read in another way. */
  public InspectSettings withData(DataOptions options, Task use, Labels kind) {
    return new InspectSettings(training, heldOut, options, use, kind, config, tokenizer, template, maxLength, withPrompts,
        likeness, embedding);
  }
}
