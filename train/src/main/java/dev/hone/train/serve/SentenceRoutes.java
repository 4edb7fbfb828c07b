package dev.hone.train.serve;

import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.monitor.Answered;
import dev.hone.train.monitor.ShadowReport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Labels and vectors: {@code /v1/classify} and {@code /v1/embeddings}, and the routes of text-embeddings-inference. */
final class SentenceRoutes {
  private static final long HEARTBEAT_MILLIS = 400;

  private final ModelServer server;

  SentenceRoutes(ModelServer server) {
    this.server = server;
  }

  // Vectors

  void embeddings(HttpCall call) throws IOException {
    Fields fields = call.fields();
    fields.withoutEffect("user", "metadata");
    String name = ModelServer.model(fields);
    ServedEmbedder served = server.embedder(name);
    String format = fields.text("encoding_format", "float");
    if (!List.of("float", "base64").contains(format)) {
      throw ApiException.bad("encoding_format", "encoding_format must be float or base64");
    }
    List<String> texts = inputs(fields, "input");
    int[] tokens = embedderTokens(served, texts, fields.flag("truncate", false), "input", 400);
    int dimensions = fields.integer("dimensions", served.embedder().dimensions(), 1, served.embedder().dimensions());
    server.unknown(fields);
    List<float[]> vectors = await(call, served.vectors("", texts));
    ObjectNode root = HttpCall.object().put("object", "list");
    ArrayNode data = root.putArray("data");
    for (int i = 0; i < vectors.size(); i++) {
      float[] vector = shortened(vectors.get(i), dimensions);
      ObjectNode item = data.addObject().put("object", "embedding").put("index", i);
      if (format.equals("base64")) {
        ByteBuffer bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        item.put("embedding", Base64.getEncoder().encodeToString(bytes.array()));
      } else {
        numbers(item.putArray("embedding"), vector);
      }
    }
    root.put("model", name);
    usage(root, tokens);
    log(call, fields, "embeddings", name, texts, tokens);
    call.reply(200, root);
  }

  /** TEI's {@code /embed}. */
  void embed(HttpCall call) throws IOException {
    Fields fields = call.fields();
    ServedEmbedder served = server.embedder(fields.text("model", null));
    List<String> texts = inputs(fields, "inputs");
    int[] tokens = embedderTokens(served, texts, fields.flag("truncate", false), "inputs", 413);
    String prompt = fields.text("prompt_name", "");
    boolean normal = fields.flag("normalize", true);
    if (!normal && served.embedder().pooling().normalize()) {
      throw ApiException.unsupported("normalize", "normalize: the model's own last step gives vectors of length 1");
    }
    int dimensions = fields.integer("dimensions", served.embedder().dimensions(), 1, served.embedder().dimensions());
    String side = fields.text("truncation_direction", "Right");
    if (!side.equalsIgnoreCase("right")) {
      throw ApiException.unsupported("truncation_direction", "truncation_direction must be Right: texts are cut at their end");
    }
    server.unknown(fields);
    List<float[]> vectors;
    try {
      vectors = await(call, served.vectors(prompt, texts));
    } catch (IllegalArgumentException e) {
      throw ApiException.bad("prompt_name", e.getMessage());
    }
    ArrayNode root = HttpCall.JSON.createArrayNode();
    vectors.forEach(vector -> numbers(root.addArray(), normal ? normalized(Arrays.copyOf(vector, dimensions))
        : Arrays.copyOf(vector, dimensions)));
    log(call, fields, "embed", served.name(), texts, tokens);
    call.reply(200, root);
  }

  private int[] embedderTokens(ServedEmbedder served, List<String> texts, boolean cut, String param, int status) {
    int most = served.embedder().maxLength();
    return texts.stream().mapToInt(text -> bounded(served.tokens(text), most, cut, param, status)).toArray();
  }

  /** A text that is longer than the model takes is refused, unless the request says that it may be cut. */
  private static int bounded(int tokens, int most, boolean cut, String param, int status) {
    if (tokens > most && !cut) {
      throw new ApiException(status, "invalid_request_error", param, "context_length_exceeded", param + " has a text of " + tokens
          + " tokens, " + most + " are read; shorten it, or send \"truncate\": true");
    }
    return Math.min(tokens, most);
  }

  /** The beginning of a vector, of length 1 if the whole is. */
  private static float[] shortened(float[] vector, int dimensions) {
    return dimensions == vector.length ? vector : normalized(Arrays.copyOf(vector, dimensions));
  }

