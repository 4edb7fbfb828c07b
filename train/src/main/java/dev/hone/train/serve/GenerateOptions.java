package dev.hone.train.serve;

import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.generate.Sampling;
import dev.hone.nn.generate.StreamRequest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How a request wants its text: what chats and completions have in common.
 *
 * @param settings length, sampling, ends and stop strings
 * @param choice what else decides on tokens
 * @param n answers to each prompt
 * @param stream whether they come piece by piece
 * @param usage whether a stream ends with the numbers of tokens
 * @param logs whether log-probabilities are told
 */
record GenerateOptions(GenerationSettings settings, StreamRequest.Choice choice, int n, boolean stream, boolean usage,
    boolean logs) {
  private static final int MAX_STOPS = 4; // as OpenAI
  private static final int MAX_STOP_LENGTH = 512;
  private static final int MAX_LIKELIEST = 20;
  private static final double PENALTY = 2;
  private static final double BIAS = 100;

  /**
   * Reads a request.
   *
   * @param usual what the model's directory says
   * @param usualTokens the most tokens if the request does not say
   * @param likeliest of so many tokens log-probabilities are told; -1 for none
   */
  static GenerateOptions read(Fields fields, GenerationSettings usual, int usualTokens, int likeliest, int vocabulary,
      ServerSettings limits) {
    fields.withoutEffect("user", "metadata", "store", "service_tier", "verbosity", "safety_identifier", "prompt_cache_key");
    int most = maxTokens(fields, usualTokens, limits.maxNewTokens());
    int least = fields.integer("min_tokens", Math.min(usual.minNewTokens(), most), 0, most);
    List<String> stops = fields.has("stop") ? fields.texts("stop", MAX_STOPS) : usual.stopStrings();
    for (String stop : stops) {
      if (stop.isEmpty() || stop.length() > MAX_STOP_LENGTH) {
        throw ApiException.bad("stop", "stop has a text of " + stop.length() + " characters; from 1 to " + MAX_STOP_LENGTH
            + " are possible");
      }
    }
    Set<Integer> stopTokens = stopTokens(fields, vocabulary);
    StreamRequest.Choice choice = new StreamRequest.Choice(bias(fields, vocabulary),
        fields.number("presence_penalty", 0, -PENALTY, PENALTY), fields.number("frequency_penalty", 0, -PENALTY, PENALTY),
        stopTokens, fields.flag("ignore_eos", false), likeliest);
    GenerationSettings settings = new GenerationSettings(most, least, sampling(fields, usual.sampling()), usual.endTokens(),
        stops);
    boolean stream = fields.flag("stream", false);
    return new GenerateOptions(settings, choice, fields.integer("n", 1, 1, limits.maxChoices()), stream, usage(fields, stream),
        likeliest >= 0);
  }

  private static int maxTokens(Fields fields, int usual, int limit) {
    int old = fields.integer("max_tokens", 0, 1, Integer.MAX_VALUE);
    int now = fields.integer("max_completion_tokens", 0, 1, Integer.MAX_VALUE);
    if (old > 0 && now > 0 && old != now) {
      throw ApiException.bad("max_tokens", "max_tokens and max_completion_tokens are one setting and differ; give one of them");
    }
    int asked = Math.max(old, now);
    if (asked > limit) {
      throw ApiException.bad(old > 0 ? "max_tokens" : "max_completion_tokens", (old > 0 ? "max_tokens" : "max_completion_tokens")
          + " is " + asked + ", this server writes at most " + limit + " tokens (--max-new-tokens)");
    }
    return asked > 0 ? asked : Math.min(usual, limit);
  }

  /** What the model's directory says where it samples, else as the model says: that is what clients of OpenAI expect. */
  private static Sampling sampling(Fields fields, Sampling own) {
    Sampling usual = own.temperature() > 0 ? own : new Sampling(1, 0, 1, 0, own.repetitionPenalty(), 0);
    int topK = fields.integer("top_k", usual.topK(), -1, Integer.MAX_VALUE);
    float topP = fields.number("top_p", usual.topP(), 0, 1);
    float penalty = fields.number("repetition_penalty", usual.repetitionPenalty(), 0, 10);
    if (topP == 0 || penalty == 0) {
      throw ApiException.bad(topP == 0 ? "top_p" : "repetition_penalty", (topP == 0 ? "top_p" : "repetition_penalty")
          + " must be above 0");
    }
    long seed = fields.whole("seed", ThreadLocalRandom.current().nextLong(), Long.MIN_VALUE, Long.MAX_VALUE);
    return new Sampling(fields.number("temperature", usual.temperature(), 0, 2), Math.max(0, topK), topP,
        fields.number("min_p", usual.minP(), 0, 1), penalty, seed);
  }

  private static Map<Integer, Float> bias(Fields fields, int vocabulary) {
    JsonNode given = fields.get("logit_bias");
    Map<Integer, Float> bias = new HashMap<>();
    if (given == null) {
      return bias;
    }
    if (!given.isObject()) {
      throw ApiException.bad("logit_bias", "logit_bias must be an object of token ids and numbers");
    }
    given.properties().forEach(entry -> {
      JsonNode value = entry.getValue();
      if (!entry.getKey().matches("\\d{1,9}") || Integer.parseInt(entry.getKey()) >= vocabulary || !value.isNumber()
          || !(Math.abs(value.asDouble(Double.NaN)) <= BIAS)) {
        throw ApiException.bad("logit_bias", "logit_bias has " + ApiException.shortened(entry.getKey()) + ": "
            + Fields.shown(value)
            + "; ids are from 0 to " + (vocabulary - 1) + ", numbers from -100 to 100");
      }
      bias.put(Integer.parseInt(entry.getKey()), (float) value.asDouble());
    });
    return bias;
  }

  private static Set<Integer> stopTokens(Fields fields, int vocabulary) {
    JsonNode given = fields.get("stop_token_ids");
    Set<Integer> ids = new HashSet<>();
    if (given == null) {
      return ids;
    }
    for (JsonNode id : given) {
      if (!id.isIntegralNumber() || !id.canConvertToInt() || id.asInt() < 0 || id.asInt() >= vocabulary) {
        throw ApiException.bad("stop_token_ids", "stop_token_ids has " + Fields.shown(id) + "; ids are from 0 to "
            + (vocabulary - 1));
      }
      ids.add(id.asInt());
    }
    if (!given.isArray()) {
      throw ApiException.bad("stop_token_ids", "stop_token_ids must be a list of token ids");
    }
    return ids;
  }

  private static boolean usage(Fields fields, boolean stream) {
    JsonNode options = fields.get("stream_options");
    if (options == null) {
      return false;
    }
    if (!stream || !(options instanceof ObjectNode object)) {
      throw ApiException.bad("stream_options", "stream_options is an object for stream: true");
    }
    return new Fields(object).flag("include_usage", false);
  }

  /** How many log-probabilities a chat asks for: -1 for none. */
  static int chatLogs(Fields fields) {
    boolean logs = fields.flag("logprobs", false);
    int top = fields.integer("top_logprobs", -1, 0, MAX_LIKELIEST);
    if (top >= 0 && !logs) {
      throw ApiException.bad("top_logprobs", "top_logprobs needs logprobs: true");
    }
    return logs ? Math.max(0, top) : -1;
  }

  /** How many log-probabilities a completion asks for: -1 for none. */
  static int completionLogs(Fields fields) {
    return fields.integer("logprobs", -1, 0, MAX_LIKELIEST);
  }
}
