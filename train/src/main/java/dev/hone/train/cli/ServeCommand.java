package dev.hone.train.cli;

import dev.hone.lora.AdapterFiles;
import dev.hone.nn.Task;
import dev.hone.nn.family.ConfigReader;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.Flag;
import dev.hone.train.config.UserError;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.infer.TextReranker;
import dev.hone.train.infer.TextVectors;
import dev.hone.train.monitor.FeedbackLog;
import dev.hone.train.monitor.LogSettings;
import dev.hone.train.monitor.Monitor;
import dev.hone.train.monitor.MonitorReference;
import dev.hone.train.monitor.MonitoredLog;
import dev.hone.train.monitor.Registry;
import dev.hone.train.run.QuantFlags;
import dev.hone.train.serve.ModelServer;
import dev.hone.train.serve.ServerSettings;
import dev.hone.train.source.ModelArgument;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Answers over HTTP. */
final class ServeCommand implements Command {
  private static final List<String> TASKS = List.of("generate", "classify", "embed");

  @Override
  public String name() {
    return "serve";
  }

  @Override
  public String summary() {
    return "answer over HTTP as OpenAI and text-embeddings-inference do";
  }

  @Override
  public String usage() {
    return "--model [NAME=]DIR [--adapter [NAME=]DIR,...] [--port 8000] [--flag value]...";
  }

  @Override
  public List<Flag> flags() {
    List<Flag> flags = new ArrayList<>(List.of(Arguments.CONFIG,
        Flag.of("model", "[NAME=]DIR|maven:G:A:V", null, "the model; its name is what clients ask for"),
        Flag.of("adapter", "[NAME=]DIR,...", null, "adapters on the model, which answer by their own names"),
        Flag.of("registry", "DIR", null, "versions of an adapter: its names (champion) answer, and what they mean is taken up"),
        Flag.toggle("shadow", "with --registry and --log: the challenger answers, too, for the log only"),
        Flag.of("task", String.join("|", TASKS), null, "what the model is for").decidedLater("what its files say"),
        Flag.of("embedder", "[NAME=]DIR|maven:G:A:V", null, "a model for sentence vectors besides"),
        Flag.of("classifier", "[NAME=]DIR", null, "a tuned classifier besides"),
        Flag.of("reranker", "[NAME=]DIR", null, "a model that orders texts by a query besides"),
        Flag.of("chat-template", "FILE", null, "another chat template, in Jinja"),
        Flag.of("key-file", "FILE", null, "holds what clients must send as a bearer token; also the variable HONE_KEY"),
        Flag.of("allow-adapters", "DIR", null, "clients may load and unload the adapters in this directory, by name"),
        Flag.of("monitor-every", "SECONDS", "0", "measure drift of what is logged this often, for /metrics; 0: never"),
        Flag.of("reference", "[NAME=]FILE|DIR", null, "reference.json to compare with; NAME: only answers asked for by it")
            .decidedLater("with --registry the champion's"),
        Flag.of("monitor-days", "N", "7", "how many days of the log are compared"),
        Flag.of("log", "DIR", null, "keep answers and what people say of them (POST /v1/feedback) in files here"),
        Flag.toggle("no-warm-up", "be ready at once; the first answers are slower then")));
    flags.addAll(Flag.of(LogSettings.ALL));
    flags.addAll(Flag.of(ServerSettings.ALL));
    flags.addAll(GenerateCommand.DRAFTS);
    flags.addAll(QuantFlags.ALL);
    return flags;
  }

  /** A name and a directory. */
  private record Named(String name, Path directory) {}

