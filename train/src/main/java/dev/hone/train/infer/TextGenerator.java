package dev.hone.train.infer;

import dev.hone.core.DType;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.Adapters;
import dev.hone.nn.InterleavedWeights;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.generate.DraftModel;
import dev.hone.nn.generate.Drafting;
import dev.hone.nn.generate.Generated;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.generate.Generator;
import dev.hone.nn.generate.StopReason;
import dev.hone.tokenizer.DecodeStream;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.tokenizer.chat.ChatTemplates;
import dev.hone.train.data.Example;
import dev.hone.train.encode.LanguageEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * A language model with its tokenizer, chat template and usual settings: texts in, texts out.
 *
 * {@snippet :
 * TextGenerator generator = TextGenerator.load(Path.of("stories260K"), null);
 * generator.generate(generator.prompt("Once upon a time"), generator.settings(), System.out::print);
 * }
 *
 * <p>Safe for use by several threads at once: a text is written with the adapter that was active, or chosen, when it began.
 */
public final class TextGenerator {
  private final PretrainedModel model;
  private final LanguageEncoder encoder;
  private final GenerationSettings settings;
  private final Drafting drafting;
  private Adapters adapters; // null until they are asked for

  /**
   * A generator.
   *
   * @param model loaded for {@link Task#CAUSAL_LM}
   * @param encoder makes tokens of texts
   * @param settings used where none are given
   */
  public TextGenerator(PretrainedModel model, LanguageEncoder encoder, GenerationSettings settings) {
    this(model, encoder, settings, Drafting.NONE);
  }

  private TextGenerator(PretrainedModel model, LanguageEncoder encoder, GenerationSettings settings, Drafting drafting) {
    if (model.task() != Task.CAUSAL_LM) {
      throw new IllegalArgumentException("TextGenerator: the model was loaded for " + model.task());
    }
    if (encoder.maxLength() > model.maxLength()) {
      throw new IllegalArgumentException("max_length must be from 2 to " + model.maxLength()
          + ", which is what the model takes, is " + encoder.maxLength());
    }
    this.model = model;
    this.encoder = encoder;
    this.settings = settings;
    this.drafting = drafting;
  }

  /**
   * Loads a language model.
   *
   * @param directory the base model, or a fully tuned one
   * @param adapter the adapter's directory, or null; its chat template and generation settings go before the model's
   */
  public static TextGenerator load(Path directory, Path adapter) throws IOException {
    return load(directory, adapter, null);
  }

  /**
   * Loads a tuned language model on quantised weights.
   *
   * @param quantized {@link DType#NF4}, {@link DType#Q8_0}, {@link DType#INT8_ROWS} or null
   */
  public static TextGenerator load(Path directory, Path adapter, DType quantized) throws IOException {
    PretrainedModel model = adapter == null ? PretrainedModel.load(directory, Task.CAUSAL_LM, quantized)
        : AdapterFiles.base(adapter, directory, Task.CAUSAL_LM, quantized);
    if (adapter != null) {
      AdapterFiles.load(adapter, model);
    }
    return of(model, Tokenizer.load(ownTokenizer(adapter) ? adapter : directory), directory, adapter);
  }

  /** Whether an adapter has a tokenizer with it, as one that was trained with new tokens has. */
  private static boolean ownTokenizer(Path adapter) {
    return adapter != null && Files.isRegularFile(adapter.resolve("tokenizer.json"));
  }

