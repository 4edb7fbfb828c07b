package dev.hone.train.cli;

import dev.hone.core.io.AtomicFile;
import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Encoding;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.tokenizer.training.TokenizerKind;
import dev.hone.tokenizer.training.TokenizerTrainer;
import dev.hone.tokenizer.training.TrainingListener;
import dev.hone.tokenizer.training.TrainingOptions;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.run.OutputDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Trains a tokenizer, or shows what one does: {@code train}, {@code encode} and {@code decode}. */
final class TokenizerCommand implements Command {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  // How transformers calls the tokens that training adds by itself.
  private static final Map<String, List<String>> ROLES = Map.of("<|endoftext|>", List.of("bos_token", "eos_token"),
      "<unk>", List.of("unk_token"), "[UNK]", List.of("unk_token"), "[PAD]", List.of("pad_token"),
      "[CLS]", List.of("cls_token"), "[SEP]", List.of("sep_token"), "[MASK]", List.of("mask_token"));

  @Override
  public String name() {
    return "tokenizer";
  }

  @Override
  public String summary() {
    return "train a tokenizer; turn text into ids and back";
  }

  @Override
  public String usage() {
    return "train --data FILE,... --output-dir DIR | encode --tokenizer DIR TEXT... | decode --tokenizer DIR ID...";
  }

  @Override
  public boolean takesWords() {
    return true;
  }

  @Override
  public List<Flag> flags() {
    return List.of(
        Flag.of("data", "FILE,...", null, "train: UTF-8 text to learn from; encode: a file, each line a text"),
        Flag.of("output-dir", "DIR", null, "train: where tokenizer.json and tokenizer_config.json go"),
        Flag.of("kind", "NAME", TokenizerKind.BYTE_LEVEL_BPE.label(), "train: " + kinds()),
        Flag.of("vocab-size", "N", "32000", "train: tokens in all"),
        Flag.of("min-frequency", "N", "2", "train: merge no pair that occurs less often"),
        Flag.of("special-tokens", "A,B", null, "train: they get the first ids [those usual for the kind]"),
        Flag.of("limit-alphabet", "N", "0", "train: keep the N most frequent characters only; 0 for all"),
        Flag.of("max-token-length", "N", "0", "train: merge no tokens of N characters or more, 0 for no limit; "
            + "unigram: the most characters of a piece, 0 for 16"),
        Flag.of("end-of-word-suffix", "TEXT", "", "train: mark the last character of a word, such as </w>; for bpe"),
        Flag.toggle("cased", "train: keep capitals and accents; for wordpiece"),
        Flag.toggle("overwrite", "train: replace what the output directory holds"),
        Flag.toggle("quiet", "train: no progress"),
        Flag.of("tokenizer", "DIR|FILE", null, "encode, decode: a model directory or a tokenizer file"),
        Flag.toggle("no-special-tokens", "encode: without [CLS], <s> and the like; decode: leave them out"),
        Flag.toggle("json", "encode: one JSON object per text, with tokens and the code points they cover"));
  }

