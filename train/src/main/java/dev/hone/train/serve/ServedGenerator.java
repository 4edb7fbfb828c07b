package dev.hone.train.serve;

import dev.hone.lora.Adapters;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.generate.Streams;
import dev.hone.train.encode.LanguageEncoder;
import dev.hone.train.infer.TextGenerator;
import java.util.Set;

/** A language model that is served, with its adapters. */
final class ServedGenerator {
  private final String name;
  private final TextGenerator generator;
  private final Adapters adapters; // null where the model has one in it
  private final Streams streams;

  ServedGenerator(String name, TextGenerator generator, Streams streams) {
    this.name = name;
    this.generator = generator;
    this.streams = streams;
    Adapters all;
    try {
      all = generator.adapters();
    } catch (IllegalStateException _) {
      all = null;
    }
    this.adapters = all;
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