  /**
   * Puts a generator together.
   *
   * @param companions the directory with the tokenizer's configuration, the chat template and the generation settings
   * @param adapter a directory whose files go before those, or null
   */
  public static TextGenerator of(PretrainedModel model, Tokenizer tokenizer, Path companions, Path adapter) throws IOException {
    ChatTemplates templates = ChatTemplates.read(companions);
    Map<String, String> own = adapter == null ? Map.of() : ChatTemplates.read(adapter).sources();
    if (!own.isEmpty()) {
      templates = new ChatTemplates(own, templates.specialTokens());
    }
    boolean ownSettings = adapter != null && Files.isRegularFile(adapter.resolve(GenerationSettings.FILE));
    GenerationSettings settings = GenerationSettings.read(ownSettings ? adapter : companions);
    LanguageEncoder encoder = LanguageEncoder.of(tokenizer, templates, settings, model.config().vocabSize(), usualLength(model));
    Set<Integer> ends = new TreeSet<>(settings.endTokens());
    if (encoder.endToken() >= 0) {
      ends.add(encoder.endToken());
    }
    ends.removeIf(token -> token >= model.config().vocabSize());
    return new TextGenerator(model, encoder, settings.withEndTokens(ends));
  }

  /** The length that rows are cut to unless something else is asked for: 512 tokens, or less if the model takes less. */
  public static int usualLength(PretrainedModel model) {
    return Math.min(LanguageEncoder.USUAL_LENGTH, model.maxLength());
  }

  /** This generator with rows cut to another number of tokens, and with or without learning the prompts. */
  public TextGenerator withRows(int maxLength, boolean withPrompts) {
    return new TextGenerator(model, encoder.withRows(maxLength, withPrompts), settings, drafting);
  }

  /** This generator with another chat template, by its Jinja source. */
  public TextGenerator withTemplate(String source) {
    return new TextGenerator(model, encoder.withTemplate(source), settings, drafting);
  }

  /** This generator with guesses of next tokens, which change none: {@link dev.hone.nn.generate.PromptLookup}, for one. */
  public TextGenerator withDrafting(Drafting other) {
    return new TextGenerator(model, encoder, settings, other);
  }

  /**
   * This generator with guesses by a smaller model, which change no token.
   *
   * @param draft a model with this one's tokenizer
   * @param most the most tokens that are guessed at a time
   * @throws IllegalArgumentException if the ids of the two stand for other tokens
   */
  public TextGenerator withDraftModel(TextGenerator draft, int most) {
    Tokenizer own = encoder.tokenizer();
    Tokenizer other = draft.encoder.tokenizer();
    int smaller = draft.model.config().vocabSize();
    for (int id = 0; id < Math.max(own.idBound(), other.idBound()); id++) {
      if (!Objects.equals(own.token(id), other.token(id))) {
        throw new IllegalArgumentException("draft model: token " + id + " is '" + other.token(id) + "' there and '"
            + own.token(id) + "' here; the two models must have one tokenizer");
      }
    }
    if (smaller < own.idBound()) {
      throw new IllegalArgumentException("draft model: it has " + smaller + " rows in its embedding, the tokenizer "
          + own.idBound() + " tokens");
    }
    return withDrafting(new DraftModel(draft.model, most));
  }

  /** The guesses of next tokens. */
  public Drafting drafting() {
    return drafting;
  }

  /**
   * The adapters on this model that calls can choose from by {@link #with}.
   *
   * @throws IllegalStateException if the model was loaded with one adapter in it
   */
  public synchronized Adapters adapters() {
    if (adapters == null) {
      adapters = new Adapters(model);
    }
    return adapters;
  }

  /**
   * A generator with one of the {@link #adapters}, whichever is active. It costs nothing: make one per call.
   *
   * @param adapter its name
   */
  public TextGenerator with(String adapter) {
    return new TextGenerator(adapters().model(adapter), encoder, settings, drafting);
  }

  /** The tokens of a text that is to go on. */
  public int[] prompt(String text) {
    return encoder.prompt(text);
  }

  /** The tokens of a conversation in which the assistant is to speak next, by the chat template. */
  public int[] prompt(Example.Chat conversation) {
    return encoder.prompt(conversation);
  }

