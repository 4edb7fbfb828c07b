package dev.hone.train.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Conversations as they are written: messages with {@code role} and {@code content}, or with {@code from} and {@code value}
 * (ShareGPT), whose contents are texts or lists of parts. They become messages as chat templates expect them.
 *
 * @param source the file, for messages
 * @param line of the row
 */
record ChatRows(String source, int line) {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final TypeReference<Map<String, Object>> MAP = new TypeReference<>() {};

  private static final String ROLE = "role";
  private static final String CONTENT = "content";
  private static final String CALLS = "tool_calls";
  /** An assistant's message that calls a function and says nothing, as ShareGPT's rows name its speaker. */
  private static final String CALL = "function_call";
  /** Speakers by the names that ShareGPT's rows have for them. */
  private static final Map<String, String> SPEAKERS = Map.ofEntries(Map.entry("human", "user"), Map.entry("user", "user"),
      Map.entry("gpt", "assistant"), Map.entry("assistant", "assistant"), Map.entry("chatgpt", "assistant"),
      Map.entry("bard", "assistant"), Map.entry("bing", "assistant"), Map.entry("model", "assistant"),
      Map.entry("bot", "assistant"), Map.entry("system", "system"), Map.entry("observation", "tool"), Map.entry("tool", "tool"),
      Map.entry("function_response", "tool"), Map.entry(CALL, CALL));

  /**
   * A conversation.
   *
   * @param messages a JSON list of objects
   * @param tools a JSON list of objects, or blank for none
   * @param system what the system says first, or blank for nothing
   */
  Example.Chat chat(String messages, String tools, String system) {
    List<JsonNode> written = objects("messages", messages);
    if (written.isEmpty()) {
      throw fault("messages must be a list of objects with at least one, is " + shortened(messages));
    }
    List<Map<String, Object>> said = new ArrayList<>();
    for (int i = 0; i < written.size(); i++) {
      said.add(message(i + 1, JSON.convertValue(written.get(i), MAP)));
    }
    if (!system.isBlank() && !"system".equals(said.getFirst().get(ROLE))) {
      Map<String, Object> first = new LinkedHashMap<>();
      first.put(ROLE, "system");
      first.put(CONTENT, system);
      said.addFirst(first);
    }
    List<Map<String, Object>> functions = new ArrayList<>();
    for (JsonNode tool : tools.isBlank() ? List.<JsonNode>of() : objects("tools", tools)) {
      functions.add(JSON.convertValue(tool, MAP));
    }
    Example.Chat chat = new Example.Chat(said, functions.isEmpty() ? null : functions);
    try {
      for (int i = 0; i < said.size(); i++) {
        chat.isContext(i);
      }
    } catch (IllegalArgumentException e) {
      throw fault(e.getMessage());
    }
    return chat;
  }

  /** The objects of a list; none where there is a JSON null. */
  private List<JsonNode> objects(String part, String text) {
    JsonNode tree;
    try {
      tree = JSON.readTree(text);
    } catch (JacksonException e) {
      throw new DataException(source, line, part + " is not JSON (" + e.getOriginalMessage() + ")", e);
    }
    List<JsonNode> objects = new ArrayList<>();
    boolean fits = tree.isArray() || tree.isNull();
    for (JsonNode element : tree) {
      fits &= element.isObject();
      objects.add(element);
    }
    if (!fits) {
      throw fault(part + " must be a list of objects" + (part.equals("messages") ? " with at least one" : "") + ", is "
          + shortened(text));
    }
    return objects;
  }

  /** Message {@code number} as templates expect it; its keys keep their order. */
  private Map<String, Object> message(int number, Map<String, Object> written) {
    boolean spoken = !written.containsKey(ROLE) && written.get("from") instanceof String;
    Map<String, Object> message = new LinkedHashMap<>();
    written.forEach((key, value) -> {
      boolean says = key.equals("value") && !written.containsKey(CONTENT);
      message.put(spoken && key.equals("from") ? ROLE : says ? CONTENT : key, value);
    });
    if (!(message.get(ROLE) instanceof String role)) {
      throw fault("message " + number + " has no 'role', only " + shortened(written.keySet().toString())
          + "; a message is {\"role\": \"user\", \"content\": \"...\"} or {\"from\": \"human\", \"value\": \"...\"}");
    }
    if (message.keySet().stream().noneMatch(Example.Chat.SAYING::contains)) {
      throw fault("message " + number + " (" + shortened(role) + ") has no 'content', only "
          + shortened(written.keySet().toString())
          + "; a message is {\"role\": \"user\", \"content\": \"...\"}");
    }
    if (message.get(CONTENT) instanceof List<?> parts) {
      message.put(CONTENT, parts(number, parts));
    }
    if (spoken) {
      speaker(number, role, message);
    }
    return message;
  }

  private void speaker(int number, String said, Map<String, Object> message) {
    String role = SPEAKERS.get(said.strip().toLowerCase(Locale.ROOT));
    if (role == null) {
      throw fault("message " + number + " is from '" + shortened(said) + "', which is none of "
          + String.join(", ", SPEAKERS.keySet().stream().sorted().toList()));
    }
    if (!role.equals(CALL)) {
      message.put(ROLE, role);
      return;
    }
    List<Object> calls = new ArrayList<>();
    try {
      JsonNode call = JSON.valueToTree(message.get(CONTENT));
      call = call.isString() ? JSON.readTree(call.asString()) : call;
      for (JsonNode each : call.isArray() ? call : List.of(call)) {
        if (!each.path("name").isString()) {
          throw fault("message " + number + " is a " + CALL + " without a 'name': " + shortened(each.toString()));
        }
        Map<String, Object> made = new LinkedHashMap<>();
        made.put("type", "function");
        made.put("function", JSON.convertValue(each, MAP));
        calls.add(made);
      }
    } catch (JacksonException e) {
      throw new DataException(source, line, "message " + number + " is a " + CALL + ", and its value is not JSON ("
          + e.getOriginalMessage() + ")", e);
    }
    message.put(ROLE, "assistant");
    message.put(CONTENT, "");
    message.put(CALLS, calls);
  }

  /** Parts as {@code {"type": "text", "text": "..."}}. */
  private List<Object> parts(int number, List<?> written) {
    List<Object> parts = new ArrayList<>();
    for (Object part : written) {
      Map<String, Object> made = new LinkedHashMap<>();
      if (part instanceof Map<?, ?> map) {
        map.forEach((key, value) -> made.put((String) key, value));
        if (!(made.get("text") instanceof String)) {
          made.put("text", made.remove("value"));
        }
      } else {
        made.put("text", part);
      }
      String type = String.valueOf(made.getOrDefault("type", "text"));
      if (!type.endsWith("text") || !(made.get("text") instanceof String)) {
        throw fault("message " + number + " has a part that is no text, " + shortened(JSON.writeValueAsString(part))
            + "; a part is {\"type\": \"text\", \"text\": \"...\"}, other kinds are not learnt: leave such rows out");
      }
      made.put("type", "text");
      parts.add(made);
    }
    return parts;
  }

  private DataException fault(String problem) {
    return new DataException(source, line, problem);
  }

  private static String shortened(String text) {
    return text.length() > 60 ? text.substring(0, 60) + "..." : text;
  }
}
