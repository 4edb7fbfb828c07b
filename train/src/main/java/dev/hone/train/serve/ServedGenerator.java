package dev.hone.train.serve;

import dev.hone.lora.Adapters;
import dev.hone.nn.KvPages;
import dev.hone.nn.decoder.DecoderConfig;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.generate.Streams;
import dev.hone.train.encode.LanguageEncoder;
import dev.hone.train.infer.TextGenerator;
import java.lang.System.Logger.Level;
import java.util.Set;

/** A language model that is served, with its adapters. */
final class ServedGenerator implements AutoCloseable {
  private static final double CACHE_SHARE = 0.6; // of the heap that is free, at most
  private static final System.Logger LOG = System.getLogger(ServedGenerator.class.getName());

  private final String name;
  private final TextGenerator generator;
  private final Adapters adapters; // null where the model has one in it
  private final Streams streams;

  ServedGenerator(String name, TextGenerator generator, ServerSettings settings) {
    this.name = name;
    this.generator = generator;
    this.streams = new Streams(generator.model(), settings.streams(), room(generator, settings.cacheTokens()));
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

  LanguageEncoder encoder() {
    return generator.encoder();
  }

  GenerationSettings settings() {
    return generator.settings();
  }

  /** What a prompt and its answer may have together. */
  int context(Adapters.Route route) {
    return route.model().maxLength();
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

  void warmUp() {
    generator.warmUp();
  }
}