  @Override
  public int run(Arguments arguments, Console console) throws IOException {
    Named model = named(arguments.required("model"), console);
    ServerSettings settings = settings(arguments);
    try (FeedbackLog log = log(arguments); ModelServer server = ModelServer.open(settings);
        Interruption _ = new Interruption(server::close)) {
      console.note("loading " + model.name);
      load(server, arguments, model, console);
      if (arguments.has("embedder")) {
        Named embedder = named(arguments.text("embedder"), console);
        TextEmbedder more = TextEmbedder.load(embedder.directory);
        warmUp(arguments, more::warmUp);
        server.add(embedder.name, more);
      }
      if (arguments.has("classifier")) {
        Named classifier = named(arguments.text("classifier"), console);
        TextClassifier more = TextClassifier.load(classifier.directory, null);
        warmUp(arguments, more::warmUp);
        server.add(classifier.name, more);
      }
      if (arguments.has("reranker")) {
        Named reranker = named(arguments.text("reranker"), console);
        server.add(reranker.name, TextReranker.load(reranker.directory));
      }
      if (arguments.has("allow-adapters")) {
        Path directory = arguments.path("allow-adapters");
        if (!Files.isDirectory(directory)) {
          throw new UserError("--allow-adapters: " + directory + " is not a directory");
        }
        server.allowAdapters(directory);
      }
      if (arguments.has("registry")) {
        server.follow(Registry.existing(arguments.path("registry")), model.name);
      }
      if (arguments.on("shadow") && (log == null || !arguments.has("registry"))) {
        throw new UserError("--shadow needs the --registry with the challenger, and a --log for what it says");
      }
      server.shadow(arguments.on("shadow"));
      server.keep(log);
      watch(server, arguments, model, log);
      server.ready();
      console.note("serving " + model.name + " on " + server.address() + (settings.key().isEmpty() ? "" : ", with a key"));
      server.await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return 0;
  }

  /** Lets the server compare its log with the reference now and then. */
  private static void watch(ModelServer server, Arguments arguments, Named model, FeedbackLog log) throws IOException {
    int every = arguments.integer("monitor-every");
    if (every < 0 || every == 0 && arguments.has("reference")) {
      throw new UserError("--monitor-every must be a number of seconds" + (every < 0 ? ", is " + every
          : " for --reference to be looked at"));
    }
    if (every == 0) {
      return;
    }
    if (log == null || arguments.has("reference") == arguments.has("registry")) {
      throw new UserError("--monitor-every compares a --log with a --reference, or with that of the champion in the --registry");
    }
    TextVectors vectors = log.settings().text() ? TextVectors.load(model.directory) : null;
    int days = arguments.integer("monitor-days");
    if (arguments.has("registry")) {
      server.watch(MonitoredLog.ofChampion(Monitor.USUAL, arguments.path("log"), days, vectors,
          Registry.existing(arguments.path("registry"))), every);
      return;
    }
    String given = arguments.text("reference");
    int equals = given.indexOf('=');
    Path file = Path.of(given.substring(equals + 1));
    MonitorReference reference = MonitorReference.read(Files.isDirectory(file) ? file.resolve(MonitorReference.NAME) : file);
    server.watch(MonitoredLog.of(Monitor.USUAL, arguments.path("log"), days, vectors, reference,
        equals < 0 ? null : given.substring(0, equals)), every);
  }

  /** The log; null without one. */
  private static FeedbackLog log(Arguments arguments) throws IOException {
    LogSettings settings = arguments.settings(LogSettings.ALL);
    if (!arguments.has("log")) {
      if (!settings.equals(LogSettings.DEFAULTS)) {
        throw new UserError("--log-text, --log-days, --log-audit and --log-columns say what a log keeps: give --log DIR, too");
      }
      return null;
    }
    return FeedbackLog.open(arguments.path("log"), settings);
  }

  private static ServerSettings settings(Arguments arguments) throws IOException {
    if (arguments.has("key-file")) {
      String key = Files.readString(arguments.path("key-file")).strip();
      if (key.isEmpty()) { // which would let everybody in
        throw new UserError("--key-file: " + arguments.path("key-file") + " is empty; write the key into it");
      }
      arguments.otherwise("key", key);
    } else if (System.getenv("HONE_KEY") != null) {
      arguments.otherwise("key", System.getenv("HONE_KEY").strip());
    }
    return arguments.settings(ServerSettings.ALL);
  }

  private static void load(ModelServer server, Arguments arguments, Named model, Console console) throws IOException {
    Map<String, Path> adapters = new LinkedHashMap<>();
    for (String each : arguments.list("adapter")) {
      Named adapter = named(each, place -> ModelArgument.adapter(place, console::note));
      if (!AdapterFiles.isAdapter(adapter.directory)) {
        throw new UserError("--adapter: there is no adapter in " + adapter.directory);
      }
      if (adapters.put(adapter.name, adapter.directory) != null || adapter.name.equals(model.name)) {
        throw new UserError("--adapter: two models are called '" + adapter.name + "'; give names, NAME=DIR");
      }
    }
    if (arguments.has("registry")) {
      if (!adapters.isEmpty()) {
        throw new UserError("--registry has the adapters itself: give --adapter or --registry, not both");
      }
      Registry registry = Registry.existing(arguments.path("registry"));
      for (int version : new TreeSet<>(registry.aliases().values())) {
        adapters.put(Registry.adapter(version), registry.directory(version));
      }
      if (adapters.isEmpty()) {
        throw new UserError("--registry: no name means a version in " + arguments.text("registry")
            + " (hone registry add --alias champion)");
      }
    }
    String task = arguments.has("task") ? arguments.text("task") : task(model.directory, adapters);
    switch (task) {
      case "generate" -> {
        TextGenerator generator = TextGenerator.load(model.directory, null, QuantFlags.of(arguments));
        if (arguments.has("chat-template")) {
          generator = generator.withTemplate(Files.readString(arguments.path("chat-template")));
        }
        generator = GenerateCommand.drafting(generator, arguments, console);
        warmUp(arguments, generator::warmUp);
        server.add(model.name, generator);
        for (Map.Entry<String, Path> adapter : adapters.entrySet()) {
          if (arguments.has("chat-template")) { // which is for all of them
            generator.adapters().load(adapter.getKey(), adapter.getValue());
          } else {
            server.addAdapter(model.name, adapter.getKey(), adapter.getValue());
          }
        }
      }
      case "classify" -> {
        TextClassifier classifier = adapters.isEmpty() ? TextClassifier.load(model.directory, null, QuantFlags.of(arguments))
            : TextClassifier.withAdapters(model.directory, adapters);
        warmUp(arguments, classifier::warmUp);
        server.add(model.name, classifier);
      }
      case "embed" -> {
        if (adapters.size() > 1) {
          throw new UserError("--adapter: a model for sentence vectors takes one");
        }
        TextEmbedder embedder = TextEmbedder.load(model.directory, adapters.values().stream().findFirst().orElse(null));
        warmUp(arguments, embedder::warmUp);
        server.add(adapters.isEmpty() ? model.name : adapters.keySet().iterator().next(), embedder);
      }
      default -> throw new UserError("--task must be one of " + String.join(", ", TASKS) + ", is '" + task + "'");
    }
  }

  /** What a model is for: what its adapters were trained for, else what class of transformers its files name. */
  private static String task(Path directory, Map<String, Path> adapters) {
    for (Path adapter : adapters.values()) {
      Task task = AdapterFiles.task(adapter, directory);
      return task == Task.CAUSAL_LM ? "generate" : task == Task.SEQUENCE_CLASSIFICATION ? "classify" : "embed";
    }
    if (Files.isRegularFile(directory.resolve("modules.json"))) {
      return "embed";
    }
    String architectures = ConfigReader.read(directory.resolve("config.json")).tree().path("architectures").toString();
    return architectures.contains("ForSequenceClassification") ? "classify"
        : architectures.contains("CausalLM") || architectures.contains("LMHead") ? "generate" : "embed";
  }

  private static void warmUp(Arguments arguments, Runnable warmUp) {
    if (!arguments.on("no-warm-up")) {
      warmUp.run();
    }
  }

  private static Named named(String argument, Console console) throws IOException {
    return named(argument, place -> ModelArgument.resolve(place, console::note));
  }

  /** Where something is that has a name. */
  private interface Place {
    Path of(String argument) throws IOException;
  }

  private static Named named(String argument, Place where) throws IOException {
    int equals = argument.indexOf('=');
    String place = argument.substring(equals + 1);
    Path directory = where.of(place);
    Path last = directory.toAbsolutePath().normalize().getFileName();
    String usual = place.startsWith("maven:") ? place.split(":")[2] : last == null ? "model" : last.toString();
    return new Named(equals > 0 ? argument.substring(0, equals) : usual, directory);
  }
}
