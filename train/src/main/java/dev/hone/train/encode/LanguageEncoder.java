package dev.hone.train.encode;

import dev.hone.core.parallel.Workers;
import dev.hone.nn.ModelConfig;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.load.ModelLoader;
import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Encoding;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.tokenizer.chat.ChatEncoder;
import dev.hone.tokenizer.chat.ChatOptions;
import dev.hone.tokenizer.chat.ChatTemplate;
import dev.hone.tokenizer.chat.ChatTemplateException;
import dev.hone.tokenizer.chat.ChatTemplates;
import dev.hone.tokenizer.chat.MaskedChat;
import dev.hone.train.data.DataException;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Turns rows into tokens, of which some are to be learnt: all of a text, the completion after a prompt, what the assistant
 * says in a conversation. Texts and completions get the end token, which is learnt as well, so that the model stops.
 *
 * @param tokenizer of the model
 * @param templates of conversations; may be empty if there are none
 * @param endToken what ends a text, -1 for nothing
 * @param vocabulary how many token ids the model has
 * @param maxLength tokens that a row is cut to, and of which a long text's blocks are
 * @param withPrompts whether prompts and what others say are learnt as well
 */
public record LanguageEncoder(Tokenizer tokenizer, ChatTemplates templates, int endToken, int vocabulary, int maxLength,
    boolean withPrompts) {
  /** Tokens that rows are cut to unless something else is asked for, or the model takes less. */
  public static final int USUAL_LENGTH = 512;
  private static final double MAX_DROPPED = 0.05;
  /** Rows that all threads together encode before they are gathered. */
  private static final int AT_A_TIME = 512;

  public LanguageEncoder {
    if (maxLength < 2) {
      throw new IllegalArgumentException("max_length must be at least 2, is " + maxLength);
    }
  }

  /**
   * The encoder of a model, of which no weights are needed.
   *
   * @param config its {@code config.json}
   * @param tokenizer a {@code tokenizer.json}, or a directory with one; chat template and generation settings lie beside it
   */
  public static LanguageEncoder read(Path config, Path tokenizer) throws IOException {
    ModelConfig model = ModelLoader.configOf(config);
    Path directory = Files.isDirectory(tokenizer) ? tokenizer : tokenizer.toAbsolutePath().getParent();
    return of(Tokenizer.load(tokenizer), ChatTemplates.read(directory), GenerationSettings.read(directory), model.vocabSize(),
        Math.min(USUAL_LENGTH, model.maxLength()));
  }

  /** Puts an encoder together; what ends a text is the tokenizer's {@code eos_token}, else what ends a generation. */
  public static LanguageEncoder of(Tokenizer tokenizer, ChatTemplates templates, GenerationSettings settings, int vocabulary,
      int maxLength) {
    String named = templates.specialTokens().get("eos_token");
    int end = named == null ? -1 : tokenizer.tokenId(named);
    if (end < 0 && !settings.endTokens().isEmpty()) {
      end = new TreeSet<>(settings.endTokens()).first();
    }
    return new LanguageEncoder(tokenizer, templates, end < vocabulary ? end : -1, vocabulary, maxLength, false);
  }

  /** This encoder with rows cut to another number of tokens, and with or without learning the prompts. */
  public LanguageEncoder withRows(int length, boolean prompts) {
    return new LanguageEncoder(tokenizer, templates, endToken, vocabulary, length, prompts);
  }

  /**
   * This encoder with another chat template, by its Jinja source. Throws {@link ChatTemplateException} if it cannot be parsed.
   */
  public LanguageEncoder withTemplate(String source) {
    ChatTemplates other = new ChatTemplates(Map.of("default", source), templates.specialTokens());
    other.named("default"); // what cannot be parsed fails now
    return new LanguageEncoder(tokenizer, other, endToken, vocabulary, maxLength, withPrompts);
  }

  /**
   * Rows as a model takes them.
   *
   * @param set the rows; one for each block of a {@link Example.Document}
   * @param source which row of the data each row of {@code set} was made of
   * @param learnt number of tokens that are learnt; the first of a row never is
   * @param cut how many rows were longer than {@code maxLength}
   * @param dropped how many rows had nothing left to learn and were left out
   * @param refused how many rows the chat template would have worked on for too long; they are left out as well
   * @param joined how many rows have a token that holds the end of the prompt and the beginning of the completion; it is learnt
   */
  public record Encoded(TrainingSet set, int[] source, long learnt, int cut, int dropped, int refused, int joined) {
    /** Number of tokens. */
    public long tokens() {
      return Arrays.stream(set.lengths()).asLongStream().sum();
    }

    /** What came out, in one line. */
    public String description() {
      return String.format(Locale.ROOT, "%,d rows, %,d tokens, %.1f%% of them learnt%s%s%s%s", set.size(), tokens(),
          100.0 * learnt() / Math.max(1, tokens()), note(cut, " cut at the maximum length"),
          note(dropped, " dropped, they had nothing left to learn"),
          note(refused, " dropped, they cost the chat template more than a rendering may (-Dhone.template.work)"),
          note(joined, " with a token across the prompt's end"));
    }

    private static String note(int rows, String what) {
      return rows == 0 ? "" : "; " + rows + what;
    }
  }

  /**
   * A row before it is cut.
   *
   * @param tokens all of its tokens
   * @param learnt which of them are to be learnt
   * @param joined whether a token holds the end of the prompt and the beginning of the completion
   */
  public record Row(int[] tokens, boolean[] learnt, boolean joined) {}

  /** Rows as a model takes them; blocks of a long text do not overlap. */
  public Encoded encode(Dataset<Example.Language> data) {
    return encode(data, maxLength);
  }

  /**
   * Encodes rows, with blocks of a long text that overlap, for evaluation: every token counts once, in the first block that it is
   * in.
   *
   * @param stride distance of the blocks' beginnings, from 1 to {@code maxLength}
   */
  public Encoded encode(Dataset<Example.Language> data, int stride) {
    if (stride < 1 || stride > maxLength) {
      throw new IllegalArgumentException("stride must be from 1 to the maximum length of " + maxLength + " tokens, is " + stride);
    }
    if (data.size() == 0) {
      throw new DataException(data.source(), "has no rows");
    }
    Map<Boolean, ChatTemplate> chosen = new ConcurrentHashMap<>();
    Rows rows = new Rows(data.onDemand());
    int cut = 0;
    int dropped = 0;
    int joined = 0;
    int firstDropped = -1;
    int refused = 0;
    DataException firstRefusal = null;
    for (int from = 0; from < data.size(); from += AT_A_TIME) {
      int first = from;
      Made[] made = new Made[Math.min(AT_A_TIME, data.size() - from)];
      Workers.run(made.length, i -> made[i] = made(data, first + i, stride, chosen));
      for (int i = 0; i < made.length; i++) {
        if (made[i].fault != null) {
          throw made[i].fault;
        }
        for (TrainingSet.Row row : made[i].rows) {
          rows.add(row, first + i);
        }
        cut += made[i].cut ? 1 : 0;
        joined += made[i].joined ? 1 : 0;
        if (made[i].refusal != null) {
          refused++;
          firstRefusal = firstRefusal == null ? made[i].refusal : firstRefusal;
        }
        boolean lost = made[i].rows.isEmpty() && made[i].refusal == null;
        dropped += lost ? 1 : 0;
        firstDropped = lost && firstDropped < 0 ? first + i : firstDropped;
      }
    }
    if (refused > MAX_DROPPED * data.size() || refused > 0 && rows.size == 0) {
      throw new DataException(data.source(), firstRefusal.line(), refused + " of " + data.size() + " rows cost the chat template "
          + "more than a rendering may, more than 5 % is taken for a fault; the first: " + firstRefusal.getCause().getMessage());
    }
    if (dropped > MAX_DROPPED * data.size() || rows.size == 0) {
      throw nothingLearnt(data, dropped, firstDropped);
    }
    int[] source = Arrays.copyOf(rows.source, rows.size);
    TrainingSet set = rows.set(i -> again(data, source, i, stride, chosen));
    return new Encoded(set, source, rows.learnt, cut, dropped, refused, joined);
  }

  private DataException nothingLearnt(Dataset<Example.Language> data, int dropped, int first) {
    String why = first >= 0 && !withPrompts && data.row(first) instanceof Example.Chat chat ? chat.lacksAnswer() : "";
    return new DataException(data.source(), first < 0 ? 0 : data.line(first), dropped + " of " + data.size()
        + " rows have nothing to learn " + (why.isEmpty() ? "in their first " + maxLength
        + " tokens, this is the first; raise the maximum length (--max-length) or shorten prompts"
        : "(the first: " + why + "); what is learnt is said by the role 'assistant', with weight 1 if any")
        + "; more than 5 % is taken for a fault");
  }

  /**
   * What became of a row of the data: no rows if there is nothing to learn or the template's limits refused it, or what is
   * wrong with it.
   */
  private record Made(List<TrainingSet.Row> rows, boolean cut, boolean joined, DataException refusal, RuntimeException fault) {
    static Made failed(RuntimeException e) {
      return e instanceof DataException refusal && e.getCause() instanceof ChatTemplateException t
          && t.kind() == ChatTemplateException.Kind.LIMIT ? new Made(List.of(), false, false, refusal, null)
          : new Made(List.of(), false, false, null, e); // thrown in the order of the rows, whoever finds it first
    }
  }

  private Made made(Dataset<Example.Language> data, int i, int stride, Map<Boolean, ChatTemplate> chosen) {
    try {
      if (data.row(i) instanceof Example.Document(String text)) {
        int[] all = tokenizer.encode(text, EncodeOptions.PLAIN).ids();
        check(all, data, i);
        return new Made(blocks(all, stride), false, false, null, null);
      }
      Row row = row(data, i, chosen);
      check(row.tokens, data, i);
      TrainingSet.Row shortened = shortened(row);
      return new Made(count(shortened) == 0 ? List.of() : List.of(shortened), row.tokens.length > maxLength, row.joined,
          null, null);
    } catch (RuntimeException e) {
      return Made.failed(e);
    }
  }

  /** Gathers rows; in memory, unless they can be made again. */
  private static final class Rows {
    private final TrainingSet.Gathering passing; // null: kept in memory
    private final List<int[]> tokens = new ArrayList<>();
    private final List<Target> targets = new ArrayList<>();
    private int[] source = new int[1024];
    private int size;
    private long learnt;

    Rows(boolean onDemand) {
      passing = onDemand ? new TrainingSet.Gathering() : null;
    }

    void add(TrainingSet.Row row, int from) {
      if (passing != null) {
        passing.add(row.tokens(), row.target());
      } else {
        tokens.add(row.tokens());
        targets.add(row.target());
      }
      source = size == source.length ? Arrays.copyOf(source, size + (size >> 1)) : source;
      source[size++] = from;
      learnt += count(row);
    }

    TrainingSet set(IntFunction<TrainingSet.Row> again) {
      return passing == null ? new TrainingSet(tokens, null, targets) : passing.onDemand(again);
    }
  }

  /** Makes row {@code i} of a set once more, which was made of row {@code source[i]} of the data. */
  private TrainingSet.Row again(Dataset<Example.Language> data, int[] source, int i, int stride,
      Map<Boolean, ChatTemplate> chosen) {
    if (data.row(source[i]) instanceof Example.Document(String text)) {
      int block = 0;
      while (i > block && source[i - block - 1] == source[i]) {
        block++;
      }
      return blocks(tokenizer.encode(text, EncodeOptions.PLAIN).ids(), stride).get(block);
    }
    return shortened(row(data, source[i], chosen));
  }

  /** A row cut to the maximum length. */
  private TrainingSet.Row shortened(Row row) {
    int length = Math.min(maxLength, row.tokens.length);
    return new TrainingSet.Row(Arrays.copyOf(row.tokens, length),
        new Target.LearntTokens(Arrays.copyOf(row.learnt, length)));
  }

  private static long count(TrainingSet.Row row) {
    boolean[] learnt = ((Target.LearntTokens) row.target()).learnt();
    return IntStream.range(1, learnt.length).filter(i -> learnt[i]).count();
  }

  /** A token id that the model has no row for would read past its table. */
  private void check(int[] tokens, Dataset<?> data, int row) {
    for (int token : tokens) {
      if (token >= vocabulary) {
        throw new DataException(data.source(), data.line(row), "token '" + tokenizer.token(token) + "' has id " + token
            + ", the model's vocabulary has " + vocabulary + " ids: tokenizer and model do not belong together");
      }
    }
  }

  private List<TrainingSet.Row> blocks(int[] all, int stride) {
    List<TrainingSet.Row> blocks = new ArrayList<>();
    int counted = 0;
    for (int start = 0; counted < all.length && all.length - start > 1; start += stride) {
      int end = Math.min(all.length, start + maxLength);
      boolean[] learnt = new boolean[end - start];
      Arrays.fill(learnt, counted - start, learnt.length, true);
      blocks.add(new TrainingSet.Row(Arrays.copyOfRange(all, start, end), new Target.LearntTokens(learnt)));
      counted = end;
    }
    return blocks;
  }

  private Row row(Dataset<Example.Language> data, int i, Map<Boolean, ChatTemplate> chosen) {
    try {
      return row(data.row(i), chosen);
    } catch (ChatTemplateException | IllegalArgumentException e) {
      throw new DataException(data.source(), data.line(i), e.getMessage(), e);
    }
  }

  /**
   * One row as it is before it is cut.
   *
   * @param chosen templates that were parsed before, by whether there are tools; at first an empty map
   * @throws ChatTemplateException if the template does not take a conversation
   */
  public Row row(Example.Language example, Map<Boolean, ChatTemplate> chosen) {
    return switch (example) {
      case Example.Text(String text) -> ended(prompt(text), 0, false);
      case Example.Completion(String prompt, String completion) -> {
        int[] given = prompt(prompt);
        int[] whole = prompt(prompt + completion);
        int shared = Arrays.mismatch(given, whole);
        yield ended(whole, shared < 0 ? whole.length : shared, shared >= 0 && shared < given.length);
      }
      case Example.Chat chat -> {
        ChatTemplate template = chosen.computeIfAbsent(chat.tools() != null, templates::choose);
        yield chat(chat, template);
      }
      case Example.Document _ -> throw new IllegalArgumentException("a document has blocks, not one row");
    };
  }

  /**
   * What the assistant says is learnt, but for messages that are context; with prompts, all but these. Where it says nothing, an
   * end would be all there is to learn, and the model would learn to be silent: then nothing is.
   */
  private Row chat(Example.Chat chat, ChatTemplate template) {
    ChatOptions options = options(chat);
    List<Map<String, Object>> messages = ContentParts.fitted(chat.messages(), template, options);
    if (!withPrompts) {
      MaskedChat masked = template.encodeMasked(messages, options, ChatEncoder.of(tokenizer), i -> !chat.isContext(i));
      return new Row(masked.ids(), chat.lacksAnswer().isEmpty() ? masked.assistant() : new boolean[masked.ids().length], false);
    }
    for (int i = 0; i < messages.size(); i++) {
      if (chat.isContext(i) && !"assistant".equals(messages.get(i).get("role"))) {
        throw new IllegalArgumentException("message " + (i + 1) + " (" + messages.get(i).get("role") + ") has weight 0, and "
            + "train_on_prompt learns what others than the assistant say; leave one of them out");
      }
    }
    MaskedChat given = template.encodeMasked(messages, options, ChatEncoder.of(tokenizer), chat::isContext);
    boolean[] learnt = new boolean[given.ids().length];
    for (int t = 0; t < learnt.length; t++) {
      learnt[t] = !given.assistant()[t];
    }
    return new Row(given.ids(), learnt, false);
  }

  /** The tokens with the end token; those from {@code first} on are learnt, with prompts all. */
  private Row ended(int[] tokens, int first, boolean joined) {
    int[] all = endToken < 0 ? tokens : Arrays.copyOf(tokens, tokens.length + 1);
    if (endToken >= 0) {
      all[tokens.length] = endToken;
    }
    boolean[] learnt = new boolean[all.length];
    Arrays.fill(learnt, withPrompts ? 0 : Math.min(first, learnt.length), learnt.length, true);
    return new Row(all, learnt, joined);
  }

  /** The tokens of a text that goes on: with what the tokenizer puts before a text, without what it puts behind. */
  public int[] prompt(String text) {
    Encoding encoding = tokenizer.encode(text, EncodeOptions.DEFAULT);
    int[] added = encoding.specialTokensMask();
    int[] ids = encoding.ids();
    boolean empty = Arrays.stream(added).allMatch(mark -> mark == 1); // then all that marks the end is its id
    int length = ids.length;
    while (length > 0 && added[length - 1] == 1 && (!empty || ids[length - 1] == endToken)) {
      length--;
    }
    return Arrays.copyOf(ids, length);
  }

  /** The tokens of a conversation up to where the assistant is to speak. */
  public int[] prompt(Example.Chat chat) {
    return prompt(chat, options -> options.withGenerationPrompt(true));
  }

  /**
   * The tokens of a conversation with other options of its template.
   *
   * @param how what to change about the options, which begin with the special tokens and the conversation's tools
   * @throws ChatTemplateException if there is no template, or it does not take the conversation
   */
  public int[] prompt(Example.Chat chat, UnaryOperator<ChatOptions> how) {
    ChatTemplate template = templates.choose(chat.tools() != null);
    ChatOptions options = how.apply(options(chat));
    return template.encode(ContentParts.fitted(chat.messages(), template, options), options, ChatEncoder.of(tokenizer)).ids();
  }

  /** The tokens of a whole conversation. */
  public int[] conversation(Example.Chat chat) {
    ChatTemplate template = templates.choose(chat.tools() != null);
    ChatOptions options = options(chat);
    return template.encode(ContentParts.fitted(chat.messages(), template, options), options, ChatEncoder.of(tokenizer)).ids();
  }

  private ChatOptions options(Example.Chat chat) {
    ChatOptions options = ChatOptions.DEFAULT.withVariables(templates.specialTokens());
    return chat.tools() == null ? options : options.withTools(chat.tools());
  }
}