  private static float[] normalized(float[] vector) {
    double squares = 0;
    for (float x : vector) {
      squares += (double) x * x;
    }
    double norm = Math.sqrt(squares);
    for (int i = 0; i < vector.length && norm > 0 && Math.abs(norm - 1) > 1e-6; i++) {
      vector[i] = (float) (vector[i] / norm);
    }
    return vector;
  }

  private static void numbers(ArrayNode array, float[] values) {
    for (float value : values) {
      array.add(value);
    }
  }

  // Labels

  void classify(HttpCall call) throws IOException {
    Fields fields = call.fields();
    fields.withoutEffect("user", "metadata");
    String name = ModelServer.model(fields);
    String target = server.target(name);
    ServedClassifier served = server.classifier(target);
    PretrainedModel model = model(served, target);
    List<String> texts = inputs(fields, "input");
    List<int[]> tokens = classifierTokens(served, texts, fields.flag("truncate", false), "input", 400);
    server.unknown(fields);
    List<float[]> logits = await(call, served.logitsOf(model, tokens));
    List<TextClassifier.Prediction> predictions = logits.stream().map(served.classifier()::prediction).toList();
    ObjectNode root = HttpCall.object().put("id", "classify-" + call.id()).put("object", "list")
        .put("created", System.currentTimeMillis() / 1000).put("model", name);
    ArrayNode data = root.putArray("data");
    for (int i = 0; i < predictions.size(); i++) {
      ObjectNode item = data.addObject().put("index", i).put("label", predictions.get(i).label());
      numbers(item.putArray("probs"), predictions.get(i).probabilities());
      item.put("num_classes", predictions.get(i).probabilities().length);
    }
    served.classifier().model().labels().names().forEach(root.putArray("labels")::add);
    int[] counts = tokens.stream().mapToInt(ids -> ids.length).toArray();
    usage(root, counts);
    logLabels(call, fields, "classify", name, target, served, texts, tokens, predictions);
    call.reply(200, root);
    shadow(call, fields, name, served, texts, tokens);
  }

  /** The model of a name; an adapter may have gone since its name was looked up. */
  private static PretrainedModel model(ServedClassifier served, String name) {
    PretrainedModel model = served.model(name);
    if (model == null) {
      throw ApiException.noModel(name, String.join(", ", served.adapterNames()));
    }
    return model;
  }

  private List<int[]> classifierTokens(ServedClassifier served, List<String> texts, boolean cut, String param, int status) {
    int most = served.classifier().maxLength();
    return texts.stream().map(text -> {
      int[] tokens = served.tokens(text);
      bounded(tokens.length, most, cut, param, status);
      return tokens.length > most ? served.cut(text) : tokens;
    }).toList();
  }

  /** TEI's and Hugging Face's {@code /predict}. */
  void predict(HttpCall call) throws IOException {
    Fields fields = call.fields();
    String name = fields.text("model", null);
    String target = server.target(name);
    ServedClassifier served = server.classifier(target);
    PretrainedModel model = model(served, target == null ? served.name() : target);
    JsonNode inputs = fields.get("inputs");
    boolean batch = inputs != null && inputs.isArray() && !inputs.isEmpty() && inputs.get(0).isArray();
    List<String> texts = batch ? batch(inputs) : single(inputs);
    if (texts.size() > server.settings().maxInputs()) {
      throw ApiException.tooLarge("inputs has " + texts.size() + " texts, a request may have " + server.settings().maxInputs());
    }
    Fields parameters = parameters(fields);
    boolean raw = fields.flag("raw_scores", false);
    String function = parameters.text("function_to_apply", raw ? "none" : "");
    int top = parameters.integer("top_k", Integer.MAX_VALUE, 1, Integer.MAX_VALUE);
    List<int[]> tokens = classifierTokens(served, texts, fields.flag("truncate", false), "inputs", 413);
    server.unknown(fields);
    List<float[]> logits = await(call, served.logitsOf(model, tokens));
    ArrayNode root = HttpCall.JSON.createArrayNode();
    Labels labels = served.classifier().model().labels();
    for (float[] row : logits) {
      scores(batch ? root.addArray() : root, labels, scores(served, row, function), top);
    }
    logLabels(call, fields, "predict", name == null ? served.name() : name, target == null ? served.name() : target, served,
        texts,
        tokens,
        logits.stream().map(served.classifier()::prediction).toList());
    call.reply(200, root);
    shadow(call, fields, name, served, texts, tokens);
  }