  private static String kinds() {
    return Arrays.stream(TokenizerKind.values()).map(TokenizerKind::label).collect(Collectors.joining(", "));
  }

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    List<String> words = arguments.free();
    String what = words.isEmpty() ? "" : words.getFirst();
    List<String> rest = words.subList(Math.min(1, words.size()), words.size());
    switch (what) {
      case "train" -> train(arguments, rest, console);
      case "encode" -> encode(arguments, rest, console);
      case "decode" -> decode(arguments, rest, console);
      default -> throw new UserError("hone tokenizer: say train, encode or decode"
          + (what.isEmpty() ? "" : ", not '" + what + "'"));
    }
    return 0;
  }

  private static void train(Arguments arguments, List<String> rest, Console console) throws IOException {
    if (!rest.isEmpty()) {
      throw new UserError("hone tokenizer train: unexpected " + rest
          + "; files are given with --data FILE,FILE");
    }
    arguments.required("data");
    List<Path> files = arguments.list("data").stream().map(Path::of).toList();
    arguments.required("output-dir");
    Path directory = arguments.path("output-dir");
    OutputDirectory.check(directory, arguments.on("overwrite"));
    TrainingProgress progress = arguments.on("quiet") ? null : new TrainingProgress(console);
    Tokenizer tokenizer =
        TokenizerTrainer.train(files, options(arguments), progress == null ? TrainingListener.NONE : progress);
    if (progress != null) {
      progress.finish();
    }
    Files.createDirectories(directory);
    tokenizer.save(directory);
    AtomicFile.writeString(directory.resolve("tokenizer_config.json"), settings(tokenizer));
    console.note(directory + ": " + tokenizer.vocabSize() + " tokens");
  }

  private static TrainingOptions options(Arguments arguments) {
    String label = arguments.text("kind");
    TokenizerKind kind = Arrays.stream(TokenizerKind.values()).filter(k -> k.label().equals(label)).findFirst()
        .orElseThrow(() -> new UserError("--kind must be one of " + kinds() + ", is '" + label + "'"));
    TrainingOptions options = TrainingOptions.of(kind, arguments.integer("vocab-size"))
        .withMinFrequency(arguments.whole("min-frequency"))
        .withLimits(arguments.integer("limit-alphabet"), arguments.integer("max-token-length"))
        .withEndOfWordSuffix(arguments.text("end-of-word-suffix")).withLowercase(!arguments.on("cased"));
    return arguments.has("special-tokens") ? options.withSpecialTokens(arguments.list("special-tokens")) : options;
  }

  private static String settings(Tokenizer tokenizer) {
    ObjectNode settings = JSON.createObjectNode().put("tokenizer_class", "PreTrainedTokenizerFast");
    tokenizer.addedTokens().forEach(token ->
        ROLES.getOrDefault(token.content(), List.of()).forEach(role -> settings.put(role, token.content())));
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(settings) + "\n";
  }

  private static Tokenizer tokenizer(Arguments arguments) throws IOException {
    return Tokenizer.load(Path.of(arguments.required("tokenizer")));
  }

  private static void encode(Arguments arguments, List<String> rest, Console console) throws IOException {
    List<String> texts = new ArrayList<>(rest);
    if (arguments.has("data")) {
      for (String file : arguments.list("data")) {
        texts.addAll(Files.readAllLines(Path.of(file)));
      }
    }
    if (texts.isEmpty()) {
      throw new UserError("hone tokenizer encode: nothing to encode; give texts or --data FILE");
    }
    EncodeOptions options = EncodeOptions.DEFAULT.withSpecialTokens(!arguments.on("no-special-tokens"));
    List<Encoding> encodings = tokenizer(arguments).encodeAll(texts, options);
    for (int i = 0; i < texts.size(); i++) {
      console.result(arguments.on("json") ? line(texts.get(i), encodings.get(i))
          : Arrays.stream(encodings.get(i).ids()).mapToObj(Integer::toString).collect(Collectors.joining(" ")));
    }
  }

  private static String line(String text, Encoding encoding) {
    ObjectNode line = JSON.createObjectNode().put("text", text);
    ArrayNode ids = line.putArray("ids");
    ArrayNode tokens = line.putArray("tokens");
    ArrayNode offsets = line.putArray("offsets");
    for (int i = 0; i < encoding.size(); i++) {
      ids.add(encoding.id(i));
      tokens.add(encoding.token(i));
      offsets.addArray().add(encoding.start(i)).add(encoding.end(i));
    }
    return JSON.writeValueAsString(line);
  }

  private static void decode(Arguments arguments, List<String> rest, Console console) throws IOException {
    List<String> words = rest.stream().flatMap(word -> Arrays.stream(word.strip().split("[,\\s]+"))).toList();
    if (words.isEmpty()) {
      throw new UserError("hone tokenizer decode: nothing to decode; give token ids");
    }
    int[] ids = words.stream().mapToInt(TokenizerCommand::id).toArray();
    console.result(tokenizer(arguments).decode(ids, arguments.on("no-special-tokens")));
  }

  private static int id(String word) {
    try {
      return Integer.parseInt(word);
    } catch (NumberFormatException e) {
      throw new UserError("hone tokenizer decode: '" + word + "' is no token id; ids are whole numbers", e);
    }
  }

  /** Ten lines a phase, or one that is written over. */
  private static final class TrainingProgress implements TrainingListener {
    private static final int LINES = 10;

    private final Console console;
    private String shown = "";

    TrainingProgress(Console console) {
      this.console = console;
    }

    @Override
    public void progress(Phase phase, long done, long total) {
      long parts = console.terminal() ? 100 : LINES;
      String name = switch (phase) {
        case READING -> "reading";
        case MERGING -> "merging";
        case PRUNING -> "pruning";
      };
      String line = String.format(Locale.ROOT, "%s %d %%", name, done * parts / Math.max(1, total) * (100 / parts));
      if (line.equals(shown)) {
        return;
      }
      shown = line;
      if (console.terminal()) {
        console.err().print("\r" + line + "   ");
        console.err().flush();
      } else {
        console.note(line);
      }
    }

    void finish() {
      if (console.terminal()) {
        console.err().println();
      }
    }
  }
}
