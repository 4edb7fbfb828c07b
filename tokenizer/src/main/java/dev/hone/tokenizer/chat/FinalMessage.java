package dev.hone.tokenizer.chat;

import dev.hone.tokenizer.chat.ChatTemplateException.Kind;
import dev.hone.tokenizer.chat.jinja.Template;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Renders a conversation whose final message is to be continued: the text must end right after that message's text,
 * wherever the template puts it. So a tag is appended to it, and the rendered text is cut there, as transformers does.
 */
final class FinalMessage {
  private static final String TAG = "CONTINUE_FINAL_MESSAGE_TAG ";

  private FinalMessage() {}

  static String render(ChatTemplate template, List<?> messages, ChatOptions options) {
    String field = options.continueField();
    if (!template.source().contains(field)) {
      throw refused("is set to \"" + field + "\" but this is not an accepted field in the chat_template!");
    }
    Map<String, Object> last = fields(messages.getLast());
    String text = tag(last, field);
    List<Object> tagged = new ArrayList<>(messages);
    tagged.set(tagged.size() - 1, last);
    String rendered = template.renderCut(tagged, options).text();
    int at = rendered.lastIndexOf(TAG.strip());
    if (at < 0 || !rendered.contains(trim(text))) {
      throw refused("is set but the final message does not appear in the chat after applying the chat template! Does the"
          + " template drop parts of it? The message: " + trim(text));
    }
    // A template that trims its messages has taken the tag's space as well, and would take the text's own.
    return rendered.startsWith(TAG, at) ? rendered.substring(0, at) : trimEnd(rendered.substring(0, at));
  }

  /** Appends the tag to the field's text, or to its last part that has one. Returns the text without the tag. */
  private static String tag(Map<String, Object> message, String field) {
    Object value = message.get(field);
    if (value instanceof JsonNode node) {
      value = node.isNull() ? null : node.isString() ? node.stringValue() : node.isArray() ? elements(node) : node;
    }
    switch (value) {
      case null -> throw refused("is set but the final message has no \"" + field + "\" to continue!");
      case String text -> {
        message.put(field, text + TAG);
        return text;
      }
      case List<?> parts -> {
        List<Object> copy = new ArrayList<>(parts);
        for (int i = copy.size() - 1; i >= 0; i--) {
          Map<String, Object> part = fields(copy.get(i));
          Object text = part.get("text") instanceof JsonNode node ? node.stringValue() : part.get("text");
          if (text instanceof String given) {
            part.put("text", given + TAG);
            copy.set(i, part);
            message.put(field, copy);
            return given;
          }
        }
        throw refused("is set but we could not find any text to continue in the final message!");
      }
      default -> throw refused("is set but the final message's \"" + field + "\" is a "
          + value.getClass().getSimpleName() + ", not text!");
    }
  }

  private static List<Object> elements(JsonNode array) {
    List<Object> elements = new ArrayList<>();
    array.forEach(elements::add);
    return elements;
  }

  /** A copy of a message, or part of one, that may be changed. */
  private static Map<String, Object> fields(Object message) {
    Map<String, Object> fields = new LinkedHashMap<>();
    switch (message) {
      case ObjectNode node -> node.properties().forEach(e -> fields.put(e.getKey(), e.getValue()));
      case Map<?, ?> map -> map.forEach((key, value) -> fields.put(String.valueOf(key), value));
      case null, default -> throw refused("needs messages that are objects!");
    }
    return fields;
  }

  private static String trim(String s) {
    int from = 0;
    String end = trimEnd(s);
    while (from < end.length() && isSpace(end.charAt(from))) {
      from++;
    }
    return end.substring(from);
  }

  private static String trimEnd(String s) {
    int to = s.length();
    while (to > 0 && isSpace(s.charAt(to - 1))) {
      to--;
    }
    return s.substring(0, to);
  }

  private static boolean isSpace(char c) {
    return Template.isSpace(c);
  }

  private static ChatTemplateException refused(String why) {
    return ChatTemplateException.of(Kind.CONVERSATION, "continue_final_message " + why);
  }
}