  private static Fields parameters(Fields fields) {
    JsonNode given = fields.get("parameters");
    if (given != null && !(given instanceof ObjectNode)) {
      throw ApiException.bad("parameters", "parameters must be an object");
    }
    return new Fields(given == null ? HttpCall.object() : (ObjectNode) given);
  }

  private static float[] scores(ServedClassifier served, float[] logits, String function) {
    float[] own = served.classifier().prediction(logits).probabilities();
    boolean several = served.classifier().model().labels().kind() == Labels.Kind.MULTI_LABEL;
    return switch (function) {
      case "" -> own;
      case "none" -> logits;
      case "softmax", "sigmoid" -> {
        if (several != function.equals("sigmoid") || served.classifier().model().labels().kind() == Labels.Kind.REGRESSION) {
          throw ApiException.unsupported("function_to_apply", "function_to_apply: this model's answers are not made by "
              + function);
        }
        yield own;
      }
      default -> throw ApiException.bad("function_to_apply", "function_to_apply must be none, softmax or sigmoid");
    };
  }

  /** Labels, the likeliest first. */
  private static void scores(ArrayNode list, Labels labels, float[] scores, int top) {
    IntStream.range(0, scores.length).boxed().sorted(Comparator.comparingDouble(i -> -scores[i])).limit(top)
        .forEach(i -> list.addObject().put("score", scores[i]).put("label", labels.names().get(i)));
  }

  private static List<String> single(JsonNode inputs) {
    if (inputs != null && inputs.isString()) {
      return List.of(inputs.asString());
    }
    if (inputs != null && inputs.isArray() && inputs.size() == 1 && inputs.get(0).isString()) {
      return List.of(inputs.get(0).asString());
    }
    if (inputs != null && inputs.isArray() && inputs.size() == 2 && inputs.get(0).isString()) {
      throw ApiException.unsupported("inputs", "inputs: [\"a\", \"b\"] is a pair of texts, which this model does not take; "
          + "several "
          + "texts are [[\"a\"], [\"b\"]]");
    }
    throw ApiException.bad("inputs", "inputs must be a text, or a list of lists with one text each");
  }

  private static List<String> batch(JsonNode inputs) {
    List<String> texts = new ArrayList<>();
    for (JsonNode each : inputs) {
      if (!each.isArray()) {
        throw ApiException.bad("inputs", "inputs must be a text, or a list of lists with one text each");
      }
      texts.addAll(single(each));
    }
    return texts;
  }

  // Order

  /** TEI's {@code /rerank}: the best text first. */
  void rerank(HttpCall call) throws IOException {
    Fields fields = call.fields();
    ServedReranker served = server.reranker(fields.text("model", null));
    String query = fields.text("query", null);
    if (query == null) {
      throw ApiException.bad("query", "query is missing");
    }
    List<String> texts = inputs(fields, "texts");
    boolean cut = fields.flag("truncate", false);
    int[] tokens = texts.stream()
        .mapToInt(text -> bounded(served.tokens(query, text), served.maxLength(), cut, "texts", 413)).toArray();
    boolean raw = fields.flag("raw_scores", false);
    boolean told = fields.flag("return_text", false);
    server.unknown(fields);
    List<Float> scores = await(call, served.scores(query, texts));
    ArrayNode root = HttpCall.JSON.createArrayNode();
    IntStream.range(0, scores.size()).boxed().sorted(Comparator.comparingDouble(i -> -scores.get(i))).forEach(i -> {
      double score = raw ? scores.get(i) : 1 / (1 + Math.exp(-scores.get(i)));
      ObjectNode item = root.addObject().put("index", i).put("score", (float) score);
      if (told) {
        item.put("text", texts.get(i));
      }
    });
    log(call, fields, "rerank", served.name(), texts, tokens);
    call.reply(200, root);
  }

  // Both

  private List<String> inputs(Fields fields, String name) {
    JsonNode given = fields.get(name);
    if (given != null && given.isArray() && !given.isEmpty() && (given.get(0).isNumber() || given.get(0).isArray())) {
      throw ApiException.unsupported(name, name + " must be texts: token ids are not read here (with LangChain's "
          + "OpenAIEmbeddings: "
          + "check_embedding_ctx_length=False)");
    }
    if (given == null || given.isArray() && given.isEmpty()) {
      throw ApiException.bad(name, name + " must be a text or a list of at least one text");
    }
    if (given.isArray() && given.size() > server.settings().maxInputs()) {
      throw ApiException.tooLarge(name + " has " + given.size() + " texts, a request may have " + server.settings().maxInputs());
    }
    return fields.texts(name, server.settings().maxInputs());
  }

