package dev.hone.train.serve;

import dev.hone.lora.Adapters;
import dev.hone.nn.KvPages;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.generate.Streams;
import dev.hone.tokenizer.chat.ChatTemplates;
import dev.hone.train.encode.LanguageEncoder;
import dev.hone.train.infer.TextGenerator;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/** A language model that is served, with its adapters. */
final class ServedGenerator implements AutoCloseable {
  private static final double CACHE_SHARE = 0.6; // of the heap that is free, at most
  private static final System.Logger LOG = System.getLogger(ServedGenerator.class.getName());

  private final String name;
  private final TextGenerator generator;
  private final Adapters adapters; // null where the model has one in it
  private final Streams streams;
  private final Map<String, Manner> manners = new ConcurrentHashMap<>(); // of adapters whose directories say something

  /** How an adapter wants its conversations written. */
  private record Manner(LanguageEncoder encoder, GenerationSettings settings) {}

  ServedGenerator(String name, TextGenerator generator, ServerSettings settings) {
    this.name = name;
    this.generator = generator;
    this.streams = new Streams(generator.model(), settings.streams(), room(generator, settings.cacheTokens()),
        generator.drafting());
    Adapters all;
    try {
      all = generator.adapters();
    } catch (IllegalStateException _) {
      all = null;
    }
    this.adapters = all;
  }

  /** Tokens that there is room for: fewer than asked for where the heap is too small for so many. */
  private static int room(TextGenerator generator, int asked) {
    DecoderConfig config = (DecoderConfig) generator.model().config();
    long perToken = 2L * Float.BYTES * config.layers() * config.keyWidth();
    Runtime runtime = Runtime.getRuntime();
    long free = runtime.maxMemory() - (runtime.totalMemory() - runtime.freeMemory());
    long fits = (long) (CACHE_SHARE * free / perToken);
    if (fits < asked) {
      LOG.log(Level.WARNING, "the heap has room for keys and values of " + fits + " tokens, not of " + asked
          + " (--cache-tokens); more heap (-Xmx) allows more texts at a time");
    }
    return (int) Math.max(KvPages.SIZE, Math.min(asked, fits));
  }

  @Override
  public void close() {
    streams.close();
  }

  String name() {
    return name;
  }

  Adapters adapters() {
    return adapters;
  }

  Streams streams() {
    return streams;
  }

  /** What makes tokens of texts for a model or an adapter. */
  LanguageEncoder encoder(String model) {
    Manner own = manners.get(model);
    return own == null ? generator.encoder() : own.encoder;
  }

  /** How a model or an adapter writes where a request does not say. */
  GenerationSettings settings(String model) {
    Manner own = manners.get(model);
    return own == null ? generator.settings() : own.settings;
  }

  /** Loads an adapter, in the place of another of its name if there is one; its template and settings go before the model's. */
  void load(String adapter, Path directory) throws IOException {
    Map<String, String> templates = ChatTemplates.read(directory).sources();
    LanguageEncoder encoder = generator.encoder();
    if (!templates.isEmpty()) {
      encoder = new LanguageEncoder(encoder.tokenizer(), new ChatTemplates(templates, encoder.templates().specialTokens()),
          encoder.endToken(), encoder.vocabulary(), encoder.maxLength(), encoder.withPrompts());
    }
    GenerationSettings settings = generator.settings();
    if (Files.isRegularFile(directory.resolve(GenerationSettings.FILE))) {
      GenerationSettings own = GenerationSettings.read(directory);
      Set<Integer> ends = new TreeSet<>(own.endTokens());
      ends.add(encoder.endToken());
      ends.removeIf(token -> token < 0 || token >= vocabulary());
      settings = own.withEndTokens(ends);
    }
    adapters.replace(adapter, directory);
    manners.put(adapter, new Manner(encoder, settings));
  }

  /** Forgets an adapter. */
  void unload(String adapter) {
    adapters.remove(adapter);
    manners.remove(adapter);
  }

  /** What a prompt and its answer may have together. */
  int context(Adapters.Route route) {
    return route.model().maxLength();
  }

  /** What a prompt and its answer may have together, by a name; what the model itself takes if an adapter has just gone. */
  int context(String model) {
    Adapters.Route route = route(model);
    return route == null ? generator.model().maxLength() : context(route);
  }

  Set<String> adapterNames() {
    return adapters == null ? Set.of() : adapters.names();
  }

  /** The way of a text; null if the name is neither the model's nor an adapter's. */
  Adapters.Route route(String model) {
    if (adapters == null) {
      return model.equals(name) ? new Adapters.Route(generator.model(), -1) : null;
    }
    if (model.equals(name)) {
      return adapters.route(null);
    }
    return adapters.names().contains(model) ? adapters.route(model) : null;
  }

  int vocabulary() {
    return generator.model().config().vocabSize();
  }
}
