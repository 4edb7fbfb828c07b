package dev.hone.train.serve;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * What a model wrote, told apart: calls of tools in the forms that models are trained on, and what it says besides.
 *
 * @param content the text outside of calls
 * @param calls in their order
 */
record ToolCalls(String content, List<Call> calls) {
  private static final Pattern TAGGED = Pattern.compile("<tool_call>(.*?)(?:</tool_call>|\\z)", Pattern.DOTALL);
  private static final String LISTED = "[TOOL_CALLS]";
  private static final String PYTHON = "<|python_tag|>";

  /** A call; {@code arguments} is JSON. */
  record Call(String name, String arguments) {}

  /**
   * Finds {@code <tool_call>{...}</tool_call>} (Qwen, Hermes), {@code [TOOL_CALLS][...]} (Mistral) and an object alone
   * (Llama 3). What does not parse stays text.
   */
  static ToolCalls in(String text) {
    List<Call> calls = new ArrayList<>();
    Matcher tagged = TAGGED.matcher(text);
    StringBuilder rest = new StringBuilder();
    while (tagged.find()) {
      int before = calls.size();
      add(tagged.group(1), calls);
      tagged.appendReplacement(rest, calls.size() > before ? "" : Matcher.quoteReplacement(tagged.group()));
    }
    if (!calls.isEmpty()) {
      return new ToolCalls(tagged.appendTail(rest).toString().strip(), calls);
    }
    int listed = text.indexOf(LISTED);
    if (listed >= 0) {
      add(text.substring(listed + LISTED.length()), calls);
      return calls.isEmpty() ? new ToolCalls(text, calls) : new ToolCalls(text.substring(0, listed).strip(), calls);
    }
    String bare = text.strip();
    bare = bare.startsWith(PYTHON) ? bare.substring(PYTHON.length()) : bare;
    if (bare.startsWith("{") || bare.startsWith("[")) {
      add(bare, calls);
    }
    return calls.isEmpty() ? new ToolCalls(text, calls) : new ToolCalls("", calls);
  }

  private static void add(String json, List<Call> calls) {
    try {
      JsonNode tree = HttpCall.JSON.readTree(json.strip());
      List<Call> found = new ArrayList<>();
      for (JsonNode each : tree.isArray() ? tree : List.of(tree)) {
        JsonNode name = each.get("name");
        JsonNode arguments = each.has("arguments") ? each.get("arguments") : each.get("parameters");
        if (name == null || !name.isString() || arguments == null) {
          return;
        }
        found.add(new Call(name.asString(), arguments.isString() ? arguments.asString()
            : HttpCall.JSON.writeValueAsString(arguments)));
      }
      calls.addAll(found);
    } catch (JacksonException _) {
      // it is text then
    }
  }
}
