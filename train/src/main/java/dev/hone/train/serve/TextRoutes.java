package dev.hone.train.serve;

import dev.hone.lora.Adapters;
import dev.hone.nn.generate.StopReason;
import dev.hone.nn.generate.StreamRequest;
import dev.hone.train.encode.LanguageEncoder;
import dev.hone.train.monitor.Answered;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code /v1/chat/completions} and {@code /v1/completions}. */
final class TextRoutes {
  private static final int COMPLETION_TOKENS = 16; // as OpenAI
  private static final long HEARTBEAT_MILLIS = 400; // a client that has left shows at the second write

  private final ModelServer server;

  TextRoutes(ModelServer server) {
    this.server = server;
  }

  /** What is asked for: one answer for each prompt and n. */
  private record Asked(String model, String target, ServedGenerator generator, Adapters.Route route, List<int[]> prompts,
      List<String> echoes,
      List<String> inputs, GenerateOptions options, TextForm form, Map<String, String> metadata) {
    int promptTokens() {
      return prompts.stream().mapToInt(prompt -> prompt.length).sum();
    }

    int choices() {
      return prompts.size() * options.n();
    }

    String echo(int choice) {
      return echoes.isEmpty() ? "" : echoes.get(choice / options.n());
    }
  }

  void chat(HttpCall call, Admission.Place place) throws IOException {
    Fields fields = call.fields();
    String name = ModelServer.model(fields);
    String target = server.target(name);
    ServedGenerator generator = server.generator(target);
    Adapters.Route route = route(generator, name, target);
    responseFormat(fields);
    int[] prompt = ChatPrompt.tokens(fields, generator.encoder(target));
    int context = checked("messages", prompt, generator, route);
    GenerateOptions options = GenerateOptions.read(fields, generator.settings(target), context - prompt.length,
        GenerateOptions.chatLogs(fields), generator.vocabulary(), server.settings());
    boolean tools = fields.has("tools") && !"none".equals(fields.get("tool_choice") == null ? "" : fields.get("tool_choice")
        .asString(""));
    TextForm form = new TextForm.Chat(tools, fields.flag("parallel_tool_calls", true));
    server.unknown(fields);
    answer(call, place, new Asked(name, target, generator, route, List.of(prompt), List.of(), List.of(fields.get("messages")
        .toString()),
        options, form, fields.metadata()));
  }

  /** The way of a text; an adapter may have gone since its name was looked up. */
  private static Adapters.Route route(ServedGenerator generator, String name, String target) {
    Adapters.Route route = generator.route(target);
    if (route == null) {
      throw ApiException.noModel(name, String.join(", ", generator.adapterNames()));
    }
    return route;
  }

  private static void responseFormat(Fields fields) {
    JsonNode format = fields.get("response_format");
    if (format != null && !"text".equals(format.path("type").asString(""))) {
      throw ApiException.unsupported("response_format", "response_format must be {\"type\": \"text\"}: this server does not "
          + "force a form");
    }
  }

  /** What the model takes, if a prompt fits into it. */
  private static int checked(String param, int[] prompt, ServedGenerator generator, Adapters.Route route) {
    int context = generator.context(route);
    if (prompt.length == 0) {
      throw ApiException.bad(param, param + " has no tokens to go on from");
    }
    if (prompt.length >= context) {
      throw ApiException.tooLong(param, prompt.length, context);
    }
    return context;
  }

