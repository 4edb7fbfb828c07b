package dev.hone.train.serve;

import dev.hone.tokenizer.chat.ChatOptions;
import dev.hone.tokenizer.chat.ChatTemplateException;
import dev.hone.train.data.Example;
import dev.hone.train.encode.LanguageEncoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Messages of a request, checked, and the tokens that the model's template makes of them. */
final class ChatPrompt {
  private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant", "tool");
  private static final int MAX_TOOLS = 128;

  private ChatPrompt() {}

  /** The tokens of a chat. */
  static int[] tokens(Fields fields, LanguageEncoder encoder) {
    fields.refuse("functions", "is not offered; it became tools");
    fields.refuse("function_call", "is not offered; it became tool_choice");
    fields.refuse("reasoning_effort", "is not offered: what a template can be told goes into chat_template_kwargs");
    if (encoder.templates().isEmpty()) {
      throw ApiException.bad("messages", "the model has no chat template; ask for completions, or start the server with "
          + "--chat-template FILE");
    }
    List<Map<String, Object>> messages = messages(fields.get("messages"));
    boolean going = fields.flag("continue_final_message", false);
    boolean prompt = fields.flag("add_generation_prompt", !going);
    Map<String, Object> variables = variables(fields.get("chat_template_kwargs"));
    List<Map<String, Object>> tools = tools(fields);
    if (going && prompt) {
      throw ApiException.bad("continue_final_message", "continue_final_message and add_generation_prompt exclude each other");
    }
    UnaryOperator<ChatOptions> how = options -> options.withGenerationPrompt(prompt).withContinueFinalMessage(going)
        .withVariables(variables);
    try {
      int[] tokens = encoder.prompt(new Example.Chat(messages, tools), how);
      if (tools != null && Arrays.equals(tokens, encoder.prompt(new Example.Chat(messages, null), how))) {
        throw ApiException.unsupported("tools", "tools: the model's chat template has no place for them");
      }
      return tokens;
    } catch (ChatTemplateException | IllegalArgumentException e) {
      throw ApiException.bad("messages", "the model's chat template does not take these messages: "
          + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
  }

  private static List<Map<String, Object>> messages(JsonNode given) {
    if (given == null || !given.isArray() || given.isEmpty()) {
      throw ApiException.bad("messages", "messages must be a list with at least one message");
    }
    List<Map<String, Object>> messages = new ArrayList<>();
    int i = 0;
    for (JsonNode each : given) {
      messages.add(message(each, "messages[" + i++ + "]"));
    }
    return messages;
  }

  private static Map<String, Object> message(JsonNode given, String at) {
    JsonNode role = given.get("role");
    if (role == null || !role.isString() || !ROLES.contains(role.asString())) {
      throw ApiException.bad("messages", at + ".role must be system, developer, user, assistant or tool");
    }
    boolean developer = role.asString().equals("developer"); // the newer name of the same
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("role", developer ? "system" : role.asString());
    JsonNode calls = given.get("tool_calls");
    boolean called = calls != null && calls.isArray() && !calls.isEmpty();
    message.put("content", content(given.get("content"), called, at));
    for (String name : List.of("name", "tool_call_id")) {
      JsonNode value = given.get(name);
      if (value != null && !value.isNull()) {
        message.put(name, value.asString(""));
      }
    }
    if (called) {
      message.put("tool_calls", calls(calls, at));
    }
    return message;
  }

  private static Object content(JsonNode given, boolean mayLack, String at) {
    if (given == null || given.isNull()) {
      if (!mayLack) {
        throw ApiException.bad("messages", at + ".content is missing");
      }
      return "";
    }
    if (given.isString()) {
      return given.asString();
    }
    if (!given.isArray() || given.isEmpty()) {
      throw ApiException.bad("messages", at + ".content must be a text or a list of parts");
    }
    List<Map<String, Object>> parts = new ArrayList<>();
    for (JsonNode part : given) {
      JsonNode type = part.get("type");
      JsonNode text = part.get("text");
      if (type == null || !"text".equals(type.asString("")) || text == null || !text.isString()) {
        throw ApiException.bad("messages", at + ".content has a part that is no text: only {\"type\": \"text\", \"text\": "
            + "...} is possible");
      }
      parts.add(Map.of("type", "text", "text", text.asString()));
    }
    return parts.size() == 1 ? parts.getFirst().get("text") : parts;
  }

  /** Calls of tools as templates want them: arguments are an object, not its JSON. */
  private static List<Map<String, Object>> calls(JsonNode given, String at) {
    List<Map<String, Object>> calls = new ArrayList<>();
    for (JsonNode call : given) {
      JsonNode function = call.get("function");
      if (function == null || function.get("name") == null) {
        throw ApiException.bad("messages", at + ".tool_calls has a call without function.name");
      }
      JsonNode arguments = function.get("arguments");
      Object values;
      try {
        values = arguments == null || arguments.isNull() ? Map.of()
            : plain(arguments.isString() ? HttpCall.JSON.readTree(arguments.asString()) : arguments);
      } catch (JacksonException _) {
        throw ApiException.bad("messages", at + ".tool_calls has arguments that are not JSON");
      }
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("id", call.path("id").asString(""));
      one.put("type", "function");
      one.put("function", Map.of("name", function.get("name").asString(""), "arguments", values));
      calls.add(one);
    }
    return calls;
  }

  private static List<Map<String, Object>> tools(Fields fields) {
    JsonNode given = fields.get("tools");
    JsonNode choice = fields.get("tool_choice");
    boolean none = choice != null && choice.isString() && choice.asString().equals("none");
    if (choice != null && !none && !(choice.isString() && choice.asString().equals("auto"))) {
      throw ApiException.unsupported("tool_choice", "tool_choice must be auto or none: this server cannot make a model call a "
          + "tool");
    }
    if (given == null || given.isArray() && given.isEmpty()) {
      return null;
    }
    if (!given.isArray() || given.size() > MAX_TOOLS) {
      throw ApiException.bad("tools", "tools must be a list of at most " + MAX_TOOLS + " tools");
    }
    List<Map<String, Object>> tools = new ArrayList<>();
    for (JsonNode tool : given) {
      if (!"function".equals(tool.path("type").asString("")) || !tool.path("function").path("name").isString()) {
        throw ApiException.bad("tools", "a tool is {\"type\": \"function\", \"function\": {\"name\": ...}}");
      }
      tools.add(object(tool));
    }
    return none ? null : tools;
  }

  private static Map<String, Object> variables(JsonNode given) {
    if (given == null) {
      return Map.of();
    }
    if (!given.isObject()) {
      throw ApiException.bad("chat_template_kwargs", "chat_template_kwargs must be an object");
    }
    Map<String, Object> variables = object(given);
    for (String own : List.of("messages", "tools", "documents", "add_generation_prompt")) {
      if (variables.containsKey(own)) {
        throw ApiException.bad("chat_template_kwargs", "chat_template_kwargs must not have " + own);
      }
    }
    return variables;
  }

  private static Map<String, Object> object(JsonNode json) {
    Map<String, Object> map = new LinkedHashMap<>();
    json.properties().forEach(entry -> map.put(entry.getKey(), plain(entry.getValue())));
    return map;
  }

  private static Object plain(JsonNode json) {
    return HttpCall.JSON.treeToValue(json, Object.class);
  }
}