  /**
   * Continues a prompt.
   *
   * @param prompt token ids, at least one
   * @param listener gets the new text piece by piece: as soon as its bytes form whole characters and it cannot be the
   *     beginning of a stop string
   * @return the new tokens; those until then if the thread is interrupted, see {@link Generator}
   */
  public Generated generate(int[] prompt, GenerationSettings how, Consumer<String> listener) {
    return generate(prompt, how, listener, () -> { });
  }

  /** Continues a prompt; {@code token} is run at every new token, also where its text is not final yet. */
  public Generated generate(int[] prompt, GenerationSettings how, Consumer<String> listener, Runnable token) {
    DecodeStream stream = encoder.tokenizer().decodeStream(true);
    for (int id : prompt) {
      stream.step(id); // what the prompt's last tokens say decides whether a space comes before the first new word
    }
    StopStrings text = new StopStrings(how.stopStrings(), listener);
    Generated result = new Generator(model, ids -> encoder.tokenizer().decode(ids, true), drafting)
        .generate(List.of(prompt), how, (_, id) -> {
          token.run();
          stream.step(id).ifPresent(text::add);
        }).getFirst();
    text.finish();
    return result;
  }

  /**
   * Continues several prompts at the same time; returns what comes after each.
   *
   * @throws CancellationException if the thread is interrupted before all is written
   */
  public List<String> generateAll(List<int[]> prompts, GenerationSettings how) {
    List<String> texts = new ArrayList<>();
    generateAll(prompts, how, (generated, text) -> {
      requireWhole(generated);
      texts.add(text);
    });
    return texts;
  }

  /**
   * Continues several prompts at the same time. A prompt that is there several times goes through the model once and is continued
   * by other draws each time, the first time as if it were alone.
   *
   * @param listener told the new tokens and the new text of each prompt, in their order, when all are written
   */
  public void generateAll(List<int[]> prompts, GenerationSettings how, BiConsumer<Generated, String> listener) {
    List<Generated> results = new Generator(model, ids -> encoder.tokenizer().decode(ids, true), drafting).generate(prompts, how);
    for (int i = 0; i < results.size(); i++) {
      DecodeStream stream = encoder.tokenizer().decodeStream(true);
      StringBuilder text = new StringBuilder();
      StopStrings held = new StopStrings(how.stopStrings(), text::append);
      IntStream.of(prompts.get(i)).forEach(stream::step);
      IntStream.of(results.get(i).tokens()).forEach(id -> stream.step(id).ifPresent(held::add));
      held.finish();
      listener.accept(results.get(i), text.toString());
    }
  }

  /**
   * Continues a text; returns what comes after it.
   *
   * @throws CancellationException if the thread is interrupted before all is written
   */
  public String generate(String prompt, GenerationSettings how) {
    StringBuilder text = new StringBuilder();
    requireWhole(generate(prompt(prompt), how, text::append));
    return text.toString();
  }

  /** A text alone does not say that it is not all of it. */
  private static void requireWhole(Generated generated) {
    if (generated.reason() == StopReason.INTERRUPTED) {
      throw new CancellationException("generate: the thread was interrupted after " + generated.tokens().length + " tokens");
    }
  }

  /** Makes requests of no use until the first real one is quick; see {@link WarmUp}. */
  public void warmUp() {
    InterleavedWeights.of(model);
    int[] prompt = prompt("The quick brown fox jumps");
    int[] some = prompt.length == 0 ? new int[] {0} : Arrays.copyOf(prompt, Math.min(prompt.length, model.maxLength() - 1));
    GenerationSettings few = GenerationSettings.GREEDY.withMaxNewTokens(8);
    WarmUp.run(() -> generate(some, few, text -> { }));
  }

  /** The model. */
  public PretrainedModel model() {
    return model;
  }

  /** What makes tokens of texts. */
  public LanguageEncoder encoder() {
    return encoder;
  }

  /** How the model's directory, or the adapter's, says to generate: its end tokens, length and sampling. */
  public GenerationSettings settings() {
    return settings;
  }
}