  void completion(HttpCall call, Admission.Place place) throws IOException {
    Fields fields = call.fields();
    String name = ModelServer.model(fields);
    String target = server.target(name);
    ServedGenerator generator = server.generator(target);
    Adapters.Route route = route(generator, name, target);
    fields.refuse("suffix", "is not offered: the model continues, it does not fill in");
    List<int[]> prompts = prompts(fields, generator.encoder(target), generator.vocabulary());
    prompts.forEach(prompt -> checked("prompt", prompt, generator, route));
    GenerateOptions options = GenerateOptions.read(fields, generator.settings(target), COMPLETION_TOKENS,
        GenerateOptions.completionLogs(fields), generator.vocabulary(), server.settings());
    if (fields.integer("best_of", options.n(), 1, Integer.MAX_VALUE) != options.n()) {
      throw ApiException.unsupported("best_of", "best_of must be n: all answers that are written are given");
    }
    boolean echo = fields.flag("echo", false);
    if (echo && options.logs()) {
      throw ApiException.unsupported("logprobs", "logprobs of the prompt (echo) are not offered");
    }
    if ((long) prompts.size() * options.n() > server.settings().maxChoices()) {
      throw ApiException.bad("prompt", "prompt and n ask for " + (long) prompts.size() * options.n()
          + " answers, a request may have "
          + server.settings().maxChoices());
    }
    List<String> echoes = !echo ? List.of() : fields.get("prompt").isString() ? List.of(fields.get("prompt").asString())
        : echoes(fields.get("prompt"), prompts, generator);
    server.unknown(fields);
    answer(call, place, new Asked(name, target, generator, route, prompts, echoes, inputs(fields.get("prompt"), prompts.size()),
        options,
        new TextForm.Completion(), fields.metadata()));
  }

  /** The prompts as they were given: texts, or token ids as JSON. */
  private static List<String> inputs(JsonNode given, int prompts) {
    List<String> inputs = new ArrayList<>();
    for (int i = 0; i < prompts; i++) {
      JsonNode each = given.isArray() && !given.get(0).isNumber() ? given.get(i) : given;
      inputs.add(each.isString() ? each.asString() : each.toString());
    }
    return inputs;
  }

