package dev.hone.train.serve;

import com.sun.net.httpserver.HttpServer;
import dev.hone.nn.generate.Streams;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.infer.TextEmbedder;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.infer.TextReranker;
import dev.hone.train.monitor.Answered;
import dev.hone.train.monitor.FeedbackLog;
import dev.hone.train.monitor.MonitoredLog;
import dev.hone.train.monitor.Registry;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Answers over HTTP what clients of OpenAI and of text-embeddings-inference ask.
 *
 * {@snippet :
 * try (ModelServer server = ModelServer.open(ServerSettings.onPort(8000))) {
 *   server.add("stories", TextGenerator.load(Path.of("stories260K"), null));
 *   server.add("reviews", TextClassifier.load(Path.of("minilm"), Path.of("out/adapter")));
 *   server.ready(); // until now every request gets 503
 *   server.await();
 * }
 * }
 *
 * <p>Adapters of a generator or classifier ({@link TextGenerator#adapters()}) answer by their own names, and may come and go
 * while
 * the server runs. Each request has a virtual thread; texts of all are written together by {@link Streams}.
 */
public final class ModelServer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ModelServer.class.getName());
  private static final int UNKNOWN_NAMES = 100; // of unknown fields that are logged

  private final ServerSettings settings;
  private final HttpServer http;
  private final ExecutorService threads = Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("hone-request-", 0)
      .factory());
  private final Metrics metrics = new Metrics();
  private final Admission admission;
  private final Map<String, ServedGenerator> generators = new ConcurrentHashMap<>();
  private final Map<String, ServedClassifier> classifiers = new ConcurrentHashMap<>();
  private final Map<String, ServedEmbedder> embedders = new ConcurrentHashMap<>();
  private final Map<String, ServedReranker> rerankers = new ConcurrentHashMap<>();
  private final List<String> order = new ArrayList<>(); // of models, guarded by itself
  private final Set<String> unknown = ConcurrentHashMap.newKeySet();
  private final long created = System.currentTimeMillis() / 1000;
  private final AdapterRoutes adapterRoutes;
  private final ServedVersions versions = new ServedVersions(this);
  private final ServedMonitor monitor = new ServedMonitor();
  private volatile RequestLog log = RequestLog.NONE;
  private volatile FeedbackLog feedback; // null: nothing is kept

  private ModelServer(ServerSettings settings) throws IOException {
    this.settings = settings;
    this.admission = new Admission(settings.maxRequests(), (long) settings.maxQueuedTokens() + settings.cacheTokens());
    this.adapterRoutes = new AdapterRoutes(this);
    describe();
    HttpDefaults.set(settings.deadline());
    InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(settings.host().replaceAll("[\\[\\]]", "")),
        settings.port());
    try {
      http = HttpServer.create(address, 0);
    } catch (IOException e) {
      throw new IOException("serve: cannot listen on " + settings.host() + ":" + settings.port() + ": " + e.getMessage(), e);
    }
    Router router = new Router(this, new TextRoutes(this), new SentenceRoutes(this), adapterRoutes, new FeedbackRoutes(this));
    http.createContext("/", router);
    http.setExecutor(threads);
    http.start();
  }

  /**
   * Begins to listen; requests get 503 until {@link #ready}.
   *
   * @throws IOException if the address cannot be had
   */
  public static ModelServer open(ServerSettings settings) throws IOException {
    return new ModelServer(settings);
  }

  /** Serves a language model by this name. */
  public void add(String name, TextGenerator generator) {
    put(name, generators, n -> new ServedGenerator(n, generator, settings));
  }

  /** Serves a classifier by this name. */
  public void add(String name, TextClassifier classifier) {
    put(name, classifiers, n -> new ServedClassifier(n, classifier));
  }

  /** Serves a model for sentence vectors by this name. */
  public void add(String name, TextEmbedder embedder) {
    put(name, embedders, n -> new ServedEmbedder(n, embedder));
  }

  /**
   * Loads an adapter on a model that is served, in the place of another of this name if there is one; answers that have begun go
   * on
   * with that. A chat template and generation settings in its directory go before the model's.
   *
   * @param model the model's name
   * @param name of the adapter
   * @throws IllegalArgumentException if the model is not there or takes no adapters, or the name is another's
   */
  public void addAdapter(String model, String name, Path directory) throws IOException {
    synchronized (order) {
      if (names().contains(name) && !isAdapter(model, name)) {
        throw new IllegalArgumentException("serve: there is a model '" + name + "' already; give each a name of its own");
      }
    }
    if (generators.get(model) instanceof ServedGenerator served && served.adapters() != null) {
      served.load(name, directory);
    } else if (classifiers.get(model) instanceof ServedClassifier served && served.adapters() != null) {
      served.adapters().replace(name, directory);
    } else {
      throw new IllegalArgumentException("serve: no model '" + model + "' takes adapters here");
    }
  }

  /** Forgets an adapter; answers that have begun go on with it. False if there is none of this name. */
  public boolean removeAdapter(String name) {
    for (ServedGenerator served : generators.values()) {
      if (served.adapterNames().contains(name)) {
        served.unload(name);
        return true;
      }
    }
    for (ServedClassifier served : classifiers.values()) {
      if (served.adapterNames().contains(name)) {
        served.adapters().remove(name);
        return true;
      }
    }
    return false;
  }

  /** The model that adapters are for: the one of this name, or, without one, the only one that takes some. */
  String base(String model) {
    List<String> takes = new ArrayList<>();
    generators.forEach((name, served) -> takes.addAll(served.adapters() == null ? List.of() : List.of(name)));
    classifiers.forEach((name, served) -> takes.addAll(served.adapters() == null ? List.of() : List.of(name)));
    if (model != null && takes.contains(model)) {
      return model;
    }
    if (model != null) {
      throw ApiException.noModel(model, String.join(", ", takes));
    }
    if (takes.size() != 1) {
      throw ApiException.bad("model", takes.isEmpty() ? "no model here takes adapters"
          : "several models take adapters; say which one is meant by model");
    }
    return takes.getFirst();
  }

  boolean isAdapter(String model, String name) {
    return generators.get(model) instanceof ServedGenerator served && served.adapterNames().contains(name)
        || classifiers.get(model) instanceof ServedClassifier other && other.adapterNames().contains(name);
  }

  /** Serves a model that orders texts by this name. */
  public void add(String name, TextReranker reranker) {
    put(name, rerankers, n -> new ServedReranker(n, reranker));
  }

  private <T> void put(String name, Map<String, T> models, Function<String, T> maker) {
    synchronized (order) {
      if (owner(name) != null) {
        throw new IllegalArgumentException("serve: there is a model '" + name + "' already; give each a name of its own");
      }
      models.put(name, maker.apply(name));
      order.add(name);
    }
  }

  /** Lets clients load adapters from the directories in this one, by their names, and unload them; null for no more of it. */
  public void allowAdapters(Path directory) {
    adapterRoutes.allow(directory);
  }

  /** Who is told of answers. */
  public void log(RequestLog other) {
    log = other;
  }

  /** Keeps answers and what people say of them in this log, which stays the caller's to close; null for no more of it. */
  public void keep(FeedbackLog log) {
    feedback = log;
  }

  /** Where answers and opinions are kept; null if they are not. */
  FeedbackLog feedback() {
    return feedback;
  }

  /**
   * Serves what the names of a registry mean, and goes on to what they mean later: a version is loaded, then the name moves to
   * it in
   * one step; answers that have begun go on with the version that they began with.
   *
   * @param model whose adapters the versions are
   * @throws IllegalArgumentException if the model takes no adapters
   * @throws IllegalStateException if a registry is followed already
   */
  public void follow(Registry registry, String model) throws IOException {
    versions.follow(registry, model);
  }

  /**
   * Measures drift of what is logged while the server runs, for {@code /metrics}: at once, and again and again.
   *
   * @param every seconds from the end of one look to the next; what a look costs see {@link MonitoredLog#report}
   */
  public void watch(MonitoredLog log, int every) {
    monitor.watch(log, every);
  }

  /**
   * Lets the registry's challenger classify what the champion is asked, too, after the champion's answer is out: nobody gets
   * what it
   * says, the {@link #keep log} has it.
   */
  public void shadow(boolean on) {
    versions.shadow(on);
  }

  /** The version that is to answer for the log only what is asked of a name; null for none. */
  String shadowOf(String name) {
    return feedback == null ? null : versions.shadow(name);
  }

  /** What a name stands for now: that of a version, or itself; null for null. */
  String target(String name) {
    return versions.target(name);
  }

  /** Lets requests in. */
  public void ready() {
    admission.open();
  }

  /** The port that it listens on. */
  public int port() {
    return http.getAddress().getPort();
  }

  /** Where a browser finds it. */
  public String address() {
    String host = settings.host().contains(":") && !settings.host().startsWith("[") ? "[" + settings.host() + "]"
        : settings.host();
    return "http://" + host + ":" + port();
  }

  /** Waits until the server is closed. */
  public void await() throws InterruptedException {
    while (!threads.awaitTermination(1, TimeUnit.HOURS)) {
      // it runs
    }
  }

  /**
   * Ends the server: nobody comes in any more, what is being answered has {@link ServerSettings#grace} seconds, then streams end
   * with an error event.
   */
  @Override
  public void close() {
    if (threads.isShutdown()) {
      return;
    }
    versions.close();
    monitor.close();
    admission.drain();
    boolean interrupted = false;
    try {
      admission.awaitEmpty(settings.grace());
    } catch (InterruptedException _) {
      interrupted = true;
    }
    generators.values().forEach(ServedGenerator::close);
    classifiers.values().forEach(ServedClassifier::close);
    embedders.values().forEach(ServedEmbedder::close);
    rerankers.values().forEach(ServedReranker::close);
    try {
      admission.awaitEmpty(2);
    } catch (InterruptedException _) {
      interrupted = true;
    }
    http.stop(0);
    threads.shutdownNow();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void describe() {
    metrics.gauge("hone_requests_in_flight", "Requests that are being answered or wait.", admission::requests);
    metrics.gauge("hone_texts_running", "Texts that are being written.", () -> sum(Streams::running));
    metrics.gauge("hone_texts_waiting", "Texts that wait for a place.", () -> sum(Streams::waiting));
    metrics.gauge("hone_cache_tokens_held", "Tokens whose keys and values are held, of texts being written and to share.", () ->
        sum(Streams::held));
    metrics.gauge("hone_cache_tokens", "Tokens that there is room for.", () -> sum(Streams::room));
    metrics.gauge("hone_sentences_waiting", "Texts that wait to be classified or embedded.", () ->
        classifiers.values().stream().mapToInt(ServedClassifier::waiting).sum()
        + embedders.values().stream().mapToInt(ServedEmbedder::waiting).sum());
    metrics.gauge("hone_adapters", "Adapters that are loaded.", () -> generators.values().stream()
        .mapToInt(g -> g.adapterNames().size())
        .sum() + classifiers.values().stream().mapToInt(c -> c.adapterNames().size()).sum());
    metrics.gauges("hone_version", "The version that a name of the registry means.", versions::numbers);
    monitor.describe(metrics);
  }

  private int sum(ToIntFunction<Streams> figure) {
    return generators.values().stream().map(ServedGenerator::streams).mapToInt(figure).sum();
  }

  // For the routes

  ServerSettings settings() {
    return settings;
  }

  Metrics metrics() {
    return metrics;
  }

  Admission admission() {
    return admission;
  }

  /** The name of the model that a request is for. */
  static String model(Fields fields) {
    String name = fields.text("model", null);
    if (name == null) {
      throw ApiException.bad("model", "model is missing; GET /v1/models lists what there is");
    }
    return name;
  }

  ServedGenerator generator(String name) {
    return find(name, generators, (served, n) -> served.name().equals(n) || served.adapterNames().contains(n), "generates text");
  }

  /** The classifier of a name; the first one for null. */
  ServedClassifier classifier(String name) {
    return find(name, classifiers, (served, n) -> served.name().equals(n) || served.adapterNames().contains(n), "classifies");
  }

  /** The embedder of a name; the first one for null. */
  ServedEmbedder embedder(String name) {
    return find(name, embedders, (served, n) -> served.name().equals(n), "embeds");
  }

  /** The reranker of a name; the first one for null. */
  ServedReranker reranker(String name) {
    return find(name, rerankers, (served, n) -> served.name().equals(n), "reranks");
  }

  private <T> T find(String name, Map<String, T> models, BiPredicate<T, String> has, String does) {
    if (models.isEmpty()) {
      throw new ApiException(404, "invalid_request_error", "model", "model_not_found", "no model here " + does + "; there is "
          + String.join(", ", names()));
    }
    synchronized (order) {
      for (String each : order) {
        T served = models.get(each);
        if (served != null && (name == null || has.test(served, name))) {
          return served;
        }
      }
    }
    throw ApiException.noModel(name, String.join(", ", names()));
  }

  /** All names that requests may give, and what each is: its task and the model that an adapter is on. */
  Map<String, String[]> cards() {
    Map<String, String[]> cards = new LinkedHashMap<>();
    synchronized (order) {
      for (String name : order) {
        if (generators.get(name) instanceof ServedGenerator served) {
          cards.put(name, new String[] {"generate", null});
          served.adapterNames().forEach(adapter -> cards.put(adapter, new String[] {"generate", name}));
        } else if (classifiers.get(name) instanceof ServedClassifier served) {
          cards.put(name, new String[] {"classify", null});
          served.adapterNames().forEach(adapter -> cards.put(adapter, new String[] {"classify", name}));
        } else {
          cards.put(name, new String[] {rerankers.containsKey(name) ? "rerank" : "embed", null});
        }
      }
    }
    versions.targets().forEach((name, target) -> {
      if (cards.containsKey(target)) {
        cards.put(name, cards.get(target));
      }
    });
    return cards;
  }

  private Set<String> names() {
    return cards().keySet();
  }

  private String owner(String name) {
    return names().contains(name) ? name : null;
  }

  /** {@code GET /v1/models}, or one of them by its name. */
  ObjectNode models(String name) {
    Map<String, String[]> cards = cards();
    if (name != null) {
      if (!cards.containsKey(name)) {
        throw ApiException.noModel(name, String.join(", ", cards.keySet()));
      }
      return card(name, cards.get(name));
    }
    ObjectNode root = HttpCall.object().put("object", "list");
    ArrayNode data = root.putArray("data");
    cards.forEach((each, what) -> data.add(card(each, what)));
    return root;
  }

  private ObjectNode card(String name, String[] what) {
    String base = what[1] == null ? name : what[1];
    int length = generators.containsKey(base) ? generators.get(base).context(target(name))
        : classifiers.containsKey(base) ? classifiers.get(base).classifier().maxLength()
        : rerankers.containsKey(base) ? rerankers.get(base).maxLength() : embedders.get(base).embedder().maxLength();
    return HttpCall.object().put("id", name).put("object", "model").put("created", created).put("owned_by", "hone").put("root",
        base)
        .put("parent", what[1]).put("max_model_len", length).put("task", what[0]);
  }

  String fingerprint() {
    return "hone-" + Long.toHexString(created);
  }

  /** Counts the fields of a request that nobody knows; each is logged once. */
  void unknown(Fields fields) {
    fields.unknown(name -> {
      metrics.add("hone_unknown_fields_total", "", 1);
      String clean = ApiException.shortened(name);
      if (unknown.size() < UNKNOWN_NAMES && unknown.add(clean)) {
        LOG.log(Level.INFO, "requests have a field that is not known here and changes nothing: " + clean);
      }
    });
  }

  void log(Answered answered) {
    tell(answered, log);
    FeedbackLog kept = feedback;
    if (kept != null) {
      tell(answered, kept::answer);
    }
  }

  private void tell(Answered answered, RequestLog listener) {
    try {
      listener.answered(answered);
    } catch (RuntimeException e) {
      metrics.add("hone_log_failures_total", "", 1);
      LOG.log(Level.WARNING, "an answer could not be logged: " + e.getMessage());
    }
  }

  /** What a failure of ours looks like from outside: no paths, no places in the code. */
  static ApiException failure(Throwable e) {
    if (e instanceof ApiException known) {
      return known;
    }
    LOG.log(Level.ERROR, "a request failed", e);
    return new ApiException(500, "server_error", null, e instanceof OutOfMemoryError ? "out_of_memory" : "internal_error",
        e instanceof OutOfMemoryError ? "out of memory: the request is too large for what the server has" : "the server failed");
  }

  /** Counts an answer. */
  void count(HttpCall call, String route) {
    metrics.add("hone_requests_total", Metrics.label("route", route) + "," + Metrics.label("status",
        Integer.toString(call.status())), 1);
    metrics.observe("hone_request_duration_seconds", call.elapsed() / 1e9);
  }
}