  /** Results, in their order; a client that leaves meanwhile gives its places free. */
  private <T> List<T> await(HttpCall call, List<CompletableFuture<T>> futures) throws IOException {
    List<T> results = new ArrayList<>();
    try {
      for (CompletableFuture<T> future : futures) {
        results.add(await(call, future));
      }
      return results;
    } finally {
      futures.forEach(future -> future.cancel(false));
    }
  }

  private <T> T await(HttpCall call, CompletableFuture<T> future) throws IOException {
    while (true) {
      if (call.elapsed() > TimeUnit.SECONDS.toNanos(server.settings().deadline())) {
        throw ApiException.timeout("the answer took longer than " + server.settings().deadline() + " seconds");
      }
      try {
        return future.get(HEARTBEAT_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException _) {
        call.heartbeat(false);
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        throw ApiException.unavailable("the server is stopping");
      } catch (ExecutionException e) {
        if (e.getCause() instanceof IllegalArgumentException wrong && !call.hasBegun()) {
          throw wrong;
        }
        throw ModelServer.failure(e.getCause());
      }
    }
  }

  private void usage(ObjectNode root, int[] tokens) {
    int sum = IntStream.of(tokens).sum();
    root.putObject("usage").put("prompt_tokens", sum).put("total_tokens", sum);
    server.metrics().add("hone_prompt_tokens_total", "", sum);
  }

  private void log(HttpCall call, Fields fields, String route, String model, List<String> texts, int[] tokens) {
    for (int i = 0; i < texts.size(); i++) {
      log(call, fields, route, model, "", texts, i, "", List.of(), new float[0], tokens[i], -1);
    }
    server.metrics().add("hone_request_success_total", Metrics.label("finished_reason", "stop"), 1);
  }

  /** Lets a challenger say what it would have answered, for the log only; what goes wrong there is nobody's who asked. */
  private void shadow(HttpCall call, Fields fields, String name, ServedClassifier served, List<String> texts,
      List<int[]> tokens) {
    String challenger = server.shadowOf(name);
    PretrainedModel model = challenger == null ? null : served.model(challenger);
    if (model == null) {
      return;
    }
    List<CompletableFuture<float[]>> futures = served.logitsOf(model, tokens);
    try {
      List<String> labels = served.classifier().model().labels().names();
      for (int i = 0; i < texts.size(); i++) {
        TextClassifier.Prediction said = served.classifier().prediction(futures.get(i).get(server.settings().deadline(),
            TimeUnit.SECONDS));
        String id = (call.path().equals("/predict") ? "predict-" : "classify-") + call.id();
        server.log(new Answered(texts.size() == 1 ? id : id + "/" + i, call.time(), ShadowReport.ROUTE, name, challenger,
            texts.get(i), said.label(), labels, said.probabilities(), tokens.get(i).length,
            served.classifier().countUnknown(tokens.get(i)), 0, call.elapsed() / 1_000_000, "stop", fields.metadata()));
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      server.metrics().add("hone_shadow_failures_total", "", 1);
    } finally {
      futures.forEach(future -> future.cancel(false));
    }
  }

  private void logLabels(HttpCall call, Fields fields, String route, String model, String target, ServedClassifier served,
      List<String> texts,
      List<int[]> tokens, List<TextClassifier.Prediction> predictions) {
    List<String> labels = served.classifier().model().labels().names();
    for (int i = 0; i < texts.size(); i++) {
      log(call, fields, route, model, target.equals(model) ? "" : target, texts, i, predictions.get(i).label(), labels,
          predictions.get(i).probabilities(),
          tokens.get(i).length, served.classifier().countUnknown(tokens.get(i)));
    }
    server.metrics().add("hone_request_success_total", Metrics.label("finished_reason", "stop"), 1);
  }

  private void log(HttpCall call, Fields fields, String route, String model, String version, List<String> texts, int i,
      String output,
      List<String> labels, float[] probabilities, int tokens, int unknown) {
    String id = route + "-" + call.id();
    server.log(new Answered(texts.size() == 1 ? id : id + "/" + i, call.time(), route, model, version, texts.get(i), output,
        labels,
        probabilities, tokens, unknown, 0, call.elapsed() / 1_000_000, "stop", fields.metadata()));
  }
}