  private static List<String> echoes(JsonNode given, List<int[]> prompts, ServedGenerator generator) {
    List<String> echoes = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      echoes.add(given.get(i).isString() ? given.get(i).asString() : generator.encoder(generator.name()).tokenizer()
          .decode(prompts.get(i),
          true));
    }
    return echoes;
  }

  /** A text, texts, ids, or lists of ids. */
  private static List<int[]> prompts(Fields fields, LanguageEncoder encoder, int vocabulary) {
    JsonNode given = fields.get("prompt");
    if (given == null) {
      throw ApiException.bad("prompt", "prompt is missing");
    }
    if (given.isString()) {
      return List.of(encoder.prompt(given.asString()));
    }
    if (!given.isArray() || given.isEmpty()) {
      throw ApiException.bad("prompt", "prompt must be a text, token ids, or a list of these");
    }
    if (given.get(0).isNumber()) {
      return List.of(ids(given, vocabulary));
    }
    List<int[]> prompts = new ArrayList<>();
    for (JsonNode each : given) {
      if (!each.isString() && !each.isArray()) {
        throw ApiException.bad("prompt", "prompt has " + Fields.shown(each) + "; it must be texts, or lists of token ids");
      }
      prompts.add(each.isString() ? encoder.prompt(each.asString()) : ids(each, vocabulary));
    }
    return prompts;
  }

  private static int[] ids(JsonNode given, int vocabulary) {
    int[] ids = new int[given.size()];
    for (int i = 0; i < ids.length; i++) {
      JsonNode id = given.get(i);
      if (!id.isIntegralNumber() || !id.canConvertToInt() || id.asInt() < 0 || id.asInt() >= vocabulary) {
        throw ApiException.bad("prompt", "prompt has the token id " + Fields.shown(id) + "; ids are from 0 to "
            + (vocabulary - 1));
      }
      ids[i] = id.asInt();
    }
    return ids;
  }

  // Writing

  private void answer(HttpCall call, Admission.Place place, Asked asked) throws IOException {
    int context = asked.generator.context(asked.route);
    for (int[] prompt : asked.prompts) {
      long extent = Math.min(context, (long) prompt.length + asked.options.settings().maxNewTokens());
      if (extent > asked.generator.streams().room()) {
        throw ApiException.bad("max_tokens", "prompt and answer may come to " + extent + " tokens, this server has room for "
            + asked.generator.streams().room() + " (--cache-tokens)");
      }
      place.need(extent * asked.options.n());
    }
    server.metrics().add("hone_prompt_tokens_total", "", asked.promptTokens());
    LinkedBlockingQueue<Generation.Event> events = new LinkedBlockingQueue<>();
    List<Generation> choices = new ArrayList<>();
    try {
      for (int i = 0; i < asked.choices(); i++) {
        choices.add(begin(asked, i, events));
      }
      new Answer(call, asked, choices, events).write();
    } finally {
      choices.forEach(Generation::cancel);
    }
  }

  private static Generation begin(Asked asked, int i, LinkedBlockingQueue<Generation.Event> events) {
    int[] prompt = asked.prompts.get(i / asked.options.n());
    boolean tools = asked.form instanceof TextForm.Chat(boolean with, boolean _) && with;
    Generation generation = new Generation(i, asked.generator.encoder(asked.model).tokenizer(), prompt, asked.options.settings()
        .stopStrings(),
        !tools, asked.options.logs(), events);
    StreamRequest request = new StreamRequest(asked.route.model(), asked.route.number(), prompt, asked.options.settings(),
        i % asked.options.n(), asked.options.choice());
    try {
      generation.runs(asked.generator.streams().submit(request, generation));
    } catch (IllegalStateException e) {
      throw ApiException.unavailable("the server is stopping");
    }
    return generation;
  }

  /** One choice as far as it is written. */
  private static final class Choice {
    private final StringBuilder text = new StringBuilder();
    private final List<Generation.Entry> entries = new ArrayList<>();
    private int tokens;
    private StopReason reason;
    private boolean opened;
  }

  /** Gathers what the choices of an answer say, and sends it. */
  private final class Answer {
    private final HttpCall call;
    private final Asked asked;
    private final List<Generation> generations;
    private final LinkedBlockingQueue<Generation.Event> events;
    private final List<Choice> choices = new ArrayList<>();
    private final String id;
    private final long created = System.currentTimeMillis() / 1000;
    private long lastToken;

    Answer(HttpCall call, Asked asked, List<Generation> generations, LinkedBlockingQueue<Generation.Event> events) {
      this.call = call;
      this.asked = asked;
      this.generations = generations;
      this.events = events;
      this.id = asked.form.prefix() + call.id();
      generations.forEach(_ -> choices.add(new Choice()));
    }

    void write() throws IOException {
      boolean stream = asked.options.stream();
      int open = choices.size();
      while (open > 0) {
        Generation.Event event = next();
        if (event == null) {
          call.heartbeat(stream);
          continue;
        }
        if (event.failure() != null) {
          throw broken(ModelServer.failure(event.failure()));
        }
        if (event.reason() == StopReason.INTERRUPTED) {
          throw broken(ApiException.unavailable("the server is stopping"));
        }
        take(event);
        open -= event.reason() == null ? 0 : 1;
        if (stream) {
          send(event);
        }
      }
      log();
      if (stream) {
        finish();
      } else {
        call.reply(200, whole());
      }
    }

    /** The next event; null if none came for a while. */
    private Generation.Event next() throws IOException {
      long left = TimeUnit.SECONDS.toMillis(server.settings().deadline()) - call.elapsed() / 1_000_000;
      if (left <= 0) {
        throw broken(ApiException.timeout("the answer took longer than " + server.settings().deadline() + " seconds"));
      }
      try {
        return events.poll(Math.min(left, HEARTBEAT_MILLIS), TimeUnit.MILLISECONDS);
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        throw broken(ApiException.unavailable("the server is stopping"));
      }
    }

    /** An error in a stream that has begun is an event; of an answer in one piece nothing valid may remain. */
    private ApiException broken(ApiException e) throws IOException {
      if (call.hasBegun() && asked.options.stream()) {
        call.event(HttpCall.error(e));
        call.end();
      }
      return e;
    }

    private void take(Generation.Event event) {
      Choice choice = choices.get(event.index());
      long now = System.nanoTime();
      if (lastToken == 0) {
        server.metrics().observe("hone_time_to_first_token_seconds", call.elapsed() / 1e9);
      } else if (event.tokens() > choice.tokens) {
        server.metrics().observe("hone_inter_token_latency_seconds", (now - lastToken) / 1e9);
      }
      lastToken = now;
      server.metrics().add("hone_generation_tokens_total", "", event.tokens() - choice.tokens);
      choice.tokens = event.tokens();
      choice.text.append(event.text());
      choice.entries.addAll(event.entries());
      choice.reason = event.reason();
    }

    private void send(Generation.Event event) throws IOException {
      Choice choice = choices.get(event.index());
      boolean whole = asked.form instanceof TextForm.Chat(boolean tools, boolean _) && tools; // calls are told at the end
      if (!choice.opened) {
        choice.opened = true;
        ObjectNode first = HttpCall.object();
        if (asked.form.opening(first)) {
          chunk(event.index(), first, null);
        }
        String echo = asked.echo(event.index());
        if (!echo.isEmpty()) {
          chunk(event.index(), piece(echo, List.of()), null);
        }
      }
      String text = whole ? event.reason() == null ? "" : choice.text.toString() : event.text();
      if (!text.isEmpty() || !event.entries().isEmpty()) {
        chunk(event.index(), piece(text, event.entries()), null);
      }
      if (event.reason() != null) {
        chunk(event.index(), piece("", List.of()), finish(choice));
      }
    }

    private ObjectNode piece(String text, List<Generation.Entry> entries) {
      ObjectNode piece = HttpCall.object();
      asked.form.piece(piece, text, entries, asked.options.logs() && !entries.isEmpty(), 0);
      return piece;
    }

    private void chunk(int index, ObjectNode choice, String reason) throws IOException {
      ObjectNode root = head(true);
      choice.put("index", index).put("finish_reason", reason);
      root.putArray("choices").add(choice);
      if (asked.options.usage()) {
        root.putNull("usage");
      }
      call.event(root);
    }

    private void finish() throws IOException {
      if (asked.options.usage()) {
        ObjectNode root = head(true);
        root.putArray("choices");
        usage(root);
        call.event(root);
      }
      call.event("[DONE]");
      call.end();
    }

    private String finish(Choice choice) {
      boolean called = asked.form instanceof TextForm.Chat(boolean tools, boolean _) && tools
          && !ToolCalls.in(choice.text.toString()).calls().isEmpty();
      return called ? "tool_calls" : choice.reason == StopReason.LENGTH ? "length" : "stop";
    }

    private ObjectNode head(boolean chunk) {
      return HttpCall.object().put("id", id).put("object", asked.form.object(chunk)).put("created", created).put("model",
          asked.model)
          .put("system_fingerprint", server.fingerprint());
    }

    private ObjectNode whole() {
      ObjectNode root = head(false);
      ArrayNode list = root.putArray("choices");
      for (int i = 0; i < choices.size(); i++) {
        Choice choice = choices.get(i);
        String echo = asked.echo(i);
        ObjectNode json = list.addObject().put("index", i);
        asked.form.choice(json, echo + choice.text, choice.entries, asked.options.logs(), echo.length());
        json.put("finish_reason", finish(choice));
      }
      usage(root);
      return root;
    }

    private void usage(ObjectNode root) {
      int written = choices.stream().mapToInt(choice -> choice.tokens).sum();
      int cached = 0;
      for (int i = 0; i < generations.size(); i += asked.options.n()) {
        cached += generations.get(i).cachedTokens();
      }
      root.putObject("usage").put("prompt_tokens", asked.promptTokens()).put("completion_tokens", written)
          .put("total_tokens", asked.promptTokens() + written).putObject("prompt_tokens_details").put("cached_tokens", cached);
    }

    private void log() {
      long millis = call.elapsed() / 1_000_000;
      for (int i = 0; i < choices.size(); i++) {
        Choice choice = choices.get(i);
        String reason = finish(choice);
        server.metrics().add("hone_request_success_total", Metrics.label("finished_reason", reason), 1);
        int prompt = i / asked.options.n();
        server.log(new Answered(choices.size() == 1 ? id : id + "/" + i, call.time(), asked.form.route(), asked.model,
            asked.target.equals(asked.model) ? "" : asked.target,
            asked.inputs.get(prompt), choice.text.toString(), List.of(), new float[0], asked.prompts.get(prompt).length, -1,
            choice.tokens, millis, reason, asked.metadata));
      }
    }
  }
}
